//! Opening the messages of a batch: all the work there is, needing nobody else.

use wgtrace_wire::wireguard::{Counter, SessionIndex, TransportHeader};
use zerocopy::FromBytes as _;

use super::batch::{Batch, Event, Failure, Job, Outcome, Slot};
use super::encode::Encoder;
use super::inner::Inner;
use super::nest::Layer;
use super::split;
use crate::aead::{Aead as _, RingKey};
use crate::capture::Frame;

/// Asked for the keys of a receiver index when the batch's own candidates do not fit.
pub type Late<'a, E> = &'a mut dyn FnMut(SessionIndex) -> Result<Vec<Slot>, E>;

impl Batch {
    /// Opens every message, writing what `encoder` makes of the inner packets to the output buffer.
    ///
    /// `late` is asked only for batches made before the whole capture was known.
    ///
    /// # Errors
    /// Whatever `late` returns.
    pub fn open<E>(&mut self, encoder: &Encoder, late: Late<'_, E>) -> Result<(), E> {
        let Self { chunk, jobs, slots, picks, interfaces, complete, out, events, scratch, layers, .. } = self;
        let [inside, ..] = layers;
        for interface in interfaces.iter() {
            encoder.interface(out, interface);
        }
        let mut outer = chunk.frames.iter();
        let mut sink = Sink { encoder, out, events, scratch, inside };
        for (number, job) in jobs.iter().enumerate() {
            if encoder.keeps_outer() {
                // Everything up to and including the job's own frame.
                while outer.len() + job.frame >= chunk.frames.len() {
                    let Some(frame) = outer.next() else { break };
                    Encoder::outer(sink.out, frame, chunk.data(frame));
                }
            }
            let Some(frame) = chunk.frames.get(job.frame) else { continue };
            let payload = chunk.bytes.get(job.payload.clone()).unwrap_or_default();
            let candidates = picks.get(job.picks.clone()).unwrap_or_default();
            let known = candidates.iter().filter_map(|&pick| slots.get(usize::try_from(pick).ok()?));
            let place = Place { position: job.frame, frame, inside: None };
            let Job { receiver, claimed, .. } = *job;
            let mut opening = Opening { sink: &mut sink, number, receiver, claimed, place };
            if opening.with(known, payload) {
                continue;
            }
            let mut has_key = !candidates.is_empty();
            if payload.len() >= job.claimed && !*complete {
                let slots = late(job.receiver)?;
                if opening.with(slots.iter(), payload) {
                    continue;
                }
                has_key |= !slots.is_empty();
            }
            opening.give_up(has_key, payload);
        }
        if encoder.keeps_outer() {
            for frame in outer {
                Encoder::outer(sink.out, frame, chunk.data(frame));
            }
        }
        Ok(())
    }
}

/// Where results go.
pub(super) struct Sink<'a> {
    pub(super) encoder: &'a Encoder,
    pub(super) out: &'a mut Vec<u8>,
    pub(super) events: &'a mut Vec<Event>,
    pub(super) scratch: &'a mut Vec<u8>,
    /// Takes the messages that are found in opened packets.
    pub(super) inside: &'a mut Layer,
}

/// One datagram being opened.
pub(super) struct Opening<'s, 'a> {
    pub(super) sink: &'s mut Sink<'a>,
    /// Position of the datagram, for its events.
    pub(super) number: usize,
    /// Index of the receiving side.
    pub(super) receiver: SessionIndex,
    /// Length of the datagram's payload on the wire.
    pub(super) claimed: usize,
    pub(super) place: Place<'s>,
}

/// Where a datagram was found.
#[derive(Clone, Copy)]
pub(super) struct Place<'s> {
    /// Position of the frame in the chunk.
    pub(super) position: usize,
    pub(super) frame: &'s Frame,
    /// Receiver index of the message that it was in, if it came out of a tunnel.
    pub(super) inside: Option<SessionIndex>,
}

