use super::*;

#[test]
fn ipv4_fragments_are_put_together_at_the_tail() {
    let whole = udp_to(51820, &[&[4, 0, 0, 0], &[7; 60][..]].concat());
    let first = ipv4_with(Protocol::UDP, 0x2000, &whole[..40]);
    let last = ethernet(EtherType::IPV4, &ipv4_with(Protocol::UDP, 5, &whole[40..]));
    let mut chunk = chunk_of(&[(EN10MB, &last), (RAW, &first)]);
    let captured = chunk.bytes.len();
    let (mut dissector, mut out) = (Dissector::new(), Vec::new());
    dissector.dissect(&mut chunk, 0, &mut out);
    assert_eq!(out, []);
    dissector.dissect(&mut chunk, 1, &mut out);
    assert_eq!((out[0].frame, out[0].claimed), (1, 64));
    assert_eq!(out[0].payload, captured + 8..captured + 72);
    assert_eq!(chunk.bytes[out[0].payload.clone()], whole[8..]);
    assert_eq!((dissector.counts().fragments.held, dissector.counts().fragments.completed), (1, 1));
}

#[test]
fn ipv6_fragments_may_start_with_more_extension_headers() {
    let whole = [&[17, 0, 1, 4, 0, 0, 0, 0], udp().as_slice()].concat();
    let head = |offset_more: usize| [&[60, 0], &be(offset_more)[..], &[0, 0, 0, 1]].concat();
    let first = ipv6(Protocol::FRAGMENT, &[head(1), whole[..16].to_vec()].concat());
    let last = ipv6(Protocol::FRAGMENT, &[head(16), whole[16..].to_vec()].concat());
    let (found, counts) = dissect_all(&[(RAW, &first), (RAW, &last)]);
    assert_eq!(found[0].1, KEEPALIVE);
    assert_eq!(counts.fragments.completed, 1);
}

#[test]
fn a_fragmented_tunnel_is_put_together_and_descended() {
    let outer = vxlan(&ethernet(EtherType::IPV6, &ipv6(Protocol::UDP, &udp())));
    let first = ipv4_with(Protocol::UDP, 0x2000, &outer[..48]);
    let last = ipv4_with(Protocol::UDP, 6, &outer[48..]);
    let (found, _) = dissect_all(&[(RAW, &first), (RAW, &last)]);
    assert_eq!(found[0].1, KEEPALIVE);
    assert!(found[0].0.src.is_ipv6());
}

#[test]
fn fragments_in_fragments_in_fragments_are_given_up() {
    // Three levels, of each the tail first: the last frame would complete all.
    let mut frames = Vec::new();
    let mut datagram = udp();
    for level in 0..3 {
        let protocol = if level == 0 { Protocol::UDP } else { Protocol::IPV4 };
        frames.push(ipv4_with(protocol, 2, &datagram[16..]));
        datagram = ipv4_with(protocol, 0x2000, &datagram[..16]);
        frames.last_mut().unwrap()[4] = level;
        datagram[4] = level;
    }
    frames.push(datagram);
    let frames = frames.iter().map(|frame| (RAW, frame.as_slice())).collect::<Vec<_>>();
    let (found, counts) = dissect_all(&frames);
    assert_eq!((found.len(), counts.too_deep, counts.fragments.completed), (0, 1, 2));
}

proptest! {
    #[test]
    fn a_datagram_survives_any_fragmentation(
        payload in proptest::collection::vec(any::<u8>(), 20..500),
        unit in 1..8_usize,
        rotation in 0..64_usize,
        repeat in any::<bool>(),
    ) {
        let whole = udp_to(51820, &payload);
        let count = whole.len().div_ceil(unit * 8);
        let mut frames = whole.chunks(unit * 8).enumerate().map(|(index, part)| {
            let more = if index + 1 < count { 0x2000 } else { 0 };
            ipv4_with(Protocol::UDP, more | u16::try_from(index * unit).unwrap(), part)
        }).collect::<Vec<_>>();
        frames.rotate_left(rotation % count);
        if repeat {
            frames = frames.iter().flat_map(|frame| [frame.clone(), frame.clone()]).collect();
        }
        let frames = frames.iter().map(|frame| (RAW, frame.as_slice())).collect::<Vec<_>>();
        let (found, counts) = dissect_all(&frames);
        prop_assert_eq!(found.len(), if repeat && count == 1 { 2 } else { 1 });
        prop_assert_eq!(&found[0].1, &payload);
        prop_assert_eq!((counts.fragments.overlapping, counts.malformed), (0, 0));
    }
}
