use super::*;

#[test]
fn the_ordinary_frame_yields_its_datagram() {
    let mut frame = ethernet(EtherType::IPV4, &ipv4(Protocol::UDP, &udp()));
    frame.extend([0; 6]); // padding behind the IP packet
    let (found, counts) = dissect_all(&[(EN10MB, &frame)]);
    let (datagram, payload) = &found[0];
    assert_eq!(datagram.src, "192.0.2.1:51871".parse().unwrap());
    assert_eq!(datagram.dst, "192.0.2.2:51820".parse().unwrap());
    assert_eq!((datagram.frame, datagram.payload.clone()), (0, 42..74));
    assert_eq!((payload.as_slice(), datagram.claimed), (&KEEPALIVE[..], 32));
    assert_eq!(counts, Counts { frames: 1, datagrams: 1, ..Counts::default() });
}

#[test]
fn every_link_type_leads_to_the_packet() {
    let v4 = ipv4(Protocol::UDP, &udp());
    let v6 = ipv6(Protocol::UDP, &udp());
    for link in [12, 14, 101, 228] {
        assert_keepalive(link, &v4);
    }
    for link in [12, 14, 101, 229] {
        assert_keepalive(link, &v6);
    }
    for link in [0, 108] {
        assert_keepalive(link, &[&[2, 0, 0, 0], v4.as_slice()].concat());
        assert_keepalive(link, &[&[0, 0, 0, 2], v4.as_slice()].concat());
        for family in [10, 24, 28, 30] {
            assert_keepalive(link, &[&[family, 0, 0, 0], v6.as_slice()].concat());
            assert_keepalive(link, &[&[0, 0, 0, family], v6.as_slice()].concat());
        }
    }
    let sll = [0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 8, 0];
    assert_keepalive(113, &[&sll[..], &v4].concat());
    let sll2 = [0x86, 0xdd, 0, 0, 0, 0, 0, 3, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0];
    assert_keepalive(276, &[&sll2[..], &v6].concat());
    for link in [9, 50] {
        assert_keepalive(link, &[&[0xff, 3, 0, 0x21], v4.as_slice()].concat());
        assert_keepalive(link, &[&[0, 0x57], v6.as_slice()].concat());
        assert_keepalive(link, &[&[0x21], v4.as_slice()].concat());
    }
}

#[test]
fn tags_labels_and_sessions_come_off() {
    let v4 = ipv4(Protocol::UDP, &udp());
    for outer in [0x8100, 0x88a8, 0x9100] {
        let stack = [&[0, 100, 0x81, 0, 0, 200, 8, 0], v4.as_slice()].concat();
        assert_keepalive(1, &ethernet(EtherType(outer), &stack));
    }
    let labels = [&[0, 1, 0, 64, 0, 2, 1, 64], v4.as_slice()].concat();
    assert_keepalive(1, &ethernet(EtherType::MPLS, &labels));
    assert_keepalive(1, &ethernet(EtherType::MPLS_UPSTREAM, &labels));
    let session = [&[0x11, 0, 0, 7], &be(v4.len() + 2)[..], &[0, 0x21], &v4].concat();
    assert_keepalive(1, &ethernet(EtherType::PPPOE_SESSION, &session));
    assert_keepalive(51, &session);
}

#[test]
fn options_and_extension_headers_are_walked() {
    let mut options = ipv4(Protocol::UDP, &[&[0x94, 4, 0, 0], udp().as_slice()].concat());
    options[0] = 0x46;
    assert_keepalive(101, &options);
    let chain = [&[60, 0, 5, 2, 0, 0, 1, 0, 17, 0, 1, 4, 0, 0, 0, 0], udp().as_slice()].concat();
    assert_keepalive(101, &ipv6(Protocol::HOP_BY_HOP, &chain));
    let atomic = [&[17, 0, 0, 0, 0, 0, 0, 9], udp().as_slice()].concat();
    assert_keepalive(101, &ipv6(Protocol::FRAGMENT, &atomic));
}

#[test]
fn tunnels_are_descended() {
    let v4 = ipv4(Protocol::UDP, &udp());
    let frame = ethernet(EtherType::IPV4, &v4);
    assert_keepalive(101, &ipv4(Protocol::UDP, &vxlan(&frame)));
    assert_keepalive(
        101,
        &ipv6(Protocol::UDP, &udp_to(8472, &[&[8, 0, 0, 0, 0, 0, 1, 0], frame.as_slice()].concat())),
    );
    let geneve = [&[1, 0, 0x65, 0x58, 0, 0, 1, 0, 1, 2, 3, 0], frame.as_slice()].concat();
    assert_keepalive(101, &ipv4(Protocol::UDP, &udp_to(6081, &geneve)));
    let geneve = [&[0, 0, 8, 0, 0, 0, 1, 0], v4.as_slice()].concat();
    assert_keepalive(101, &ipv4(Protocol::UDP, &udp_to(6081, &geneve)));
    assert_keepalive(101, &ipv4(Protocol::GRE, &[&[0, 0, 8, 0], v4.as_slice()].concat()));
    let keyed = [&[0xb0, 0, 0x65, 0x58, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2], frame.as_slice()].concat();
    assert_keepalive(101, &ipv6(Protocol::GRE, &keyed));
    assert_keepalive(101, &ipv6(Protocol::IPV4, &v4));
    assert_keepalive(101, &ipv4(Protocol::IPV6, &ipv6(Protocol::UDP, &udp())));
}

