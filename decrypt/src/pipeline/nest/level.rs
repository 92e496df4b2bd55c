//! The sessions inside equally many tunnels, and the opening of their messages.

use std::collections::HashMap;

use wgtrace_wire::wireguard::{Message, SessionIndex, TransportHeader};
use zerocopy::FromBytes as _;

use super::layer::{Layer, Nested};
use crate::capture::{Chunk, Frame};
use crate::pipeline::batch::Slot;
use crate::pipeline::encode::Encoder;
use crate::pipeline::open::{Opening, Place, Sink};
use crate::secrets::Secrets;
use crate::session::Moment;
use crate::sessions::Sessions;

/// Receiver indices whose keys are kept ready for use.
const READY: usize = 256;

/// What is known of the sessions of one depth.
pub(super) struct Level {
    sessions: Sessions,
    ready: HashMap<SessionIndex, Vec<Slot>>,
    handshakes_truncated: u64,
}

/// The output of a batch, in which records are put in between.
pub(super) struct Output<'a> {
    pub(super) encoder: &'a Encoder,
    pub(super) out: &'a mut Vec<u8>,
    pub(super) spare: &'a mut Vec<u8>,
    pub(super) scratch: &'a mut Vec<u8>,
}

impl Level {
    pub(super) fn new(secrets: Secrets) -> Self {
        Self { sessions: Sessions::new(secrets), ready: HashMap::new(), handshakes_truncated: 0 }
    }

    pub(super) fn sessions(&self) -> &Sessions {
        &self.sessions
    }

    pub(super) fn handshakes_truncated(&self) -> u64 {
        self.handshakes_truncated
    }

    /// Learns from the handshakes of `layer` and opens its data; what is found in there goes to `next`.
    pub(super) fn open(&mut self, chunk: &Chunk, layer: &mut Layer, next: &mut Layer, to: &mut Output<'_>) {
        let Layer { messages, bytes, events } = layer;
        to.spare.clear();
        let mut copied = 0;
        for (number, message) in messages.iter().enumerate() {
            to.spare.extend_from_slice(to.out.get(copied..message.behind).unwrap_or_default());
            copied = message.behind;
            let Some(frame) = chunk.frames.get(message.position) else { continue };
            let payload = bytes.get(message.payload.clone()).unwrap_or_default();
            let Some(receiver) = self.sort(message, payload, frame) else { continue };
            let slots = self.slots(receiver);
            let Nested { position, claimed, carrier, .. } = *message;
            let mut sink =
                Sink { encoder: to.encoder, out: to.spare, events, scratch: to.scratch, inside: next };
            let place = Place { position, frame, inside: Some(carrier) };
            let mut opening = Opening { sink: &mut sink, number, receiver, claimed, place };
            if !opening.with(slots.iter(), payload) {
                opening.give_up(!slots.is_empty(), payload);
            }
        }
        to.spare.extend_from_slice(to.out.get(copied..).unwrap_or_default());
        std::mem::swap(to.out, to.spare);
    }

    /// The receiver of transport data; everything else is learned from.
    fn sort(&mut self, nested: &Nested, payload: &[u8], frame: &Frame) -> Option<SessionIndex> {
        if payload.first() == Some(&TransportHeader::TYPE) {
            let (header, _) = TransportHeader::ref_from_prefix(payload).ok()?;
            return Some(SessionIndex(header.receiver.get()));
        }
        if payload.len() < nested.claimed {
            self.handshakes_truncated += 1;
        } else if let Ok(message) = Message::parse(payload) {
            let known = self.sessions.all().len();
            self.sessions.learn(&message, Moment { frame: frame.number, time: frame.time });
            if self.sessions.all().len() != known {
                self.ready.clear();
            }
        }
        None
    }

    /// Keys for `receiver`, made ready when they are not yet.
    fn slots(&mut self, receiver: SessionIndex) -> &[Slot] {
        if self.ready.len() >= READY && !self.ready.contains_key(&receiver) {
            self.ready.clear();
        }
        let sessions = &self.sessions;
        self.ready.entry(receiver).or_insert_with(|| {
            sessions.openers(receiver).iter().filter_map(|opener| Slot::new(sessions, opener)).collect()
        })
    }
}
