use super::*;

fn eth0() -> Link {
    Link {
        index: 14,
        name: "eth0".into(),
        other: Some(Other::Elsewhere(15)),
        flags: 0x11043,
        mtu: 1500,
        qdisc: Some("noqueue".into()),
        master: None,
        state: "UP".into(),
        mode: 0,
        group: 0,
        queue: 1000,
        layer: Layer::Ether,
        address: vec![0x42, 0xbf, 0xe8, 0xdf, 0x0c, 0x99],
        broadcast: vec![0xff; 6],
        netns: Some(0),
        kind: Some("veth".into()),
        promiscuity: 0,
        mtus: (68, 65535),
        addrgenmode: Some("eui64"),
        queues: (2, 2),
        gso_max: (65536, 65535),
        addresses: Vec::new(),
    }
}

#[test]
fn a_pods_device_is_the_walkthroughs() {
    assert_eq!(
        eth0().with_addresses(),
        "14: eth0@if15: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP group default qlen 1000\n    \
         link/ether 42:bf:e8:df:0c:99 brd ff:ff:ff:ff:ff:ff link-netnsid 0"
    );
}

#[test]
fn both_ends_here_are_told_by_name_and_a_lower_one_that_is_down() {
    let host = Link {
        index: 4,
        name: "cilium_host".into(),
        other: Some(Other::Here { name: "cilium_net".into(), up: true }),
        flags: 0x110c3,
        netns: None,
        ..eth0()
    };
    let first = |link: &Link| link.with_addresses().lines().next().unwrap().to_owned();
    assert_eq!(
        first(&host),
        "4: cilium_host@cilium_net: <BROADCAST,MULTICAST,NOARP,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP \
         group default qlen 1000"
    );
    let flags = UP | 1 << 1 | 1 << 12;
    let other = Some(Other::Here { name: "cilium_net".into(), up: false });
    let alone = Link { other, flags, state: "LOWERLAYERDOWN".into(), ..host };
    assert!(
        first(&alone).contains("<NO-CARRIER,BROADCAST,MULTICAST,UP,M-DOWN> mtu 1500"),
        "{}",
        first(&alone)
    );
}

/// The walkthrough's, but for what a TUN device is.
#[test]
fn details_name_the_kind_of_device() {
    let tunnel = Link {
        index: 2,
        name: "cilium_wg0".into(),
        other: None,
        flags: 0x110d1,
        mtu: 1420,
        state: "UNKNOWN".into(),
        queue: 0,
        layer: Layer::None,
        address: Vec::new(),
        broadcast: Vec::new(),
        netns: None,
        kind: Some("wireguard".into()),
        mtus: (0, 2_147_483_552),
        addrgenmode: Some("none"),
        queues: (1, 1),
        ..eth0()
    };
    assert_eq!(
        tunnel.with_details(),
        "2: cilium_wg0: <POINTOPOINT,MULTICAST,NOARP,UP,LOWER_UP> mtu 1420 qdisc noqueue state UNKNOWN mode DEFAULT \
         group default\n    link/none promiscuity 0 minmtu 0 maxmtu 2147483552\n    wireguard addrgenmode none \
         numtxqueues 1 numrxqueues 1 gso_max_size 65536 gso_max_segs 65535"
    );
}
