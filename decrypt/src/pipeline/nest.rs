//! WireGuard inside WireGuard: what comes out of one tunnel may be the messages of another.
//!
//! [`Batch::open`] sets such messages aside; here they are opened, one depth after the other. This
//! runs in the order of the capture, so that threads make no difference. Inside a tunnel a
//! handshake therefore has to come before its data, and messages are known by their shape with
//! reserved bytes of zero only. Fragments inside a tunnel are not put together.

mod layer;
mod level;

use super::batch::Batch;
use super::encode::Encoder;
use crate::secrets::Secrets;
use crate::sessions::Sessions;

pub(super) use self::layer::Layer;
use self::level::{Level, Output};

/// Tunnels that are followed inside the outermost one; messages in still more are counted.
pub const MAX_DEPTH: usize = 4;

/// Opens the messages inside decrypted packets, taking batches in the order of their tickets.
#[derive(Default)]
pub struct Nest {
    /// At n what is known of the sessions inside n + 1 tunnels.
    levels: Vec<Level>,
    /// The output of a batch while records are put in.
    spare: Vec<u8>,
    too_deep: u64,
}

/// What was found inside tunnels, apart from what the session tables count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NestCounts {
    /// Messages inside more than [`MAX_DEPTH`] tunnels, which were left as they are.
    pub too_deep: u64,
    /// Handshake messages and cookie replies shorter than their headers say.
    pub handshakes_truncated: u64,
}

impl Nest {
    /// Nothing seen yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Opens what [`Batch::open`] found inside `batch`, and puts the packets' records behind those
    /// of the packets that they came in.
    ///
    /// `secrets` is asked once, when the first such message turns up, for all keys there are: those
    /// of the capture itself included, wherever they stand, or threads would make a difference.
    ///
    /// # Errors
    /// Whatever `secrets` returns.
    pub fn descend<E>(
        &mut self,
        batch: &mut Batch,
        encoder: &Encoder,
        secrets: impl FnOnce() -> Result<Secrets, E>,
    ) -> Result<(), E> {
        let Batch { chunk, out, layers, scratch, .. } = batch;
        if layers.first().is_none_or(|layer| layer.messages.is_empty()) {
            return Ok(());
        }
        if self.levels.is_empty() {
            self.levels.push(Level::new(secrets()?));
        }
        let mut output = Output { encoder, out, spare: &mut self.spare, scratch };
        let mut rest = layers.as_mut_slice();
        for depth in 0..MAX_DEPTH {
            let Some((layer, below)) = rest.split_first_mut() else { break };
            let Some(next) = below.first_mut() else { break };
            if layer.messages.is_empty() {
                break;
            }
            if self.levels.len() == depth
                && let Some(known) = self.levels.first()
            {
                self.levels.push(Level::new(known.sessions().secrets().clone()));
            }
            if let Some(level) = self.levels.get_mut(depth) {
                level.open(chunk, layer, next, &mut output);
            }
            rest = below;
        }
        self.too_deep += layers.last().map_or(0, |layer| layer.messages.len() as u64);
        Ok(())
    }

    /// The session tables: first that of the sessions inside one tunnel, as deep as there are any.
    ///
    /// Transport keys make a session in each of them, whether it has messages there or not.
    pub fn tables(&self) -> impl Iterator<Item = &Sessions> {
        self.levels.iter().map(Level::sessions)
    }

    /// Counters so far.
    pub fn counts(&self) -> NestCounts {
        NestCounts {
            too_deep: self.too_deep,
            handshakes_truncated: self.levels.iter().map(Level::handshakes_truncated).sum(),
        }
    }
}

#[cfg(test)]
mod tests;
