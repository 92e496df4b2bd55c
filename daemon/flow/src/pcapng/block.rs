//! Blocks (draft-ietf-opsawg-pcapng, 4), little-endian.

/// An Enhanced Packet Block but for the packet.
#[derive(Debug, Clone, Copy)]
pub(super) struct PacketBlock {
    pub(super) interface: u32,
    /// Nanoseconds since 1970.
    pub(super) time: u64,
    pub(super) flags: u32,
    /// Length of the packet, captured or not, with what is put back into it.
    pub(super) original: u32,
}

impl PacketBlock {
    /// Appends the block; `tag` goes behind the addresses.
    pub(super) fn write(&self, out: &mut Vec<u8>, packet: &[u8], tag: Option<[u8; 4]>, comment: &str) {
        let tagged = tag.and_then(|tag| Some((tag, packet.split_at_checked(ADDRESSES)?)));
        let captured = packet.len().saturating_add(if tagged.is_some() { 4 } else { 0 });
        block(out, ENHANCED_PACKET, |out| {
            let [t0, t1, t2, t3, t4, t5, t6, t7] = self.time.to_le_bytes();
            out.extend_from_slice(&self.interface.to_le_bytes());
            // high half first
            out.extend_from_slice(&[t4, t5, t6, t7, t0, t1, t2, t3]);
            out.extend_from_slice(&length(captured).to_le_bytes());
            out.extend_from_slice(&self.original.max(length(captured)).to_le_bytes());
            match tagged {
                Some((tag, (addresses, rest))) => {
                    out.extend_from_slice(addresses);
                    out.extend_from_slice(&tag);
                    out.extend_from_slice(rest);
                }
                None => out.extend_from_slice(packet),
            }
            pad(out, captured);
            option(out, EPB_FLAGS, &self.flags.to_le_bytes());
            option(out, COMMENT, comment.as_bytes());
            option(out, END, &[]);
        });
    }
}

/// Appends a Section Header Block.
pub(super) fn section(out: &mut Vec<u8>, application: &str) {
    block(out, SECTION_HEADER, |out| {
        out.extend_from_slice(&BYTE_ORDER.to_le_bytes());
        // version 1.0, section of unknown length
        out.extend_from_slice(&[1, 0, 0, 0]);
        out.extend_from_slice(&[0xff; 8]);
        option(out, USER_APPLICATION, application.as_bytes());
        option(out, END, &[]);
    });
}

/// Appends an Interface Description Block: times in nanoseconds, packets of any length.
pub(super) fn interface(out: &mut Vec<u8>, link: u16, name: &str, description: &str) {
    block(out, INTERFACE_DESCRIPTION, |out| {
        out.extend_from_slice(&link.to_le_bytes());
        out.extend_from_slice(&[0; 6]);
        if !name.is_empty() {
            option(out, IF_NAME, name.as_bytes());
        }
        option(out, IF_DESCRIPTION, description.as_bytes());
        option(out, IF_TIME_RESOLUTION, &[9]);
        option(out, END, &[]);
    });
}

fn block(out: &mut Vec<u8>, kind: u32, body: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend_from_slice(&kind.to_le_bytes());
    out.extend_from_slice(&[0; 4]);
    body(out);
    let total = length(out.len().saturating_sub(start).saturating_add(4)).to_le_bytes();
    out.extend_from_slice(&total);
    let place = out.get_mut(start..).and_then(|block| block.get_mut(4..8));
    if let Some(place) = place {
        place.copy_from_slice(&total);
    }
}

fn option(out: &mut Vec<u8>, code: u16, value: &[u8]) {
    // longer ones do not fit their length field
    let value = value.get(..usize::from(u16::MAX)).unwrap_or(value);
    out.extend_from_slice(&code.to_le_bytes());
    out.extend_from_slice(&u16::try_from(value.len()).unwrap_or(u16::MAX).to_le_bytes());
    out.extend_from_slice(value);
    pad(out, value.len());
}

/// Zeroes up to the next multiple of four behind something of `length` bytes.
fn pad(out: &mut Vec<u8>, length: usize) {
    out.resize(out.len().saturating_add(length.wrapping_neg() % 4), 0);
}

/// A block holds one packet, of 64 KiB at most.
fn length(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// Destination and source of an ethernet frame.
const ADDRESSES: usize = 12;
const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const BYTE_ORDER: u32 = 0x1a2b_3c4d;
const INTERFACE_DESCRIPTION: u32 = 1;
const ENHANCED_PACKET: u32 = 6;
const END: u16 = 0;
const COMMENT: u16 = 1;
const USER_APPLICATION: u16 = 4;
const IF_NAME: u16 = 2;
const IF_DESCRIPTION: u16 = 3;
const IF_TIME_RESOLUTION: u16 = 9;
const EPB_FLAGS: u16 = 2;
