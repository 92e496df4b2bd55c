//! Private keys, found by either half.

use std::collections::HashMap;

use super::distinct::{Distinct, push_wiping};
use crate::key::{PresharedKey, PrivateKey, PublicKey};

/// Preshared keys kept beside one ephemeral key; further ones are tried as loose ones all the same.
const MAX_PSKS: usize = 16;

/// A private key with all that is known of its use.
#[derive(Clone)]
pub(super) struct Pair {
    pub(super) public: PublicKey,
    pub(super) private: PrivateKey,
    pub(super) is_static: bool,
    pub(super) is_ephemeral: bool,
    pub(super) psks: Vec<PresharedKey>,
}

/// What a private key was named as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Static,
    Ephemeral,
}

/// The private keys of a set, each once.
#[derive(Clone, Default)]
pub(super) struct Pairs {
    pairs: Distinct<Pair>,
    by_public: HashMap<PublicKey, usize>,
}

impl Pairs {
    /// All of them, oldest first.
    pub(super) fn as_slice(&self) -> &[Pair] {
        self.pairs.as_slice()
    }

    /// The pair of a public key.
    pub(super) fn of(&self, public: &PublicKey) -> Option<&Pair> {
        self.by_public.get(public).and_then(|&at| self.as_slice().get(at))
    }

    /// The public half of a private key seen before: saves the derivation, which a key log that
    /// repeats the static key before each handshake would cost each time.
    pub(super) fn public_of(&self, private: &PrivateKey) -> Option<PublicKey> {
        let at = self.pairs.find(private.expose(), |pair| pair.private == *private)?;
        self.as_slice().get(at).map(|pair| pair.public)
    }

    /// Keeps a private key under its public half.
    pub(super) fn insert(&mut self, public: PublicKey, private: &PrivateKey, role: Role) {
        // An unclamped key and its clamped form have one public key and are one pair.
        let at = *self.by_public.entry(public).or_insert_with(|| {
            let pair = Pair {
                public,
                private: private.clone(),
                is_static: false,
                is_ephemeral: false,
                psks: Vec::new(),
            };
            self.pairs.push(private.expose(), pair)
        });
        let Some(pair) = self.pairs.at_mut(at) else { return };
        match role {
            Role::Static => pair.is_static = true,
            Role::Ephemeral => pair.is_ephemeral = true,
        }
    }

    /// Notes that `psk` stood beside an ephemeral key.
    pub(super) fn attach(&mut self, ephemeral: &PublicKey, psk: &PresharedKey) {
        let at = self.by_public.get(ephemeral);
        let Some(pair) = at.and_then(|&at| self.pairs.at_mut(at)) else { return };
        if pair.psks.len() < MAX_PSKS && !pair.psks.contains(psk) {
            push_wiping(&mut pair.psks, psk.clone());
        }
    }
}
