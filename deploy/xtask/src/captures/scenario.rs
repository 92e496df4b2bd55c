//! A scenario: a capture, the keys beside it, and what has to come out with which of them.

use wgtrace_decrypt::key::PublicKey;
use wgtrace_wire::wireguard::SessionIndex;

use super::file::Container;
use super::stage::{A, B, Frame, Node, Sent, Stage};

/// One folder.
pub(super) struct Scenario {
    pub(super) name: &'static str,
    /// How it was made, for the README.
    pub(super) made: &'static str,
    /// What it proves, for the README.
    pub(super) proves: &'static str,
    pub(super) capture: &'static str,
    pub(super) container: Container,
    pub(super) stage: Stage,
    /// Key files by name.
    pub(super) files: Vec<(&'static str, String)>,
    pub(super) runs: Vec<Run>,
    /// Inner packets that are frames of another tunnel, with what carries them.
    pub(super) inside: Vec<Inside>,
}

/// A packet of a tunnel inside the tunnel.
pub(super) struct Inside {
    /// Number of the frame that carries it, from 1.
    pub(super) number: usize,
    /// Receiver index of the message that it is in.
    pub(super) carrier: SessionIndex,
    pub(super) frame: Frame,
}

/// What comes out with some of the key files.
pub(super) struct Run {
    pub(super) keys: Vec<&'static str>,
    /// The node whose keys they are.
    pub(super) side: Node,
    pub(super) known: Known,
    /// What the messages fail of that do not open.
    pub(super) fails: Fails,
    /// Handshakes without a session, by the number of their response's frame.
    pub(super) handshakes: Vec<(usize, String)>,
    pub(super) cookies_opened: u64,
    pub(super) mac2_verified: u64,
    /// Nothing proves that the responses are WireGuard's, for their receiver's public key is not
    /// known: they count as foreign.
    pub(super) is_blind: bool,
    /// What comes out of the tunnel inside.
    pub(super) inside: Option<Box<Run>>,
}

pub(super) type Fails = Box<dyn Fn(&Frame, &Sent) -> Option<Fail>>;

/// Where the sessions come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    Handshakes,
    TransportKeys,
    Nothing,
}

/// Why a message does not open.
#[derive(Debug, Clone)]
pub(super) struct Fail {
    pub(super) kind: &'static str,
    pub(super) reason: String,
}

impl Fail {
    pub(super) fn no_key(reason: impl Into<String>) -> Self {
        Self { kind: "no-key", reason: reason.into() }
    }

    /// A key for the index, but not the one.
    pub(super) fn not_authentic(sent: &Sent) -> Self {
        let reason = format!(
            "a key for index {} is known, but the message does not authenticate: forged, damaged, or \
             of another session with the same index",
            sent.receiver
        );
        Self { kind: "not-authentic", reason }
    }

    /// Neither handshake nor key.
    pub(super) fn nothing_known(sent: &Sent) -> Self {
        Self::no_key(format!("no handshake in the capture and no transport key for index {}", sent.receiver))
    }
}

pub(super) const KEYS: &str = "keys.log";
pub(super) const RESPONDER: &str = "responder.keys";
pub(super) const TRANSPORT: &str = "transport.keys";

impl Scenario {
    /// Everything opens with the first node's key log, and with its transport keys.
    pub(super) fn new(name: &'static str, stage: Stage, made: &'static str, proves: &'static str) -> Self {
        let logs = stage.actors.first().map(|actor| (actor.log.wireshark(), actor.log.session()));
        let (wireshark, session) = logs.unwrap_or_default();
        Self {
            name,
            made,
            proves,
            capture: "capture.pcapng",
            container: Container::PCAPNG,
            stage,
            files: vec![(KEYS, wireshark), (TRANSPORT, session)],
            runs: vec![
                Run::all(&[KEYS], A, Known::Handshakes),
                Run::all(&[TRANSPORT], A, Known::TransportKeys),
            ],
            inside: Vec::new(),
        }
    }

    /// The other end's key log opens everything as well.
    pub(super) fn with_responder(mut self) -> Self {
        let log = self.stage.actors.get(B.0).map(|actor| actor.log.wireshark());
        self.files.push((RESPONDER, log.unwrap_or_default()));
        self.runs.push(Run::all(&[RESPONDER], B, Known::Handshakes));
        self
    }

    pub(super) fn with_file(mut self, name: &'static str, text: String) -> Self {
        self.files.push((name, text));
        self
    }

    /// These runs instead.
    pub(super) fn with_runs(mut self, runs: Vec<Run>) -> Self {
        self.runs = runs;
        self
    }

    /// The same in every run.
    pub(super) fn failing(mut self, fails: impl Fn(&Frame, &Sent) -> Option<Fail> + Clone + 'static) -> Self {
        for run in &mut self.runs {
            run.fails = Box::new(fails.clone());
        }
        self
    }

    /// A classic pcap instead, where the container is the point.
    pub(super) fn in_pcap(mut self, order: pcap_file::Endianness, snaplen: u32) -> Self {
        self.capture = "capture.pcap";
        self.container = Container::Pcap { order, snaplen };
        self
    }
}

impl Run {
    pub(super) fn all(keys: &[&'static str], side: Node, known: Known) -> Self {
        Self {
            keys: keys.to_vec(),
            side,
            known,
            fails: Box::new(|_, _| None),
            handshakes: Vec::new(),
            cookies_opened: 0,
            mac2_verified: 0,
            is_blind: false,
            inside: None,
        }
    }

    /// Nothing opens.
    pub(super) fn nothing(keys: &[&'static str], fails: impl Fn(&Sent) -> Fail + 'static) -> Self {
        Self { fails: Box::new(move |_, sent| Some(fails(sent))), ..Self::all(keys, A, Known::Nothing) }
    }

    pub(super) fn with_inside(mut self, inside: Run) -> Self {
        self.inside = Some(Box::new(inside));
        self
    }

    pub(super) fn without_session(mut self, response: usize, reason: impl Into<String>) -> Self {
        self.handshakes.push((response, reason.into()));
        self
    }
}

/// Lines of a key log that somebody has put together.
pub(super) fn public_line(public: &PublicKey) -> String {
    format!("REMOTE_STATIC_PUBLIC_KEY = {public}\n")
}
