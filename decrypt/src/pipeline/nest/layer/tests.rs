use super::*;

const FROM: [u8; 4] = [10, 0, 1, 203];

/// A message that has the shape of one, and nothing else.
fn message(kind: u8, len: usize) -> Vec<u8> {
    let mut bytes = vec![kind, 0, 0, 0];
    bytes.resize(len, 0x55);
    bytes
}

fn udp(port: u16, payload: &[u8]) -> Vec<u8> {
    let len = u16::try_from(8 + payload.len()).unwrap();
    [&40_000_u16.to_be_bytes()[..], &port.to_be_bytes(), &len.to_be_bytes(), &[0, 0], payload].concat()
}

fn ipv4(protocol: u8, options: &[u8], payload: &[u8]) -> Vec<u8> {
    let len = u16::try_from(20 + options.len() + payload.len()).unwrap().to_be_bytes();
    let words = 0x45 + u8::try_from(options.len() / 4).unwrap();
    let head = [words, 0, len[0], len[1], 0, 0, 0, 0, 64, protocol, 0, 0];
    [&head[..], &FROM, &[10, 0, 2, 194], options, payload].concat()
}

fn ipv6(protocol: u8, payload: &[u8]) -> Vec<u8> {
    let len = u16::try_from(payload.len()).unwrap().to_be_bytes();
    let head = [0x60, 0, 0, 0, len[0], len[1], protocol, 64];
    [&head[..], &[0x20; 16], &[0x21; 16], payload].concat()
}

fn kept(packet: &[u8]) -> Option<Vec<u8>> {
    let mut layer = Layer::default();
    let kept = layer.keep(packet, 3, SessionIndex(7));
    assert_eq!(kept, layer.messages.len() == 1);
    layer.put_behind(100);
    let message = layer.messages.pop()?;
    assert_eq!((message.position, message.carrier, message.behind), (3, SessionIndex(7), 100));
    assert_eq!(message.claimed, message.payload.len());
    Some(layer.bytes[message.payload].to_vec())
}

#[test]
fn all_four_messages_are_found_by_their_shape() {
    for (kind, len) in [(1, 148), (2, 92), (3, 64), (4, 32), (4, 33), (4, 1400)] {
        let message = message(kind, len);
        assert_eq!(kept(&ipv4(17, &[], &udp(51_820, &message))), Some(message.clone()), "{kind}");
        assert_eq!(kept(&ipv6(17, &udp(51_820, &message))), Some(message), "{kind}");
    }
}

#[test]
fn other_datagrams_are_left_alone() {
    for (kind, len) in [(0, 148), (5, 148), (1, 147), (2, 93), (3, 92), (4, 31), (0x45, 1400)] {
        assert_eq!(kept(&ipv4(17, &[], &udp(51_820, &message(kind, len)))), None, "{kind} {len}");
    }
    let mut reserved = message(4, 64);
    reserved[2] = 1;
    assert_eq!(kept(&ipv4(17, &[], &udp(51_820, &reserved))), None);
    assert_eq!(kept(&ipv4(6, &[], &udp(51_820, &message(4, 64)))), None);
    assert_eq!(kept(&[]), None);
    assert_eq!(kept(&[0x45; 27]), None);
}

#[test]
fn options_extension_headers_and_tunnels_are_passed() {
    let message = message(4, 64);
    let datagram = udp(51_820, &message);
    assert_eq!(kept(&ipv4(17, &[1, 1, 1, 1], &datagram)), Some(message.clone()));
    let behind_options = [&[17, 0, 1, 4, 0, 0, 0, 0][..], &datagram].concat();
    assert_eq!(kept(&ipv6(60, &behind_options)), Some(message.clone()));
    assert_eq!(kept(&ipv4(4, &[], &ipv4(17, &[], &datagram))), Some(message.clone()));
    let ethernet = [&[2; 12][..], &[0x08, 0x00], &ipv4(17, &[], &datagram)].concat();
    let vxlan = [&[8, 0, 0, 0, 0, 0, 1, 0][..], &ethernet].concat();
    assert_eq!(kept(&ipv4(17, &[], &udp(8472, &vxlan))), Some(message));
}

proptest::proptest! {
    /// The quick look only spares work: it never hides what dissecting would find.
    #[test]
    fn the_quick_look_agrees_with_dissecting(
        shape in 0..4_u8, protocol in proptest::sample::select(vec![1_u8, 4, 6, 17, 41, 47, 58, 60]),
        port: u16, word in proptest::array::uniform4(0..6_u8), len in 0..200_usize,
    ) {
        let mut payload = word.to_vec();
        payload.resize(len.max(4), 0);
        let datagram = udp(port, &payload);
        let packet = match shape {
            0 => ipv4(protocol, &[], &datagram),
            1 => ipv4(protocol, &[0; 8], &datagram),
            2 => ipv6(protocol, &datagram),
            _ => ipv4(4, &[], &ipv6(17, &datagram)),
        };
        proptest::prop_assert!(message_in(&packet).is_none() || may_carry(&packet));
    }
}
