use pcap_file::pcapng::blocks::enhanced_packet::EnhancedPacketBlock;
use pcap_file::pcapng::blocks::interface_description::{
    InterfaceDescriptionBlock, InterfaceDescriptionOption, InterfaceTsResolution,
};
use pcap_file::pcapng::{PcapNgBlock as _, PcapNgReader, PcapNgWriter};
use pcap_file::{DataLink, Endianness};
use proptest::prelude::*;

use super::*;
use crate::capture::MAX_PACKET_LEN;
use crate::capture::order::Order;

/// A file in the making; every method appends a block.
pub(super) struct File {
    pub(super) bytes: Vec<u8>,
    pub(super) boundaries: Vec<usize>,
    order: Order,
}

impl File {
    pub(super) fn new(order: Order) -> Self {
        let mut file = Self { bytes: Vec::new(), boundaries: Vec::new(), order };
        file.section(order);
        file
    }

    fn u16(&self, value: u16) -> [u8; 2] {
        if self.order == Order::Big { value.to_be_bytes() } else { value.to_le_bytes() }
    }

    fn u32(&self, value: u32) -> [u8; 4] {
        if self.order == Order::Big { value.to_be_bytes() } else { value.to_le_bytes() }
    }

    pub(super) fn block(&mut self, kind: u32, body: &[u8]) -> &mut Self {
        self.boundaries.push(self.bytes.len());
        let padded = body.len().next_multiple_of(4);
        let len = self.u32(u32::try_from(padded + 12).unwrap());
        self.bytes.extend(self.u32(kind));
        self.bytes.extend(len);
        self.bytes.extend_from_slice(body);
        self.bytes.resize(self.bytes.len() + padded - body.len(), 0);
        self.bytes.extend(len);
        self
    }

    pub(super) fn section(&mut self, order: Order) -> &mut Self {
        self.order = order;
        let body = [&self.u32(0x1a2b_3c4d)[..], &self.u16(1), &self.u16(0), &[0xff; 8]].concat();
        self.block(0x0a0d_0d0a, &body)
    }

    pub(super) fn interface(&mut self, link: u16, options: &[(u16, &[u8])]) -> &mut Self {
        let mut body = [&self.u16(link)[..], &[0; 2], &self.u32(0)].concat();
        for (code, value) in options {
            body.extend(self.u16(*code));
            body.extend(self.u16(u16::try_from(value.len()).unwrap()));
            body.extend_from_slice(value);
            body.resize(body.len().next_multiple_of(4), 0);
        }
        self.block(1, &body)
    }

    pub(super) fn packet(&mut self, interface: u32, ticks: u64, data: &[u8]) -> &mut Self {
        let len = u32::try_from(data.len()).unwrap();
        let half = |ticks| u32::try_from(ticks).unwrap();
        let fields = [interface, half(ticks >> 32), half(ticks & 0xffff_ffff), len, len];
        let mut body: Vec<u8> = fields.iter().flat_map(|field| self.u32(*field)).collect();
        body.extend_from_slice(data);
        self.block(6, &body)
    }

    fn secrets(&mut self, kind: u32, payload: &[u8]) -> &mut Self {
        let len = u32::try_from(payload.len()).unwrap();
        let body = [&self.u32(kind)[..], &self.u32(len), payload].concat();
        self.block(10, &body)
    }
}

const ORDERS: [Order; 2] = [Order::Little, Order::Big];

#[test]
fn sections_have_their_own_order_and_interfaces() {
    let mut file = File::new(Order::Little);
    file.interface(1, &[(2, b"eth0"), (9, &[9]), (0, b"")]).interface(101, &[(2, b"cilium_wg0")]);
    file.packet(1, 5, b"first").packet(0, 5, b"second");
    file.section(Order::Big).interface(276, &[(2, b"any")]).packet(0, 7, b"third");
    let got = read(&file.bytes);
    let brief: Vec<_> =
        got.frames.iter().map(|f| (f.number, f.time, f.interface, f.link, &f.data[..])).collect();
    assert_eq!(
        brief,
        [(1, 5000, 1, 101, &b"first"[..]), (2, 5, 0, 1, b"second"), (3, 7000, 2, 276, b"third")]
    );
    let names: Vec<_> = got.interfaces.iter().map(|(_, name)| name.as_str()).collect();
    assert_eq!(names, ["eth0", "cilium_wg0", "any"]);
    assert_eq!(got.notes, Notes::default());
}