impl Opening<'_, '_> {
    /// Tries the datagram under each key, as one message or as a super-frame; `true` when it opened.
    pub(super) fn with<'k>(&mut self, keys: impl Iterator<Item = &'k Slot>, payload: &[u8]) -> bool {
        let whole = payload.len() >= self.claimed;
        for slot in keys {
            if payload.len() <= split::LIKELY && whole && self.message(slot, payload) {
                return true;
            }
            for length in split::segment_lengths(payload) {
                if self.segments(slot, payload, length) {
                    return true;
                }
            }
            if payload.len() > split::LIKELY && whole && self.message(slot, payload) {
                return true;
            }
        }
        false
    }

    /// Opens `payload` as segments of `length`; nothing is written unless the first one opens.
    fn segments(&mut self, slot: &Slot, payload: &[u8], length: usize) -> bool {
        let mut segments = payload.chunks(length);
        let Some(first) = segments.next() else { return false };
        if !self.message(slot, first) {
            return false;
        }
        let mut left = self.claimed.saturating_sub(first.len());
        for segment in segments {
            let need = left.min(length);
            left -= need;
            if segment.len() < need {
                self.fail(Failure::Truncated { have: segment.len(), need });
            } else if !self.message(slot, segment) {
                self.fail(Failure::NotAuthentic);
            }
        }
        // Segments that the capture cut off whole: one event, for their number may be anything.
        if left > 0 {
            let messages = left.div_ceil(length) as u64;
            self.fail_all(Failure::Truncated { have: 0, need: left }, messages);
        }
        true
    }

    /// Opens one message under one key.
    fn message(&mut self, slot: &Slot, message: &[u8]) -> bool {
        let Ok((header, sealed)) = TransportHeader::ref_from_prefix(message) else { return false };
        if header.receiver.get() != slot.receiver.0 {
            return false;
        }
        let counter = Counter(header.counter.get());
        let Sink { encoder, out, events, scratch, inside } = &mut *self.sink;
        let out = if encoder.writes() {
            out
        } else {
            scratch.clear();
            scratch
        };
        let start = encoder.begin(out, self.place.frame);
        out.extend_from_slice(sealed);
        let Some(room) = out.get_mut(start.data..) else { return false };
        let Some(plain) = open(&slot.aead, counter, room) else {
            out.truncate(start.record);
            return false;
        };
        let inner = Inner::of(plain);
        let (length, carries) = match inner {
            Inner::Keepalive => (0, false),
            Inner::Packet(length) => {
                let packet = plain.get(..length).unwrap_or_default();
                (length, inside.keep(packet, self.place.position, slot.receiver))
            }
            Inner::Malformed => (plain.len(), false),
        };
        if inner == Inner::Keepalive {
            out.truncate(start.record);
        } else {
            encoder.finish(out, &start, length, &self.place, slot, counter);
        }
        if carries {
            inside.put_behind(out.len());
        }
        events.push(Event {
            job: self.number,
            outcome: Outcome::Opened {
                session: slot.session,
                sender: slot.sender,
                counter,
                inner: length,
                malformed: inner == Inner::Malformed,
            },
        });
        true
    }

    /// Says why no key opened `payload`.
    pub(super) fn give_up(&mut self, has_key: bool, payload: &[u8]) {
        let Frame { data, original_len, .. } = self.place.frame;
        let on_wire = usize::try_from(*original_len).unwrap_or(usize::MAX);
        self.fail(if payload.len() < self.claimed && data.len() < on_wire {
            // The frame's numbers are those that capture tools show.
            Failure::Truncated { have: data.len(), need: on_wire }
        } else if payload.len() < self.claimed {
            Failure::Truncated { have: payload.len(), need: self.claimed }
        } else if has_key {
            Failure::NotAuthentic
        } else {
            Failure::NoKey
        });
    }

    fn fail(&mut self, failure: Failure) {
        self.fail_all(failure, 1);
    }

    fn fail_all(&mut self, failure: Failure, messages: u64) {
        let outcome = Outcome::Failed { receiver: self.receiver, failure, messages };
        self.sink.events.push(Event { job: self.number, outcome });
    }
}

fn open<'b>(aead: &RingKey, counter: Counter, sealed: &'b mut [u8]) -> Option<&'b mut [u8]> {
    aead.open(counter, sealed).ok()
}
