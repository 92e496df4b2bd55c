//! The data path beside the state machine: in batches, with reports that come late or never, under
//! sessions that may be gone.

use std::net::SocketAddr;
use std::sync::Arc;

use wgtrace_decrypt::key::PublicKey;
use wgtrace_decrypt::keypair::{REJECT_AFTER_MESSAGES, REKEY_AFTER_MESSAGES, message_len};
use wgtrace_tunnel::{DropCause, Now, Received, Run, Sent, Session};
use wgtrace_wire::wireguard::Counter;

use super::book::Ends;
use super::net::{Datagram, Net};
use super::script::Script;
use super::{any_packet, packets};

/// What workers have not put down yet.
#[derive(Default)]
pub struct Workers {
    held: Vec<Held>,
    opened: Vec<Opened>,
    reports: Vec<Report>,
}

/// A way out as it was at some time.
#[derive(Clone)]
struct Held {
    n: usize,
    own: PublicKey,
    session: Arc<Session>,
    endpoint: SocketAddr,
}

/// A message that is decrypted, and not accepted yet.
struct Opened {
    n: usize,
    own: PublicKey,
    session: Arc<Session>,
    counter: Counter,
    plain: Vec<u8>,
    received: Received,
}

struct Report {
    n: usize,
    session: Arc<Session>,
    what: What,
}

#[derive(Clone, Copy)]
enum What {
    Sent(Sent),
    Received(Received),
}

impl Workers {
    /// A frame for one peer, through its lane.
    pub fn send(&mut self, net: &mut Net, script: &mut Script<'_>) {
        let (n, shape) = (script.below(net.nodes.len()), script.byte());
        let first = any_packet(net, script, n, shape & 1 == 1);
        let path = net.nodes[n].device.data_path();
        let routes = path.routes();
        let Ok(lane) = net.call(n, 0, |_, _, _| routes.outbound(&first)) else { return };
        let peer = lane.peer();
        let Some(out) = lane.outbound(net.now) else {
            let _ = net.enter(n, &first);
            return;
        };
        let current = net.nodes[n].device.status(net.now, peer).expect("routes lead to peers").session;
        assert_eq!(current.map(|session| session.local), Some(out.session.local()));
        let held = Held { n, own: net.key(n), session: out.session, endpoint: out.endpoint };
        if shape >> 1 & 1 == 1 && self.held.len() < MOST {
            self.held.push(held.clone());
        }
        self.seal(net, script, &held, &first);
    }

    /// The same under a session that was current once.
    pub fn send_late(&mut self, net: &mut Net, script: &mut Script<'_>) {
        let Some(held) = script.of(&self.held).cloned() else { return };
        let first = any_packet(net, script, held.n, false);
        self.seal(net, script, &held, &first);
    }

    /// Seals the packet, and more like it, in one run or in two halves.
    fn seal(&mut self, net: &mut Net, script: &mut Script<'_>, held: &Held, first: &[u8]) {
        let (n, session) = (held.n, &held.session);
        let (count, split) = (1 + script.below(6), script.below(7));
        let wanted = u64::try_from(count).expect("few");
        let reserved = counted(net, held, |now| session.reserve(now.monotonic, wanted));
        let Ok(mut run) = reserved else { return };
        let left = run.left();
        assert!((1..=wanted).contains(&left) && run.receiver() == session.remote());
        let mut rest = run.split_off(u64::try_from(split).expect("few"));
        assert_eq!(run.left() + rest.left(), left);
        let mut sent = Sent { bytes: 0, data: false };
        // The later half may be sealed first; and one more than there are counters for.
        let turned = script.flag();
        for at in 0..=count {
            let (half, other) = if turned { (&mut rest, &mut run) } else { (&mut run, &mut rest) };
            let half = if half.left() > 0 { half } else { other };
            let packet = if at == 0 { first.to_vec() } else { packets::renumber(net, first) };
            let packet = if at > 0 && script.below(4) == 3 { &[][..] } else { &packet };
            if let Some(bytes) = put(net, held, half, packet, script.byte()) {
                let data = !packet.is_empty();
                sent.merge(Sent { bytes, data });
            }
        }
        self.note(net, script, Report { n, session: Arc::clone(session), what: What::Sent(sent) });
    }

    /// One message off the wire, opened beside the device.
    pub fn receive(&mut self, net: &mut Net, script: &mut Script<'_>) {
        let at = script.below(net.wire.len().max(1));
        let Some(mut datagram) = net.wire.get(at).cloned() else { return };
        let Some(n) = net.nodes.iter().position(|node| node.addr == datagram.to) else { return };
        let shape = script.byte();
        if shape & 1 == 0 {
            net.wire.remove(at);
        }
        let own = net.key(n);
        let path = net.nodes[n].device.data_path();
        let bytes = u64::try_from(datagram.bytes.len()).expect("few");
        let Ok(session) = net.call(n, 0, |_, _, _| path.session(&datagram.bytes)) else { return };
        let opened = net.call(n, 0, |_, now, _| {
            session
                .decrypt(now.monotonic, &mut datagram.bytes)
                .map(|(counter, plain)| (counter, plain.to_vec()))
        });
        let Ok((counter, plain)) = opened else { return };
        let received = Received { source: datagram.from, bytes, data: !plain.is_empty() };
        let opened = Opened { n, own, session, counter, plain, received };
        if shape >> 1 & 1 == 1 && self.opened.len() < MOST {
            self.opened.push(opened);
        } else {
            self.accept(net, script, opened);
        }
    }