#[test]
fn interface_clocks_are_obeyed() {
    for order in ORDERS {
        let mut file = File::new(order);
        let offset = |seconds: i64| match order {
            Order::Big => seconds.to_be_bytes(),
            Order::Little => seconds.to_le_bytes(),
        };
        file.interface(1, &[(9, &[3]), (14, &offset(100))])
            .interface(1, &[(9, &[0x8a])])
            .interface(1, &[(9, &[12]), (14, &offset(i64::MIN))])
            .packet(0, 1500, b"milliseconds")
            .packet(1, 1536, b"1/1024 s")
            .packet(2, 1, b"saturates")
            .packet(0, u64::MAX, b"saturates");
        let times: Vec<_> = read(&file.bytes).frames.iter().map(|frame| frame.time).collect();
        assert_eq!(times, [101_500_000_000, 1_500_000_000, i64::MIN, i64::MAX]);
    }
}

#[test]
fn all_packet_blocks_are_packets() {
    for order in ORDERS {
        let mut file = File::new(order);
        file.interface(101, &[]);
        let simple = [&file.u32(6)[..], b"simple"].concat();
        let mut old = [&file.u16(0)[..], &file.u16(9)].concat();
        for field in [0, 3, 3, 90] {
            old.extend(file.u32(field));
        }
        old.extend_from_slice(b"old");
        file.block(3, &simple).block(2, &old).packet(0, 4, b"enhanced");
        let got = read(&file.bytes);
        assert_eq!(data(&got.frames), [&b"simple"[..], b"old", b"enhanced"]);
        assert_eq!((got.frames[0].time, got.frames[1].time, got.frames[1].original_len), (0, 3000, 90));
        assert_eq!(got.notes.untimed.count, 1);
    }
}

#[test]
fn simple_packets_are_cut_at_the_snap_length() {
    let mut file = File::new(Order::Little);
    file.block(1, &[101, 0, 0, 0, 4, 0, 0, 0]).block(3, b"\x0a\0\0\0abcd").packet(0, 0, b"x");
    let frames = read(&file.bytes).frames;
    assert_eq!((&frames[0].data[..], frames[0].original_len), (&b"abcd"[..], 10));
}

#[test]
fn secrets_are_found_before_and_behind_packets() {
    for order in ORDERS {
        let mut file = File::new(order);
        file.secrets(SecretsBlock::WIREGUARD, b"first\n").interface(101, &[]).packet(0, 0, b"x");
        file.secrets(0x544c_534b, b"tls").block(4, b"names").block(0x0bad, b"custom");
        file.secrets(SecretsBlock::WIREGUARD, b"second\n");
        let got = read_with(&file.bytes[..], 16).unwrap();
        let texts: Vec<_> = got.secrets.iter().map(|block| block.payload.as_slice()).collect();
        assert_eq!(texts, [&b"first\n"[..], b"second\n"]);
        assert_eq!((got.notes.foreign_secrets, got.notes.skipped_blocks), (1, 2));
        assert!(!format!("{:?}", got.secrets).contains("first"));
    }
}

#[test]
fn secrets_are_bounded_over_the_whole_file() {
    let mut file = File::new(Order::Little);
    file.interface(101, &[]);
    let large = vec![b'#'; 6 << 20];
    for _ in 0..4 {
        file.secrets(SecretsBlock::WIREGUARD, &large).packet(0, 0, b"x");
    }
    file.packet(0, 0, b"x").packet(0, 0, b"x");
    let got = read(&file.bytes);
    assert_eq!((got.frames.len(), got.secrets.len()), (6, 2));
    assert_eq!((got.notes.oversized.count, got.notes.damaged.count), (2, 0));
}

#[test]
fn long_blocks_without_packets_are_stepped_over() {
    let mut file = File::new(Order::Little);
    file.interface(101, &[]).packet(0, 0, b"one").block(4, &vec![0x41; MAX_PACKET_LEN * 2]);
    file.packet(0, 0, b"two").packet(0, 0, b"three").packet(0, 0, b"four");
    let got = read(&file.bytes);
    assert_eq!(data(&got.frames), [&b"one"[..], b"two", b"three", b"four"]);
    assert_eq!((got.notes.oversized.count, got.notes.damaged.count, got.notes.resync_bytes), (1, 0, 0));
    assert_eq!(got.frames[1].number, 2);
}

