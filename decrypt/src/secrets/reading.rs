//! From the lines of one text into the set.

use std::str;

use zeroize::Zeroizing;

use super::Secrets;
use super::complaint::{Complaint, Complaints, Fault};
use super::line::{Kind, Line, Name, contents};
use super::looks::Looks;
use super::pairs::Role;
use crate::key::{self, KEY_LEN, PresharedKey, PrivateKey, PublicKey};
use crate::keylog::TransportLine;

/// Adds what `text` holds.
pub(super) fn read(secrets: &mut Secrets, text: &[u8], origin: &str) -> Vec<Complaint> {
    let mut complaints = Complaints::new(origin);
    if let Some(looks) = Looks::by_magic(text) {
        return complaints.only(Fault::NoKeys(looks));
    }
    let mut reading = Reading { secrets, ephemeral: None, in_section: false };
    if let Some((number, private)) = bare_key(text) {
        if let Err(fault) = reading.secrets.insert_private(&private, Role::Static) {
            complaints.push(number, fault);
        }
        return complaints.finish();
    }

    let (mut any_key, mut any_known) = (false, false);
    for (number, line) in contents(text) {
        match reading.line(line) {
            Ok(Gave::Key) => any_key = true,
            Ok(Gave::NoKey) => any_known = true,
            Err(fault) => {
                any_known |= !matches!(fault, Fault::UnknownLine | Fault::NotUtf8);
                complaints.push(number, fault);
            }
        }
    }
    if !any_key && !any_known {
        return complaints.only(Fault::NoKeys(Looks::of_unrecognised(text)));
    }
    if !any_key && complaints.is_empty() {
        return complaints.only(Fault::NoKeys(Looks::Keyless));
    }
    complaints.finish()
}

/// The key in a text of exactly one line with nothing else on it (`wg genkey > private.key`).
fn bare_key(text: &[u8]) -> Option<(usize, PrivateKey)> {
    let mut lines = contents(text);
    let (number, line) = lines.next()?;
    let key = key::parse(str::from_utf8(line).ok()?)?;
    lines.next().is_none().then(|| (number, PrivateKey::from_bytes(*key)))
}

/// What a line in good order came to.
enum Gave {
    Key,
    NoKey,
}

/// State carried from line to line.
struct Reading<'a> {
    secrets: &'a mut Secrets,
    /// The ephemeral key that the next preshared key belongs to.
    ephemeral: Option<PublicKey>,
    /// Settings without a key are only to be expected in a configuration.
    in_section: bool,
}

impl Reading<'_> {
    fn line(&mut self, line: &[u8]) -> Result<Gave, Fault> {
        let text = str::from_utf8(line).map_err(|_| Fault::NotUtf8)?.trim();
        match Line::of(text) {
            Line::Section => {
                self.in_section = true;
                Ok(Gave::NoKey)
            }
            Line::Handshake => {
                self.ephemeral = None;
                Ok(Gave::NoKey)
            }
            Line::Transport(text) => {
                self.secrets.insert_transport(&TransportLine::parse(text)?)?;
                Ok(Gave::Key)
            }
            Line::Key(name, value) => {
                self.key(name, value)?;
                Ok(Gave::Key)
            }
            Line::Setting(value) if key::parse(value).is_some() => Err(Fault::UnknownName),
            Line::Setting(_) if self.in_section => Ok(Gave::NoKey),
            Line::Setting(_) | Line::Unknown => Err(Fault::UnknownLine),
        }
    }

    fn key(&mut self, name: Name, value: &str) -> Result<(), Fault> {
        match name.kind {
            Kind::StaticPrivate => {
                let private = PrivateKey::from_bytes(*parse_key(name.text, value)?);
                self.secrets.insert_private(&private, Role::Static)?;
            }
            Kind::StaticPublic => {
                let public = PublicKey::from_bytes(*parse_key(name.text, value)?);
                self.secrets.insert_public(public)?;
            }
            Kind::EphemeralPrivate => {
                // Gone even when this line is damaged: the next preshared key is not the older one's.
                self.ephemeral = None;
                let private = PrivateKey::from_bytes(*parse_key(name.text, value)?);
                self.ephemeral = Some(self.secrets.insert_private(&private, Role::Ephemeral)?);
            }
            Kind::ScopedPreshared => {
                // wireshark: packet-wireguard.c, one preshared key for each mention of an ephemeral key
                let ephemeral = self.ephemeral.take();
                let psk = PresharedKey::from_bytes(*parse_key(name.text, value)?);
                self.secrets.insert_psk(&psk, ephemeral.as_ref())?;
            }
            Kind::LoosePreshared => {
                let psk = PresharedKey::from_bytes(*parse_key(name.text, value)?);
                self.secrets.insert_psk(&psk, None)?;
            }
        }
        Ok(())
    }
}

/// Reads the key that `name` announces.
pub(super) fn parse_key(name: &'static str, value: &str) -> Result<Zeroizing<[u8; KEY_LEN]>, Fault> {
    key::parse(value).ok_or_else(|| match value.chars().count() {
        44 | 64 => Fault::NotAKey { name },
        have => Fault::WrongLength { name, have },
    })
}
