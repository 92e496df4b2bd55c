use wgtrace_testbed::{Line, transfer};
use wgtraced::wireguard::config::Config;

use crate::end::{End, wg};
use crate::settings::Pair;

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn wg_shows_the_device_as_it_was_configured_and_cannot_change_it() {
    let line = Line::new().unwrap();
    let pair = Pair::new(true);
    let (left, right) = (End::ours(&line.left, &pair.left), End::ours(&line.right, &pair.right));
    let shown = String::from_utf8(wg(&["showconf", left.name()]).stdout).unwrap();
    let (shown, mut given): (Config, Config) = (shown.parse().unwrap(), pair.left.text.parse().unwrap());
    // Unless told otherwise.
    given.interface.fwmark = Some(0x600);
    assert_eq!(shown, given);

    transfer(&line.left, &line.right, pair.right.inner_port(5001), 1 << 20).unwrap();
    let ((received, sent), (far_received, far_sent)) = (left.transferred(), right.transferred());
    assert!(sent > 1 << 20 && sent.abs_diff(far_received) < 4096, "{sent} and {far_received}");
    assert!(received.abs_diff(far_sent) < 4096, "{received} and {far_sent}");
    assert_ne!(left.shown("latest-handshakes").last().unwrap(), "0");

    let refused = wg(&["set", left.name(), "listen-port", "1"]);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("Operation not permitted"));
    assert_eq!(left.shown("listen-port"), ["51001"]);
}
