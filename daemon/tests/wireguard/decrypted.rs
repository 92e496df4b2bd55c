//! Captures of the device's traffic, opened with the keys that it gave out.

use wgtrace_testbed::transfer;

use crate::end::is_go_wanted;
use crate::opener;
use crate::packets::{self, BySource};
use crate::trickle::Asker;
use crate::watched::{Begin, Plan, Right, Seen, Tunnel, watch};

const PLAN: Plan =
    Plan { right: Right::Ours, initiator: Asker::Left, keys: "session", from: Begin::Handshake, cut: false };

impl Seen {
    /// The inner packets as the interface had them.
    fn inner(&self) -> BySource {
        packets::between(&packets::read(&self.inner.path()), &self.addresses)
    }

    /// Whether our own program opens all of it: the same packets in the same order. Returns how many sessions it took.
    #[track_caller]
    pub(crate) fn is_opened_by_wgtrace(&self) -> u64 {
        let opened = opener::wgtrace(&self.outer, &self.keys);
        let (plain, decrypted) = (self.inner(), packets::between(&opened.packets, &self.addresses));
        assert_eq!(opened.packets.len(), count(&decrypted), "others than those of the interface");
        assert_eq!(count(&decrypted), count(&plain));
        assert!(decrypted == plain, "the packets are not the same");
        opened.sessions
    }

    /// Whether tshark opens all of it.
    #[track_caller]
    pub(crate) fn is_opened_by_tshark(&self) {
        assert_eq!(opener::tshark(&self.outer, &self.keys), packets::lengths(&self.inner()));
    }
}

fn count(packets: &BySource) -> usize {
    packets.values().map(Vec::len).sum()
}

/// The other ends that there are.
fn rights() -> Vec<Right> {
    [Right::Ours].into_iter().chain(is_go_wanted().then_some(Right::Go)).collect()
}

/// Of every length, both ways.
fn gentle(tunnel: &mut Tunnel<'_>) {
    for _ in 0..100 {
        tunnel.trickle.ask(Asker::Left);
        tunnel.trickle.ask(Asker::Right);
    }
}

/// Over both families, as fast as it goes.
fn streams(tunnel: &mut Tunnel<'_>) {
    let Tunnel { line, pair, .. } = tunnel;
    for (left, right) in pair.left.inner.iter().zip(&pair.right.inner) {
        assert_eq!(transfer(&line.left, &line.right, (*right, 5001).into(), LARGE).unwrap(), LARGE);
        assert_eq!(transfer(&line.right, &line.left, (*left, 5002).into(), LARGE).unwrap(), LARGE);
    }
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn session_keys_open_a_capture_whole() {
    for right in rights() {
        for initiator in [Asker::Left, Asker::Right] {
            let seen = watch(Plan { right, initiator, ..PLAN }, gentle);
            assert_eq!(seen.is_opened_by_wgtrace(), 1);
        }
    }
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn session_keys_open_a_capture_that_begins_amid_a_session() {
    for right in rights() {
        for initiator in [Asker::Left, Asker::Right] {
            let seen = watch(Plan { right, initiator, from: Begin::MidSession, ..PLAN }, gentle);
            let sent = packets::messages(&packets::read(&seen.outer.path()));
            assert!(sent.values().all(|sent| sent.initiations + sent.responses == 0), "{sent:?}");
            assert_eq!(seen.is_opened_by_wgtrace(), 1);
        }
    }
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn session_keys_open_super_frames() {
    for right in rights() {
        for from in [Begin::Handshake, Begin::MidSession] {
            let seen = watch(Plan { right, from, ..PLAN }, streams);
            let outer = packets::read(&seen.outer.path());
            assert!(
                outer.iter().any(|packet| packet.len() > 2 * 1500),
                "super-frames are what this is about"
            );
            let opened = opener::wgtrace(&seen.outer, &seen.keys);
            // Packets pass the interface in larger pieces than the tunnel: what is said is compared.
            let plain = packets::streams(&packets::read(&seen.inner.path()));
            assert_eq!(plain.len(), 4);
            for stream in plain.values() {
                assert_eq!(stream.len() as u64, LARGE);
                assert!(stream.iter().all(|byte| *byte == 0xaa), "the interface's capture has holes");
            }
            assert!(packets::streams(&opened.packets) == plain, "the streams are not the same");
        }
    }
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn wireshark_keys_open_a_capture_in_tshark_and_in_ours() {
    for right in rights() {
        for initiator in [Asker::Left, Asker::Right] {
            let seen = watch(Plan { right, initiator, keys: "wireshark", ..PLAN }, gentle);
            seen.is_opened_by_tshark();
            assert_eq!(seen.is_opened_by_wgtrace(), 1);
        }
    }
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn wireshark_keys_open_streams_in_tshark_where_super_frames_are_cut() {
    for right in rights() {
        let seen = watch(Plan { right, keys: "wireshark", cut: true, ..PLAN }, streams);
        let outer = packets::read(&seen.outer.path());
        assert!(outer.iter().all(|packet| packet.len() <= 1500), "tshark opens no super-frames");
        let opened = opener::wgtrace(&seen.outer, &seen.keys);
        let lengths = packets::lengths(&packets::between(&opened.packets, &seen.addresses));
        assert!(opener::tshark(&seen.outer, &seen.keys) == lengths, "tshark and ours differ");
    }
}

/// Bytes of a stream.
const LARGE: u64 = 4 << 20;
