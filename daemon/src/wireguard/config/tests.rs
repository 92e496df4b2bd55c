use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use proptest::prelude::*;
use wgtrace_decrypt::key::{PresharedKey, PrivateKey, PublicKey};

use super::*;

const KEY: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

fn fault(text: &str) -> String {
    text.parse::<Config>().unwrap_err().to_string()
}

fn config() -> impl Strategy<Value = Config> {
    let addr = prop_oneof![any::<[u8; 4]>().prop_map(IpAddr::from), any::<[u8; 16]>().prop_map(IpAddr::from)];
    let prefix = (addr.clone(), 0..=32_u8).prop_map(|(addr, len)| Prefix::new(addr, len).unwrap());
    let address = (addr.clone(), 0..=32_u8).prop_map(|(addr, len)| InterfaceAddress { addr, len });
    let name = ("[a-z][a-z0-9.-]{0,20}", any::<u16>()).prop_map(|(host, port)| Endpoint::Name { host, port });
    let socket = (addr, any::<u16>()).prop_map(|(addr, port)| Endpoint::Addr(SocketAddr::new(addr, port)));
    let peer = (
        any::<[u8; 32]>(),
        prop::option::of(
            any::<[u8; 32]>()
                .prop_filter("zero is none", |key| *key != [0; 32])
                .prop_map(PresharedKey::from_bytes),
        ),
        prop::option::of(prop_oneof![name, socket]),
        any::<u16>(),
        prop::collection::vec(prefix, 0..4),
    );
    let peer = peer.prop_map(|(key, preshared_key, endpoint, keepalive, allowed_ips)| Peer {
        public_key: PublicKey::from_bytes(key),
        preshared_key,
        endpoint,
        persistent_keepalive: NonZeroU16::new(keepalive),
        allowed_ips,
    });
    let interface = (
        prop::option::of(any::<[u8; 32]>().prop_map(PrivateKey::from_bytes)),
        prop::option::of(any::<u16>()),
        prop::option::of(any::<u32>()),
        prop::collection::vec(address, 0..3),
        prop::option::of(1280..=65535_u16),
    );
    (interface, prop::collection::vec(peer, 0..4)).prop_map(|(interface, peers)| {
        let (private_key, listen_port, fwmark, addresses, mtu) = interface;
        Config { interface: Interface { private_key, listen_port, fwmark, addresses, mtu }, peers }
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(config in config()) {
        prop_assert_eq!(config.expose().parse(), Ok(config));
    }

    #[test]
    fn no_text_is_more_than_a_fault(text in "(\\[Peer\\]|\\[Interface\\]|PublicKey|Endpoint|AllowedIPs|FwMark|=|,|#|\n|[a-z0-9/:.\\[\\]é]){0,60}") {
        let _ = text.parse::<Config>();
    }
}

#[test]
fn names_and_headings_are_read_in_any_case_with_comments_and_blanks() {
    let text = format!(
        "# front\n [interface] # the device\n\tprivatekey={KEY}\r\nLISTENPORT =\t51871\nfwmark= 0x600\n\n[PEER]\n\
         publickey = {KEY} # of somebody\nallowedips = 10.0.0.0/8 , fd00::1\nAllowedIPs=192.0.2.7/24\nAllowedIPs =\n\
         Endpoint = [fe80::1]:7\nPersistentKeepalive = off\nPresharedKey = AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
    );
    let config: Config = text.parse().unwrap();
    assert_eq!(config.interface.private_key, Some(PrivateKey::from_bytes([1; 32])));
    assert_eq!((config.interface.listen_port, config.interface.fwmark), (Some(51871), Some(0x600)));
    let [peer] = config.peers.as_slice() else { panic!("{} peers", config.peers.len()) };
    let networks: Vec<_> = peer.allowed_ips.iter().map(ToString::to_string).collect();
    assert_eq!(networks, ["10.0.0.0/8", "fd00::1/128", "192.0.2.0/24"]);
    assert_eq!(peer.endpoint, Some(Endpoint::Addr("[fe80::1]:7".parse().unwrap())));
    assert_eq!((peer.persistent_keepalive, &peer.preshared_key), (None, &None));
}

#[test]
fn faults_are_told_with_their_place_and_without_keys() {
    assert_eq!(fault("  [Foo]"), "line 1, column 3: unknown section: there are [Interface] and [Peer]");
    assert_eq!(fault("\nMTU = 1"), "line 2, column 1: a setting in front of the first section");
    assert_eq!(fault("[Peer]\n é x"), "line 2, column 2: neither a section nor `Name = value`");
    assert_eq!(
        fault("[Interface]\nDNS = 1.1.1.1"),
        "line 2, column 1: DNS is wg-quick's own: remove it here, and do its work beside the device"
    );
    assert!(
        fault("[Interface]\nPublicKey = x").starts_with("line 2, column 1: no such setting in [Interface]")
    );
    assert!(fault("[Peer]\nPrivateKey = x").starts_with("line 2, column 1: no such setting in [Peer]"));
    assert_eq!(
        fault("[Interface]\nMTU = 1400\nmtu = 1500"),
        "line 3, column 1: MTU is here twice, first in line 2"
    );
    assert_eq!(
        fault("[Peer]\nAllowedIPs = ::/0, 1.2.3.4/33"),
        "line 2, column 20: AllowedIPs: not a network, like 10.0.0.0/24 or fd00::/64"
    );
    assert_eq!(fault("[Interface]\n\n[Peer]\n# none\n"), "line 3, column 1: a [Peer] without PublicKey");
    let between = format!("[Peer]\nEndpoint = a:1\n[Peer]\nPublicKey = {KEY}");
    assert_eq!(fault(&between), "line 1, column 1: a [Peer] without PublicKey");
    assert_eq!(fault("  [Peer]"), "line 1, column 3: a [Peer] without PublicKey");
    let twice = format!("[Peer]\nPublicKey = {KEY}\n[Peer]\nPublicKey = {KEY}");
    assert!(fault(&twice).ends_with("has a [Peer] already, in line 2: put both into one"));
    let near = format!("[Interface]\nPrivateKey = {}", KEY.replace("QE=", "QF="));
    assert!(!fault(&near).contains("AQEB"), "{}", fault(&near));
}

#[test]
fn values_out_of_range_are_refused() {
    for line in [
        "ListenPort = 65536",
        "ListenPort = -1",
        "ListenPort = +1",
        "FwMark = +5",
        "FwMark = 0x1ffffffff",
        "MTU = 1279",
        "MTU = +1400",
        "Address = 10.0.0.1/33",
    ] {
        assert!(format!("[Interface]\n{line}").parse::<Config>().is_err(), "{line}");
    }
    for endpoint in ["1.2.3:4", "::1:80", "host", "host:65536", ":5", "a b:5", "a:+5", "[::1]"] {
        let text = format!("[Peer]\nPublicKey = {KEY}\nEndpoint = {endpoint}");
        assert!(text.parse::<Config>().is_err(), "{endpoint}");
    }
}

#[test]
fn number_with_a_sign_is_no_interval() {
    let text = format!("[Peer]\nPublicKey = {KEY}\nPersistentKeepalive = ");
    assert!(format!("{text}25").parse::<Config>().is_ok());
    assert!(fault(&format!("{text}+25")).starts_with("line 3, column 23: PersistentKeepalive: not a number"));
}

#[test]
fn keys_that_everybody_can_read_are_refused_with_the_way_out() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("wg0.conf");
    fs::write(&path, format!("[Interface]\nPrivateKey = {KEY}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let error = load(&path).unwrap_err().to_string();
    assert!(error.contains("mode 0644") && error.contains("run `chmod 600 "), "{error}");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    assert!(load(&path).is_ok());
    let missing = load(&dir.path().join("none")).unwrap_err();
    assert!(matches!(missing, FileError::Unreadable { kind: std::io::ErrorKind::NotFound, .. }));
}
