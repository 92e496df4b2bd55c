//! Captures as files, in either byte order.

#[derive(Clone, Copy)]
pub(crate) enum Order {
    Little,
    Big,
}

impl Order {
    pub(crate) fn u32(self, value: u32) -> [u8; 4] {
        match self {
            Self::Little => value.to_le_bytes(),
            Self::Big => value.to_be_bytes(),
        }
    }

    pub(crate) fn u16(self, value: u16) -> [u8; 2] {
        match self {
            Self::Little => value.to_le_bytes(),
            Self::Big => value.to_be_bytes(),
        }
    }
}

pub(crate) fn pcap(order: Order, magic: u32, link: u16, frames: &[Vec<u8>]) -> Vec<u8> {
    let mut out = order.u32(magic).to_vec();
    out.extend(order.u16(2));
    out.extend(order.u16(4));
    out.extend([0; 8]);
    out.extend(order.u32(262_144));
    out.extend(order.u32(u32::from(link)));
    for (second, frame) in (1_700_000_000..).zip(frames) {
        out.extend(order.u32(second));
        out.extend(order.u32(7));
        out.extend(order.u32(frame.len() as u32));
        out.extend(order.u32(frame.len() as u32));
        out.extend(frame);
    }
    out
}

pub(crate) fn block(order: Order, kind: u32, body: &[&[u8]]) -> Vec<u8> {
    let mut body = body.concat();
    body.resize(body.len().next_multiple_of(4), 0);
    let len = order.u32(body.len() as u32 + 12);
    [&order.u32(kind)[..], &len, &body, &len].concat()
}

pub(crate) fn section(order: Order) -> Vec<u8> {
    block(order, 0x0a0d_0d0a, &[&order.u32(0x1a2b_3c4d), &order.u16(1), &order.u16(0), &[0xff; 8]])
}

pub(crate) fn interface(order: Order, link: u16, options: &[u8]) -> Vec<u8> {
    block(order, 1, &[&order.u16(link), &[0; 2], &order.u32(0), options])
}

pub(crate) fn enhanced(order: Order, interface: u32, frame: &[u8]) -> Vec<u8> {
    let len = order.u32(frame.len() as u32);
    block(order, 6, &[&order.u32(interface), &order.u32(0x0005_f000), &order.u32(9), &len, &len, frame])
}

pub(crate) fn secrets(order: Order, text: &str) -> Vec<u8> {
    block(order, 10, &[&order.u32(0x5747_4b4c), &order.u32(text.len() as u32), text.as_bytes()])
}

pub(crate) fn pcapng(order: Order, blocks: &[Vec<u8>]) -> Vec<u8> {
    [section(order), blocks.concat()].concat()
}
