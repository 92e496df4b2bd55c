//! Keys of the sessions in this capture as text, for a Decryption Secrets Block or a file.

use std::collections::HashSet;

use zeroize::Zeroizing;

use super::Sessions;
use crate::key::PublicKey;
use crate::keylog::{TransportLine, write_ephemeral, write_static};
use crate::keypair::Direction;
use crate::session::{Opener, Origin, Session};

impl Sessions {
    /// Transport keys, one a line: they open these sessions and nothing else.
    pub fn transport_lines(&self) -> Zeroizing<String> {
        let mut openers: Vec<&Opener> = self.openers.values().flatten().collect();
        openers.sort_by_key(|opener| (opener.session, opener.sender as u8));
        let mut lines = Zeroizing::new(String::with_capacity(openers.len() * LINE));
        for opener in openers {
            if let Some(session) = self.session(opener.session) {
                // Writing to a string cannot fail.
                let _ = line(session, opener).write(&mut *lines);
            }
        }
        lines
    }

    /// What Wireshark needs to decrypt the sessions whose handshake is in the capture: static and
    /// ephemeral private keys, and preshared keys.
    pub fn wireshark_lines(&self) -> Zeroizing<String> {
        let mut lines = Zeroizing::new(String::with_capacity(self.established.len() * 4 * LINE));
        let mut written = HashSet::new();
        for session in &self.established {
            let Origin::Handshake { psk, ephemerals, .. } = &session.origin else { continue };
            for public in [session.initiator.public, session.responder.public].into_iter().flatten() {
                if written.insert(public) {
                    let _ = write_static(&mut *lines, &public, self.secrets.private_of(&public));
                }
            }
            for private in ephemerals.iter().filter_map(|public: &PublicKey| self.secrets.private_of(public))
            {
                let _ = write_ephemeral(&mut *lines, private, psk);
            }
        }
        lines
    }

    /// Sessions that Wireshark cannot decrypt from [`Sessions::wireshark_lines`]: no handshake.
    pub fn without_handshake(&self) -> usize {
        self.established
            .iter()
            .filter(|session| matches!(session.origin, Origin::TransportKeys { .. }))
            .count()
    }
}

/// Room for one line, so that no reallocation leaves key material behind.
const LINE: usize = 192;

fn line(session: &Session, opener: &Opener) -> TransportLine {
    let time = match &session.origin {
        Origin::Handshake { response, .. } => Some(response.time),
        Origin::TransportKeys { time } => *time,
    };
    let direction =
        session.local.map(|local| if local == opener.sender { Direction::Send } else { Direction::Receive });
    let peer = session.local.and_then(|local| session.side(local.other()).public);
    TransportLine { receiver: opener.receiver, key: opener.key.clone(), direction, time, peer }
}
