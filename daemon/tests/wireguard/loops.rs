//! Routes that lead a tunnel's own messages into it.

use std::process::Command;

use wgtrace_testbed::Line;

use crate::dual;
use crate::end::{End, wait_for};
use crate::settings::Pair;
use crate::trickle::{Asker, Trickle};

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn a_tunnel_that_leads_into_itself_does_not_run_away() {
    let line = dual::line();
    let pair = Pair::new(true);
    let (left, _right) = (End::ours(&line.left, &pair.left), End::ours(&line.right, &pair.right));
    let mut trickle = Trickle::new(&line, &pair);
    trickle.ask(Asker::Left);
    // The right end has no address but that within the tunnel: from there it sends, and there the left end answers.
    for args in
        [["address", "del", "10.77.0.2/24", "dev", "eth0"], ["route", "add", "10.77.0.1", "dev", "eth0"]]
    {
        assert!(line.right.run(|| Command::new("ip").args(args).status()).unwrap().unwrap().success());
    }
    line.right.neighbour("eth0", Line::LEFT, line.left.link("eth0").unwrap().mac).unwrap();
    trickle.send(Asker::Right);
    wait_for("the endpoint within the tunnel", || left.shown("endpoints")[1] == "10.9.0.2:51002");

    let sent = || line.left.link(left.name()).unwrap().sent;
    let before = sent();
    for _ in 0..10 {
        trickle.send(Asker::Left);
    }
    // Each of them, and once what it is sealed into.
    wait_for("all to have come back", || sent() >= before + 20);
    left.shown("endpoints");
    assert!(sent() <= before + 25, "{} packets of 10", sent() - before);
}
