//! The lines of key log files.

use std::fmt::{self, Write};

use wgtrace_wire::wireguard::SessionIndex;

use super::{HandshakeKeys, SessionKeys};
use crate::capture::Timestamp;
use crate::key::{PresharedKey, PrivateKey, PublicKey, TransportKey};
use crate::keypair::Direction;

// Wireshark: doc of preference wg.keylog_file.
pub(crate) const STATIC_PRIVATE: &str = "LOCAL_STATIC_PRIVATE_KEY";
pub(crate) const STATIC_PUBLIC: &str = "REMOTE_STATIC_PUBLIC_KEY";
pub(crate) const EPHEMERAL_PRIVATE: &str = "LOCAL_EPHEMERAL_PRIVATE_KEY";
pub(crate) const PRESHARED: &str = "PRESHARED_KEY";

/// Writes the lines with which Wireshark decrypts a session whose handshake it sees.
///
/// They hold the node's private key. The preshared key, left out when there is none, stands directly
/// behind its ephemeral key, where alone Wireshark connects them.
pub fn write_handshake(out: &mut impl Write, keys: &HandshakeKeys<'_>) -> fmt::Result {
    write_static(out, keys.remote_static, None)?;
    write_static(out, &keys.local_static.public(), Some(keys.local_static))?;
    write_ephemeral(out, keys.local_ephemeral, keys.psk)
}

/// Writes a static key: private where it is known, else public.
pub fn write_static(out: &mut impl Write, public: &PublicKey, private: Option<&PrivateKey>) -> fmt::Result {
    match private {
        Some(private) => writeln!(out, "{STATIC_PRIVATE} = {}", *private.expose_base64()),
        None => writeln!(out, "{STATIC_PUBLIC} = {public}"),
    }
}

/// Writes an ephemeral key and directly behind it the preshared key, unless there is none.
pub fn write_ephemeral(out: &mut impl Write, ephemeral: &PrivateKey, psk: &PresharedKey) -> fmt::Result {
    writeln!(out, "{EPHEMERAL_PRIVATE} = {}", *ephemeral.expose_base64())?;
    if psk.is_zero() {
        return Ok(());
    }
    writeln!(out, "{PRESHARED} = {}", *psk.expose_base64())
}

/// A transport key with what is known about it.
///
/// `0xRECEIVER base64key [send|recv] [t=unix.ns] [peer=base64]`: the first two fields are the classic
/// form of WireGuard's extract-keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransportLine {
    /// Receiver index in the messages that this key opens.
    pub receiver: SessionIndex,
    /// The key.
    pub key: TransportKey,
    /// Seen from the end that exports it.
    pub direction: Option<Direction>,
    /// When the session began.
    pub time: Option<Timestamp>,
    /// The other end.
    pub peer: Option<PublicKey>,
}

impl TransportLine {
    /// Writes the line, with its end.
    pub fn write(&self, out: &mut impl Write) -> fmt::Result {
        write!(out, "{} {}", self.receiver, *self.key.expose_base64())?;
        match self.direction {
            Some(Direction::Send) => out.write_str(" send")?,
            Some(Direction::Receive) => out.write_str(" recv")?,
            None => {}
        }
        if let Some(Timestamp(nanos)) = self.time {
            let sign = if nanos < 0 { "-" } else { "" };
            let (seconds, rest) =
                (nanos.unsigned_abs() / 1_000_000_000, nanos.unsigned_abs() % 1_000_000_000);
            write!(out, " t={sign}{seconds}.{rest:09}")?;
        }
        if let Some(peer) = &self.peer {
            write!(out, " peer={peer}")?;
        }
        writeln!(out)
    }
}

impl SessionKeys {
    /// Both keys as lines, the sending one first.
    pub fn lines(&self, time: Option<Timestamp>) -> [TransportLine; 2] {
        let line = |receiver, key: &TransportKey, direction| TransportLine {
            receiver,
            key: key.clone(),
            direction: Some(direction),
            time,
            peer: Some(self.peer),
        };
        [line(self.remote, &self.send, Direction::Send), line(self.local, &self.receive, Direction::Receive)]
    }
}

#[cfg(test)]
mod tests {
    use crate::keypair::Role;

    use super::*;

    #[test]
    fn wireshark_lines_name_the_preshared_key_right_behind_its_ephemeral() {
        let (local_static, local_ephemeral) =
            (PrivateKey::from_bytes([1; 32]), PrivateKey::from_bytes([2; 32]));
        let remote_static = PublicKey::from_bytes([3; 32]);
        let with = |psk: &PresharedKey| {
            let mut text = String::new();
            let keys = HandshakeKeys {
                local_static: &local_static,
                remote_static: &remote_static,
                local_ephemeral: &local_ephemeral,
                psk,
            };
            write_handshake(&mut text, &keys).unwrap();
            text
        };
        let lines = "REMOTE_STATIC_PUBLIC_KEY = AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM=\n\
            LOCAL_STATIC_PRIVATE_KEY = AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\n\
            LOCAL_EPHEMERAL_PRIVATE_KEY = AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=\n";
        let psk = "PRESHARED_KEY = BAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQ=\n";
        assert_eq!(with(&PresharedKey::from_bytes([4; 32])), format!("{lines}{psk}"));
        assert_eq!(with(&PresharedKey::NONE), lines);
    }

    #[test]
    fn transport_lines_carry_index_key_direction_time_and_peer() {
        let keys = SessionKeys {
            role: Role::Initiator,
            local: SessionIndex(0x0a0b_0c0d),
            remote: SessionIndex(0xfeed_0001),
            peer: PublicKey::from_bytes([5; 32]),
            send: TransportKey::from_bytes([1; 32]),
            receive: TransportKey::from_bytes([2; 32]),
        };
        let mut text = String::new();
        for line in keys.lines(Some(Timestamp(1_532_126_331_000_000_042))) {
            line.write(&mut text).unwrap();
        }
        let rest = "t=1532126331.000000042 peer=BQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQU=";
        assert_eq!(
            text,
            format!(
                "0xfeed0001 AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE= send {rest}\n\
                 0x0a0b0c0d AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI= recv {rest}\n"
            )
        );
    }

    #[test]
    fn what_is_not_known_is_left_out_and_times_before_1970_keep_their_sign() {
        let key = TransportKey::from_bytes([1; 32]);
        let line = TransportLine { receiver: SessionIndex(1), key, direction: None, time: None, peer: None };
        let mut text = String::new();
        line.write(&mut text).unwrap();
        TransportLine { time: Some(Timestamp(-1_500_000_000)), ..line }.write(&mut text).unwrap();
        let front = "0x00000001 AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
        assert_eq!(text, format!("{front}\n{front} t=-1.500000000\n"));
    }
}
