//! Keys as text: whatever names WireGuard keys, gathered into one set.
//!
//! Understood, line by line and mixed in one file: Wireshark's key log,
//! [transport lines](crate::keylog::TransportLine), configuration of wg(8) and wg-quick(8). A file of
//! one bare key, as `wg genkey` writes it, is a static private key.
//!
//! ```
//! use wgtrace_decrypt::secrets::Secrets;
//!
//! let mut secrets = Secrets::new();
//! let complaints = secrets.add(b"PRESHARED_KEY = short\n", "keys.log");
//! assert_eq!(
//!     complaints[0].to_string(),
//!     "keys.log:1: PRESHARED_KEY: 5 characters, where a key has 44 of base64 or 64 of hexadecimal",
//! );
//! assert!(secrets.is_empty());
//! ```

mod complaint;
mod distinct;
mod line;
mod looks;
mod pairs;
mod reading;
mod transport;

use std::collections::HashSet;
use std::fmt;

use crate::key::{PresharedKey, PrivateKey, PublicKey};
use crate::keylog::TransportLine;

pub use complaint::{Complaint, Fault};
pub use looks::Looks;

use distinct::Distinct;
use pairs::{Pairs, Role};

/// How many keys [`Secrets::add`] keeps, over all files: beyond it every line is a complaint.
///
/// A day of a thousand peers that rekey every two minutes fits. A static private key counts twice,
/// once for the public key derived from it.
pub const MAX_KEYS: usize = 1 << 20;

/// Every key known from outside the capture, each kept once, found by public key.
///
/// The preshared keys that a handshake may have used, in the order to try them:
/// [`ephemeral_psks`](Self::ephemeral_psks) of the initiator's ephemeral key, of the responder's,
/// none ([`PresharedKey::NONE`]), then [`loose_psks`](Self::loose_psks).
#[derive(Clone)]
pub struct Secrets {
    pairs: Pairs,
    publics: Vec<PublicKey>,
    known_publics: HashSet<PublicKey>,
    psks: Distinct<PresharedKey>,
    transport: Distinct<TransportLine>,
    limit: usize,
}

impl Default for Secrets {
    fn default() -> Self {
        Self::new()
    }
}

impl Secrets {
    /// The empty set.
    pub fn new() -> Self {
        Self::with_limit(MAX_KEYS)
    }

    fn with_limit(limit: usize) -> Self {
        Self {
            pairs: Pairs::default(),
            publics: Vec::new(),
            known_publics: HashSet::new(),
            psks: Distinct::default(),
            transport: Distinct::default(),
            limit,
        }
    }

    /// Adds the keys that `text` holds and tells of each line that gave none; `origin` names the
    /// text in those complaints.
    ///
    /// A line costs no more than itself: the good ones around it are kept. Deriving a public key
    /// takes some 40 microseconds, once for each different private key.
    pub fn add(&mut self, text: &[u8], origin: &str) -> Vec<Complaint> {
        reading::read(self, text, origin)
    }

    /// Whether there is no key of any kind.
    pub fn is_empty(&self) -> bool {
        self.kept() == 0
    }

    /// The private half of `public`, static or ephemeral alike.
    pub fn private_of(&self, public: &PublicKey) -> Option<&PrivateKey> {
        self.pairs.of(public).map(|pair| &pair.private)
    }

    /// Whether `public` belongs to a private key that was given as an ephemeral one.
    pub fn is_ephemeral(&self, public: &PublicKey) -> bool {
        self.pairs.of(public).is_some_and(|pair| pair.is_ephemeral)
    }

    /// Whether `public` is known as the static key of some peer, with its private half or without.
    pub fn is_static(&self, public: &PublicKey) -> bool {
        self.known_publics.contains(public)
    }

    /// Every known static public key, given or derived, once each, in order of appearance.
    pub fn publics(&self) -> impl ExactSizeIterator<Item = &PublicKey> {
        self.publics.iter()
    }

    /// The preshared keys that stood beside this ephemeral key, in order of appearance.
    pub fn ephemeral_psks(&self, ephemeral_public: &PublicKey) -> &[PresharedKey] {
        self.pairs.of(ephemeral_public).map_or(&[], |pair| &pair.psks)
    }

