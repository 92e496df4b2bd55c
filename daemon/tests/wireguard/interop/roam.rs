use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::dual;
use crate::end::{End, is_go_wanted, wg};
use crate::settings::Pair;
use crate::trickle::{Asker, Trickle};

/// Another address of the same network.
fn another(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(address) => Ipv4Addr::from_bits(address.to_bits() + 10).into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() + 10).into(),
    }
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn either_end_follows_the_other_that_moves() {
    if !is_go_wanted() {
        return;
    }
    for outer @ [left, right] in [dual::V4, dual::V6] {
        let line = dual::line();
        let pair = Pair::between(left, right, true).dual();
        let (go, ours) = (End::go(&line.right, &pair.right), End::ours(&line.left, &pair.left));
        let mut trickle = Trickle::new(&line, &pair);
        trickle.ask(Asker::Left);
        let handshakes = (ours.latest_handshake(), go.latest_handshake());
        let [new_left, new_right] = outer.map(another);

        dual::moves((&line.left, [left, new_left]), (&line.right, right));
        trickle.ask(Asker::Left);
        assert_eq!(go.shown("endpoints")[1], SocketAddr::new(new_left, 51001).to_string());
        trickle.ask(Asker::Right);

        dual::moves((&line.right, [right, new_right]), (&line.left, new_left));
        // Its releases before 2023 hold on to the address that is gone until they are given a port.
        assert!(wg(&["set", go.name(), "listen-port", "51012"]).status.success());
        trickle.ask(Asker::Right);
        assert_eq!(ours.shown("endpoints")[1], SocketAddr::new(new_right, 51012).to_string());
        trickle.ask(Asker::Left);
        // No other handshake was needed.
        assert_eq!((ours.latest_handshake(), go.latest_handshake()), handshakes);
    }
}
