use super::*;

/// One frame of each shape that the tests above build.
fn shapes() -> Vec<(LinkType, Vec<u8>)> {
    let v4 = ipv4(Protocol::UDP, &udp());
    let v6 = ipv6(Protocol::HOP_BY_HOP, &[&[17, 0, 5, 2, 0, 0, 1, 0], udp().as_slice()].concat());
    let bridged = ethernet(EtherType::VLAN, &[&[0, 1, 0x86, 0xdd], v6.as_slice()].concat());
    let geneve = [&[1, 0, 0x65, 0x58, 0, 0, 1, 0, 1, 2, 3, 0], bridged.as_slice()].concat();
    vec![
        (EN10MB, bridged.clone()),
        (EN10MB, ethernet(EtherType::MPLS, &[&[0, 2, 1, 64], v4.as_slice()].concat())),
        (
            EN10MB,
            ethernet(EtherType::PPPOE_SESSION, &[&[17, 0, 0, 7, 1, 0, 0, 0x21], v4.as_slice()].concat()),
        ),
        (LinkType(0), [&[2, 0, 0, 0], v4.as_slice()].concat()),
        (LinkType(113), [&[0; 14][..], &[8, 0], &v4].concat()),
        (LinkType(276), [&[8, 0][..], &[0; 18], &v4].concat()),
        (RAW, ipv4(Protocol::UDP, &vxlan(&bridged))),
        (RAW, ipv4(Protocol::UDP, &udp_to(6081, &geneve))),
        (RAW, ipv6(Protocol::GRE, &[&[0x20, 0, 8, 0, 0, 0, 0, 1], v4.as_slice()].concat())),
        (RAW, ipv4_with(Protocol::UDP, 0x2000, &udp())),
        (RAW, ipv6(Protocol::FRAGMENT, &[&[17, 0, 0, 1, 0, 0, 0, 1], udp().as_slice()].concat())),
    ]
}

#[test]
fn every_prefix_of_every_shape_is_survived() {
    for (link, frame) in shapes() {
        for len in 0..=frame.len() {
            for missing in [0, frame.len() - len, 100_000] {
                let mut chunk = chunk_of(&[(link, &frame[..len])]);
                chunk.frames[0].original_len = u32::try_from(len + missing).unwrap();
                let (mut dissector, mut out) = (Dissector::new(), Vec::new());
                dissector.dissect(&mut chunk, 0, &mut out);
                let counts = dissector.counts();
                assert_eq!(counts.frames, counts.datagrams + counts.fruitless());
                for datagram in out {
                    assert!(chunk.bytes.get(datagram.payload.clone()).is_some());
                    assert!(datagram.claimed >= datagram.payload.len());
                }
            }
        }
    }
}

proptest! {
    #[test]
    fn damaged_frames_are_survived_and_counted(
        damages in proptest::collection::vec(
            (any::<prop::sample::Index>(), proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4)),
            0..40,
        ),
    ) {
        let shapes = shapes();
        let mut frames = Vec::new();
        for (which, bytes) in damages {
            let (link, mut frame) = which.get(&shapes).clone();
            for (at, byte) in bytes {
                let at = at.index(frame.len());
                frame[at] = byte;
            }
            frames.push((link, frame));
        }
        let frames = frames.iter().map(|(link, frame)| (*link, frame.as_slice())).collect::<Vec<_>>();
        dissect_all(&frames);
    }

    #[test]
    fn random_bytes_are_survived(
        link in proptest::sample::select(&[0_u16, 1, 9, 12, 51, 101, 108, 113, 228, 276, 999]),
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        dissect_all(&[(LinkType(link), &bytes)]);
        Dissector::bare(&bytes);
    }
}
