//! The socket buffer as a program may see it.
#![expect(unsafe_code, reason = "context fields are read, and helpers called, through a pointer")]

use core::ffi::c_void;
use core::mem::MaybeUninit;

use aya_ebpf::bindings::__sk_buff;
use aya_ebpf::helpers::{
    bpf_ktime_get_boot_ns, bpf_skb_change_type, bpf_skb_load_bytes, bpf_skb_pull_data, bpf_skb_store_bytes,
};
use aya_ebpf::programs::{SkBuffContext, TcContext};
use wgtrace_abi::PacketType;
use wgtrace_bpf::{OutOfBounds, Packet};

/// The packet that a program runs for.
pub(super) struct Skb(*mut __sk_buff);

macro_rules! fields {
    ($($(#[$doc:meta])* $name:ident: $field:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[inline(always)]
        pub(super) fn $name(&self) -> u32 {
            // SAFETY: the program's context. Each field is loaded by itself from a constant offset, which
            // is all that the verifier lets pass.
            unsafe { (&raw const (*self.0).$field).read_volatile() }
        }
    )+};
}

impl Skb {
    /// For helpers.
    #[inline(always)]
    pub(super) fn as_ptr(&self) -> *mut c_void {
        self.0.cast()
    }

    fields! {
        /// Where its first piece begins.
        data: data,
        /// And where that ends.
        data_end: data_end,
        /// Bytes.
        len: len,
        /// Whom the link layer had it for.
        packet_type: pkt_type,
        /// Its mark.
        mark: mark,
        /// `EtherType` in network order.
        protocol: protocol,
        /// Whether there is a tag in the metadata.
        vlan_present: vlan_present,
        /// That tag's control information.
        vlan_tci: vlan_tci,
        /// That tag's `EtherType` in network order.
        vlan_protocol: vlan_proto,
        /// Interface it came in by.
        ingress_ifindex: ingress_ifindex,
        /// Interface it is at.
        ifindex: ifindex,
        /// Flow hash.
        hash: hash,
        /// Payload of a segment of a super-frame.
        gso_size: gso_size,
        /// Segments of a super-frame.
        gso_segs: gso_segs,
    }

    /// Gives it a mark.
    #[inline(always)]
    pub(super) fn set_mark(&self, mark: u32) {
        // SAFETY: the program's context, in which this field may be written.
        unsafe { (&raw mut (*self.0).mark).write_volatile(mark) }
    }

    /// Makes its first bytes its own, so that writing to them cannot fail; whether that could be.
    #[inline(always)]
    pub(super) fn make_writable(&self) -> bool {
        // SAFETY: takes the context and a number. 34 bytes are Ethernet and IPv4, and were read before.
        unsafe { bpf_skb_pull_data(self.0, 34) == 0 }
    }

    /// Writes `N` bytes over its first.
    #[inline(always)]
    pub(super) fn store<const N: usize>(&self, bytes: &[u8; 44]) -> bool {
        const { assert!(N <= 44) };
        #[expect(clippy::cast_possible_truncation, reason = "at most 44")]
        let len = const { N as u32 };
        // SAFETY: there are that many bytes.
        unsafe { bpf_skb_store_bytes(self.0, 0, bytes.as_ptr().cast(), len, 0) == 0 }
    }

    /// Makes it one for this host.
    #[inline(always)]
    pub(super) fn take_in(&self) {
        if self.packet_type() != PacketType::Host as u32 {
            // SAFETY: takes the context and a number.
            let _ = unsafe { bpf_skb_change_type(self.0, PacketType::Host as u32) };
        }
    }

    /// Whether there is a tag in the metadata.
    #[inline(always)]
    pub(super) fn has_vlan_tag(&self) -> bool {
        self.vlan_present() != 0
    }
}

impl From<TcContext> for Skb {
    #[inline(always)]
    fn from(TcContext { skb }: TcContext) -> Self {
        Self(skb.skb)
    }
}

impl From<SkBuffContext> for Skb {
    #[inline(always)]
    fn from(SkBuffContext { skb }: SkBuffContext) -> Self {
        Self(skb.skb)
    }
}

impl Packet for Skb {
    #[inline(always)]
    fn length(&self) -> usize {
        self.len() as usize
    }

    #[inline(always)]
    fn head<const N: usize>(&self) -> Result<[u8; N], OutOfBounds> {
        let (data, end) = (self.data() as usize, self.data_end() as usize);
        if data.wrapping_add(N) > end {
            return self.read(0); // shorter, or in several pieces
        }
        // SAFETY: the packet does not end before. Headers lie at even addresses; a kernel that runs these programs would not
        // mind if they did not.
        Ok(unsafe { core::ptr::with_exposed_provenance::<Even<N>>(data).read() }.0)
    }

    #[inline(always)]
    fn read<const N: usize>(&self, offset: usize) -> Result<[u8; N], OutOfBounds> {
        let offset = u32::try_from(offset).map_err(|_| OutOfBounds)?;
        #[expect(clippy::cast_possible_truncation, reason = "headers are short")]
        let len = N as u32;
        let mut bytes = MaybeUninit::<Aligned<N>>::uninit();
        // SAFETY: the length is that of `bytes`; the packet need not be linear.
        let result =
            unsafe { bpf_skb_load_bytes(self.0.cast_const().cast(), offset, bytes.as_mut_ptr().cast(), len) };
        if result < 0 {
            return Err(OutOfBounds);
        }
        // SAFETY: the helper filled it.
        Ok(unsafe { bytes.assume_init() }.0)
    }
}

/// So that what is in a packet is loaded by two bytes at least.
#[repr(C, align(2))]
struct Even<const N: usize>([u8; N]);

/// So that fields are loaded whole, not byte by byte.
#[repr(C, align(8))]
struct Aligned<const N: usize>([u8; N]);

/// `CLOCK_BOOTTIME` in nanoseconds.
#[inline(always)]
pub(super) fn now() -> u64 {
    // SAFETY: takes nothing.
    unsafe { bpf_ktime_get_boot_ns() }
}