#[test]
fn a_damaged_interface_costs_its_own_packets() {
    let mut file = File::new(Order::Little);
    file.interface(1, &[]).block(1, b"shrt").interface(101, &[]);
    file.packet(1, 0, b"lost").packet(2, 0, b"kept").packet(7, 0, b"lost").packet(0, 0, b"kept");
    let got = read(&file.bytes);
    let brief: Vec<_> = got.frames.iter().map(|f| (f.number, f.link, f.interface)).collect();
    assert_eq!(brief, [(2, 101, 1), (4, 1, 0)]);
    assert_eq!((got.notes.without_interface.count, got.notes.damaged.count), (2, 1));

    let mut file = File::new(Order::Little);
    file.interface(1, &[]).interface(50, &[]).interface(101, &[]);
    file.packet(1, 0, b"lost").packet(2, 0, b"kept").packet(0, 0, b"kept");
    let trailer = file.boundaries[3] - 1;
    file.bytes[trailer] ^= 1;
    let links: Vec<_> = read(&file.bytes).frames.iter().map(|frame| frame.link).collect();
    assert_eq!(links, [101, 1]);
}

#[test]
fn bad_options_cost_neither_interface_nor_packet() {
    let mut file = File::new(Order::Little);
    file.interface(101, &[(9, b"wrong length"), (2, b"\xff\xfe"), (0x7777, b"unknown")]);
    let mut body: Vec<u8> = [0_u32, 0, 0, 4, 2].iter().flat_map(|field| field.to_le_bytes()).collect();
    body.extend_from_slice(b"data\x01\0\xff\xff");
    file.block(6, &body);
    body[12] = 200;
    file.block(6, &body);
    let got = read(&file.bytes);
    assert_eq!(data(&got.frames), [&b"data"[..], b"data\x01\0\xff\xff"]);
    assert_eq!((got.notes.invalid_fields.count, got.notes.clamped.count), (2, 1));
    assert_eq!(got.interfaces, [(101, "\u{fffd}\u{fffd}".to_owned())]);
}

#[test]
fn interfaces_are_bounded() {
    let mut file = File::new(Order::Little);
    for _ in 0..20_000 {
        file.interface(1, &[]);
    }
    file.packet(0, 0, b"x").packet(19_000, 0, b"y");
    let got = read(&file.bytes);
    assert_eq!((got.frames.len(), got.interfaces.len()), (1, 16_384));
    assert_eq!(got.notes.refused_interfaces.count, 20_000 - 16_384);
}

proptest! {
    #[test]
    fn any_file_reads_as_another_reader_reads_it(
        lens in prop::collection::vec(0_usize..3000, 0..60), big: bool, chunk_len in 1_usize..5000,
    ) {
        let endianness = if big { Endianness::Big } else { Endianness::Little };
        let mut writer = PcapNgWriter::with_endianness(Vec::new(), endianness).unwrap();
        let mut interface = InterfaceDescriptionBlock::new(DataLink::RAW, 0);
        interface.options.push(InterfaceDescriptionOption::IfTsResol(InterfaceTsResolution::NANO));
        writer.write_pcapng_block(interface).unwrap();
        for (len, seed) in lens.iter().zip(1_u64..) {
            let packet = EnhancedPacketBlock {
                interface_id: 0,
                timestamp: std::time::Duration::from_nanos(seed << 40),
                original_len: u32::try_from(*len).unwrap() + 1,
                data: noise(seed, *len).into(),
                options: Vec::new(),
            };
            writer.write_block(&packet.into_block()).unwrap();
        }
        let file = writer.into_inner();
        let got = read_with(&file[..], chunk_len).unwrap();
        let mut model = PcapNgReader::new(&file[..]).unwrap();
        let mut frames = got.frames.iter();
        while let Some(block) = model.next_block() {
            let Some(packet) = block.unwrap().0.into_enhanced_packet() else { continue };
            let frame = frames.next().unwrap();
            prop_assert_eq!(&frame.data[..], &packet.data[..]);
            prop_assert_eq!(i128::from(frame.time), packet.timestamp.as_nanos().cast_signed());
            prop_assert_eq!(frame.original_len, packet.original_len);
        }
        prop_assert!(frames.next().is_none());
        prop_assert_eq!(got.notes, Notes::default());
        prop_assert_eq!(read_with(Trickle(&file, false), chunk_len).unwrap().frames, got.frames);
    }
}
