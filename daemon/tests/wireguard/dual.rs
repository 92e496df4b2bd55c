//! A line of both families, and ends of it that move.

use std::fs;
use std::net::{IpAddr, UdpSocket};
use std::process::Command;

use wgtrace_testbed::{Line, Namespace};

use crate::end::wait_for;

/// Addresses of the left end and of the right.
pub(crate) const V4: [IpAddr; 2] = [Line::LEFT, Line::RIGHT];
/// The same of IPv6.
pub(crate) const V6: [IpAddr; 2] = [v6(1), v6(2)];

/// A line with addresses of both families, on which IPv6 is allowed within tunnels too.
pub(crate) fn line() -> Line {
    let line = Line::new().unwrap();
    for namespace in [&line.left, &line.right] {
        allow_ipv6(namespace);
    }
    for (near, far, [own, other]) in
        [(&line.left, &line.right, V6), (&line.right, &line.left, [V6[1], V6[0]])]
    {
        near.address("eth0", own, 64).unwrap();
        near.neighbour("eth0", other, far.link("eth0").unwrap().mac).unwrap();
    }
    line
}

/// Takes the first of an end's outer addresses away and gives it the second.
pub(crate) fn moves((near, [from, to]): (&Namespace, [IpAddr; 2]), (far, at): (&Namespace, IpAddr)) {
    let prefix = if from.is_ipv4() { 24 } else { 64 };
    let old = format!("{from}/{prefix}");
    let gone = near.run(|| Command::new("ip").args(["address", "del", &old, "dev", "eth0"]).status());
    assert!(gone.unwrap().expect("ip is not installed (Debian: iproute2)").success());
    near.address("eth0", to, prefix).unwrap();
    // Until it is usable another one is sent from, such as the tunnel's own, and the tunnel would lead into itself.
    wait_for("the new address to be usable", || near.run(|| UdpSocket::bind((to, 0))).unwrap().is_ok());
    // Without a last address the device forgets its neighbours.
    near.neighbour("eth0", at, far.link("eth0").unwrap().mac).unwrap();
    far.neighbour("eth0", to, near.link("eth0").unwrap().mac).unwrap();
}

/// On this namespace's `eth0` and on what is made in it later; addresses are used at once.
fn allow_ipv6(namespace: &Namespace) {
    for interfaces in ["default", "eth0"] {
        for (setting, value) in [("accept_dad", "0"), ("router_solicitations", "0"), ("disable_ipv6", "0")] {
            let path = format!("/proc/sys/net/ipv6/conf/{interfaces}/{setting}");
            namespace.run(|| fs::write(&path, value)).unwrap().expect("a kernel with IPv6");
        }
    }
}

const fn v6(host: u16) -> IpAddr {
    IpAddr::V6(std::net::Ipv6Addr::new(0xfd00, 0x77, 0, 0, 0, 0, 0, host))
}