#[test]
fn wireguard_on_a_tunnel_port_is_a_datagram_like_others() {
    for port in [4789, 8472, 6081] {
        for kind in 1..=4 {
            let mut message = KEEPALIVE;
            message[0] = kind;
            let (found, _) = dissect_all(&[(RAW, &ipv4(Protocol::UDP, &udp_to(port, &message)))]);
            assert_eq!(found[0].1, message);
            assert_eq!(found[0].0.dst.port(), port);
        }
        let (found, _) = dissect_all(&[(RAW, &ipv4(Protocol::UDP, &udp_to(port, &[8, 0])))]);
        assert_eq!(found[0].1, [8, 0]);
    }
}

#[test]
fn nesting_has_an_end() {
    let mut packet = ipv4(Protocol::UDP, &udp());
    for _ in 0..8 {
        packet = ipv4(Protocol::IPV4, &packet);
    }
    assert_keepalive(101, &packet);
    assert_eq!(counts_of(RAW, &ipv4(Protocol::IPV4, &packet)).too_deep, 1);
}

#[test]
fn fruitless_frames_are_counted_by_cause() {
    assert_eq!(counts_of(LinkType(105), &[0; 60]).unsupported_link, [(105, 1)].into());
    assert_eq!(counts_of(EN10MB, &ethernet(EtherType::ARP, &[0; 28])).not_ip, 1);
    assert_eq!(counts_of(EN10MB, &ethernet(EtherType(38), &[0x45; 60])).not_ip, 1);
    assert_eq!(counts_of(RAW, &[0x55; 60]).not_ip, 1);
    assert_eq!(counts_of(RAW, &ipv4(Protocol::TCP, &[0; 20])).not_udp, 1);
    assert_eq!(counts_of(RAW, &ipv4_with(Protocol::TCP, 0x2000, &[0; 24])).not_udp, 1);
    assert_eq!(counts_of(RAW, &ipv6(Protocol::ICMPV6, &[0; 8])).not_udp, 1);
    assert_eq!(counts_of(RAW, &ipv4(Protocol::UDP, &[0, 1, 0, 2, 0, 7, 0, 0])).malformed, 1);
    // The packet itself is too short for a UDP header: that is no cut.
    assert_eq!(counts_of(RAW, &ipv4(Protocol::UDP, &[0, 1, 0, 2])).malformed, 1);
    assert_eq!(counts_of(RAW, &[]).malformed, 1);
}

#[test]
fn a_cut_frame_tells_the_claimed_length() {
    let frame = ethernet(EtherType::IPV4, &ipv4(Protocol::UDP, &udp_to(51820, &[4; 1452])));
    let (found, _) = dissect_all(&[(EN10MB, &frame[..200])]);
    assert_eq!((found[0].1.len(), found[0].0.claimed), (158, 1452));
    let mut chunk = chunk_of(&[(EN10MB, &frame[..40])]);
    chunk.frames[0].original_len = u32::try_from(frame.len()).unwrap();
    let (mut dissector, mut out) = (Dissector::new(), Vec::new());
    dissector.dissect(&mut chunk, 0, &mut out);
    assert_eq!((out.len(), dissector.counts().truncated), (0, 1));
}

#[test]
fn the_udp_length_rules_within_the_ip_length() {
    let with_len = |len: usize| {
        let mut datagram = udp();
        datagram[4..6].copy_from_slice(&be(len));
        let (found, _) = dissect_all(&[(RAW, &ipv4(Protocol::UDP, &datagram))]);
        (found[0].1.len(), found[0].0.claimed)
    };
    assert_eq!(with_len(8), (0, 0));
    assert_eq!(with_len(30), (22, 22));
    assert_eq!(with_len(0), (32, 32));
    assert_eq!(with_len(1000), (32, 32));
}

#[test]
fn ip_lengths_of_zero_leave_it_to_the_frame() {
    let mut packet = ipv4(Protocol::UDP, &udp());
    packet[2..4].fill(0);
    assert_keepalive(101, &packet);
    let mut packet = ipv6(Protocol::UDP, &udp());
    packet[4..6].fill(0);
    assert_keepalive(101, &packet);
    // Cut: what the frame's own length says is missing.
    packet[44..46].fill(0);
    let mut chunk = chunk_of(&[(RAW, &packet[..60])]);
    chunk.frames[0].original_len = 80;
    let mut out = Vec::new();
    Dissector::new().dissect(&mut chunk, 0, &mut out);
    assert_eq!((out[0].payload.clone(), out[0].claimed), (48..60, 32));
}

#[test]
fn a_bare_packet_names_its_payload() {
    let packet = ipv6(Protocol::UDP, &udp());
    let (src, dst, payload, claimed) = Dissector::bare(&packet).unwrap();
    assert_eq!(src, "[2001:db8::1]:51871".parse().unwrap());
    assert_eq!(dst, "[2001:db8::2]:51820".parse().unwrap());
    assert_eq!((payload, claimed), (48..80, 32));
    assert_eq!(Dissector::bare(&ipv4_with(Protocol::UDP, 0x2000, &udp())), None);
    assert_eq!(Dissector::bare(&[]), None);
}

#[test]
fn a_frame_that_is_not_there_yields_nothing() {
    let (mut dissector, mut out) = (Dissector::new(), Vec::new());
    dissector.dissect(&mut Chunk::default(), 3, &mut out);
    assert_eq!((out.len(), dissector.counts()), (0, &Counts::default()));
}

#[test]
fn addresses_are_the_innermost() {
    let inner = ipv4(Protocol::UDP, &udp());
    let (found, _) = dissect_all(&[(RAW, &ipv6(Protocol::IPV4, &inner))]);
    assert_eq!(found[0].0.src.ip(), IpAddr::from(Ipv4Addr::new(192, 0, 2, 1)));
}