    /// A message that was decrypted some time ago.
    pub fn accept_late(&mut self, net: &mut Net, script: &mut Script<'_>) {
        if !self.opened.is_empty() {
            let opened = self.opened.remove(script.below(self.opened.len()));
            self.accept(net, script, opened);
        }
    }

    fn accept(&mut self, net: &mut Net, script: &mut Script<'_>, opened: Opened) {
        let Opened { n, own, session, counter, mut plain, received } = opened;
        let endpoint = received.source;
        let held = Held { n, own, session: Arc::clone(&session), endpoint };
        if counted(net, &held, |_| session.accept(counter)).is_err() {
            return;
        }
        let again = counted(net, &held, |_| session.accept(counter));
        assert!(matches!(again, Err(DropCause::ReplayedCounter | DropCause::CounterTooOld)));
        if received.data {
            let routes = net.nodes[n].device.data_path().routes();
            let inner =
                counted(net, &held, |_| routes.inbound(&session, &mut plain).map(|inner| inner.to_vec()));
            if let Ok(inner) = inner {
                net.comes_out(n, own, session.peer(), &inner);
            }
        }
        self.note(net, script, Report { n, session, what: What::Received(received) });
    }

    /// The device is told of a batch, now or later.
    fn note(&mut self, net: &mut Net, script: &mut Script<'_>, report: Report) {
        let later = script.byte() & 3 == 3 && self.reports.len() < MOST;
        let is_of = |last: &&mut Report| last.n == report.n && Arc::ptr_eq(&last.session, &report.session);
        if let Some(last) = self.reports.last_mut().filter(is_of) {
            match (&mut last.what, report.what) {
                (What::Sent(sent), What::Sent(later)) => return sent.merge(later),
                (What::Received(received), What::Received(later)) => return received.merge(later),
                (What::Sent(_), What::Received(_)) | (What::Received(_), What::Sent(_)) => {}
            }
        }
        if later { self.reports.push(report) } else { tell(net, &report) }
    }

    /// One of the reports that are late.
    pub fn report(&mut self, net: &mut Net, script: &mut Script<'_>) {
        if !self.reports.is_empty() {
            tell(net, &self.reports.remove(script.below(self.reports.len())));
        }
    }

    /// Many counters are used at once.
    #[expect(clippy::unused_self, reason = "one of the workers' steps")]
    pub fn jump(&mut self, net: &mut Net, script: &mut Script<'_>) {
        let n = script.below(net.nodes.len());
        let peers: Vec<_> = net.nodes[n].device.peers().collect();
        let Some(peer) = script.of(&peers) else { return };
        let sessions = net.nodes[n].device.sessions(*peer).expect("a peer of its own list");
        let Some(session) = script.of(&sessions) else { return };
        let upto = [1 << 10, 1 << 13, REKEY_AFTER_MESSAGES, REJECT_AFTER_MESSAGES, u64::MAX][script.below(5)];
        let count = upto.saturating_sub(session.sent()).saturating_sub((script.byte() & 3).into());
        let reserved = net.call(n, 0, |_, now, _| session.reserve(now.monotonic, count));
        if reserved.is_ok() {
            let sent = What::Sent(Sent { bytes: 0, data: script.flag() });
            tell(net, &Report { n, session: Arc::clone(session), what: sent });
        }
    }
}

/// Seals one packet, which goes on the wire; returns the message's length.
fn put(net: &mut Net, held: &Held, run: &mut Run<'_>, packet: &[u8], shape: u8) -> Option<u64> {
    let mtu = [1420, 0, 1500, usize::MAX][usize::from(shape & 3)];
    let mut buffer = vec![0; message_len(packet.len(), mtu)];
    buffer[16..16 + packet.len()].copy_from_slice(packet);
    if shape >> 4 == 15 {
        buffer.pop();
    }
    let place = (!packet.is_empty())
        .then(|| net.book.enters(Ends { from: held.own, to: held.session.keys().peer }, packet));
    let left = run.left();
    let sealed =
        counted(net, held, |_| run.seal(&mut buffer, packet.len(), mtu).map(|message| message.to_vec()));
    let Ok(bytes) = sealed else {
        assert!(left == 0 || shape >> 4 == 15);
        assert_eq!(run.left(), left);
        if let Some(place) = place {
            net.book.refused(place);
        }
        return None;
    };
    assert_eq!(run.left(), left - 1);
    net.book.sent(held.n, &bytes);
    if let Some(place) = place {
        if net.keeps(held.n, held.session.peer()) {
            net.book.kept(place);
        }
        net.nodes[held.n].device.keep(&held.session, packet);
    }
    let len = u64::try_from(bytes.len()).expect("few");
    net.put(Datagram { from: net.nodes[held.n].addr, to: held.endpoint, bytes });
    Some(len)
}

/// Each refusal is counted once; where the peer is gone its counters are too.
fn counted<T>(
    net: &mut Net,
    held: &Held,
    act: impl FnOnce(Now) -> Result<T, DropCause>,
) -> Result<T, DropCause> {
    if net.nodes[held.n].gone.contains(&held.session.peer()) {
        return act(net.clock(held.n));
    }
    net.call(held.n, 0, |_, now, _| act(now))
}

fn tell(net: &mut Net, report: &Report) {
    let Report { n, session, what } = report;
    let told = net.call(*n, 0, |device, now, rng| {
        match *what {
            What::Sent(sent) => device.handle_sent(now, rng, session, sent),
            What::Received(received) => device.handle_received(now, rng, session, received),
        }
        Ok(())
    });
    assert_eq!(told, Ok(()));
}

const MOST: usize = 8;