    /// All preshared keys, wherever they stood, in order of appearance; never the all-zero one.
    pub fn loose_psks(&self) -> &[PresharedKey] {
        self.psks.as_slice()
    }

    /// All transport keys, in order of appearance; several may have the same index.
    pub fn transport(&self) -> &[TransportLine] {
        self.transport.as_slice()
    }

    /// Adds the keys of `other`; gives back how many found no room, by the count of [`MAX_KEYS`].
    pub fn merge(&mut self, other: Self) -> usize {
        let mut refused = 0;
        let mut count = |outcome: Result<(), Fault>| refused += usize::from(outcome.is_err());
        for public in other.publics {
            count(self.insert_public(public));
        }
        for psk in other.psks.as_slice() {
            count(self.insert_psk(psk, None));
        }
        for pair in other.pairs.as_slice() {
            for (given, role) in [(pair.is_static, Role::Static), (pair.is_ephemeral, Role::Ephemeral)] {
                if given {
                    count(self.insert_pair(pair.public, &pair.private, role));
                }
            }
            for psk in &pair.psks {
                // Counted above, when there was no room for it.
                _ = self.insert_psk(psk, Some(&pair.public));
            }
        }
        for line in other.transport.as_slice() {
            count(self.insert_transport(line));
        }
        refused
    }

    fn kept(&self) -> usize {
        self.pairs.as_slice().len()
            + self.publics.len()
            + self.psks.as_slice().len()
            + self.transport.as_slice().len()
    }

    /// Room for `more` keys, or the fault to report.
    fn room_for(&self, more: usize) -> Result<(), Fault> {
        if self.kept().saturating_add(more) > self.limit {
            return Err(Fault::TooManyKeys { limit: self.limit });
        }
        Ok(())
    }

    /// Keeps a private key, and tells its public half.
    fn insert_private(&mut self, private: &PrivateKey, role: Role) -> Result<PublicKey, Fault> {
        let public = if let Some(public) = self.pairs.public_of(private) {
            public
        } else {
            self.room_for(1)?;
            private.public()
        };
        self.insert_pair(public, private, role)?;
        Ok(public)
    }

    fn insert_pair(&mut self, public: PublicKey, private: &PrivateKey, role: Role) -> Result<(), Fault> {
        let new_static = role == Role::Static && !self.known_publics.contains(&public);
        let new_pair = self.pairs.of(&public).is_none();
        self.room_for(usize::from(new_pair) + usize::from(new_static))?;
        self.pairs.insert(public, private, role);
        if new_static {
            self.insert_public(public)?;
        }
        Ok(())
    }

    fn insert_public(&mut self, public: PublicKey) -> Result<(), Fault> {
        if !self.known_publics.contains(&public) {
            self.room_for(1)?;
            self.known_publics.insert(public);
            self.publics.push(public);
        }
        Ok(())
    }

    /// Keeps a preshared key, beside the ephemeral key it belongs to if that is known.
    fn insert_psk(&mut self, psk: &PresharedKey, ephemeral: Option<&PublicKey>) -> Result<(), Fault> {
        // All zero is the absence of one, which is always tried.
        if psk.is_zero() {
            return Ok(());
        }
        if self.psks.find(psk.expose(), |known| known == psk).is_none() {
            self.room_for(1)?;
            self.psks.push(psk.expose(), psk.clone());
        }
        if let Some(ephemeral) = ephemeral {
            self.pairs.attach(ephemeral, psk);
        }
        Ok(())
    }

    fn insert_transport(&mut self, line: &TransportLine) -> Result<(), Fault> {
        let name = (line.receiver, line.key.expose(), line.direction, line.time, line.peer);
        if self.transport.find(&name, |known| known == line).is_none() {
            self.room_for(1)?;
            self.transport.push(&name, line.clone());
        }
        Ok(())
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secrets")
            .field("private", &self.pairs.as_slice().len())
            .field("static_public", &self.publics.len())
            .field("preshared", &self.psks.as_slice().len())
            .field("transport", &self.transport.as_slice().len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
