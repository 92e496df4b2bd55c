use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::dual;
use crate::end::{End, is_go_wanted};
use crate::settings::{Pair, Settings};
use crate::trickle::{Asker, Trickle};

/// What is shown of one end's peer is the other end.
fn is_shown(end: &End<'_>, other: &End<'_>, settings: &Settings, endpoint: &str) {
    assert_eq!(end.shown("peers"), other.shown("public-key"));
    assert_eq!(end.shown("preshared-keys")[1], other.shown("preshared-keys")[1]);
    assert_eq!(end.shown("endpoints")[1], endpoint);
    assert_eq!(end.shown("persistent-keepalive")[1], "25");
    let allowed: BTreeSet<String> = end.shown("allowed-ips").into_iter().skip(1).collect();
    let addresses = settings.inner.iter().map(|address| {
        let prefix = if address.is_ipv4() { 32 } else { 128 };
        format!("{address}/{prefix}")
    });
    assert_eq!(allowed, addresses.collect());
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn wg_shows_the_same_of_both_ends() {
    if !is_go_wanted() {
        return;
    }
    for initiator in [Asker::Left, Asker::Right] {
        let line = dual::line();
        let mut pair = Pair::new(true).dual();
        for settings in [&mut pair.left, &mut pair.right] {
            // The peer's section is the last.
            writeln!(settings.text, "PersistentKeepalive = 25").unwrap();
        }
        match initiator {
            Asker::Left => pair.right.forget_endpoint(),
            Asker::Right => pair.left.forget_endpoint(),
        }
        let go_now = || End::go(&line.right, &pair.right);
        // Who is asked is there first: a message that nobody takes is only counted as sent.
        let waiting = (initiator == Asker::Left).then(go_now);
        let ours = End::ours(&line.left, &pair.left);
        let go = waiting.unwrap_or_else(go_now);
        let mut trickle = Trickle::new(&line, &pair);
        trickle.ask(initiator);
        for _ in 0..200 {
            trickle.ask(Asker::Left);
            trickle.ask(Asker::Right);
        }
        ours.wait_to_agree_with(&go);
        let (received, sent) = ours.transferred();
        assert!(received > 400 * 32 && sent > 400 * 32, "{received} and {sent}");
        assert!(ours.latest_handshake() > 0);
        // Seconds, and the answering end notices half a round trip later.
        assert!(ours.latest_handshake().abs_diff(go.latest_handshake()) <= 1);
        is_shown(&ours, &go, &pair.right, "10.77.0.2:51002");
        is_shown(&go, &ours, &pair.left, "10.77.0.1:51001");
        assert_eq!((ours.refused(), go.refused()), (0, 0));
    }
}
