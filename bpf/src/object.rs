/// The programs and their maps: an ELF object for any kernel from 5.10 on, its start aligned as loaders need.
pub static OBJECT: &[u8] = &ALIGNED.bytes;

/// Read-only global of the object that holds an empty [`PacketEvent`](wgtrace_abi::PacketEvent): its version
/// is that of the programs.
pub const BLANK_EVENT: &str = "BLANK_EVENT";

#[repr(C, align(8))]
struct Aligned<const N: usize> {
    bytes: [u8; N],
}

static ALIGNED: Aligned<{ include_bytes!("../prebuilt/wgtrace.bpf.o").len() }> =
    Aligned { bytes: *include_bytes!("../prebuilt/wgtrace.bpf.o") };
