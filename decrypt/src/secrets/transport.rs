//! Transport keys as text: `0xRECEIVER base64key [send|recv] [t=unix.ns] [peer=base64]`.

use std::fmt::Write as _;

use wgtrace_wire::wireguard::SessionIndex;
use zeroize::Zeroizing;

use super::complaint::Fault;
use super::reading::parse_key;
use crate::capture::Timestamp;
use crate::key::{PublicKey, TransportKey};

/// No line is longer, its end included.
const MAX_LINE: usize = 144;
const NANOS: u64 = 1_000_000_000;

/// Which way the messages under a key went, seen from where the key was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Direction {
    /// They were sent.
    Send,
    /// They were received.
    Recv,
}

/// The key of one direction of one session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransportLine {
    /// Index that the messages under this key carry.
    pub receiver: SessionIndex,
    /// The key.
    pub key: TransportKey,
    /// Which way, where the line tells.
    pub direction: Option<Direction>,
    /// When the session began, where the line tells.
    pub time: Option<Timestamp>,
    /// The other side's static public key, where the line tells.
    pub peer: Option<PublicKey>,
}

impl TransportLine {
    /// Reads one line; the fields behind the key come in any order.
    ///
    /// # Errors
    /// The [`Fault`] of the first field that cannot be read.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let mut fields = (1..).zip(text.split_whitespace());
        let receiver = fields.next().and_then(|(_, field)| parse_index(field)).ok_or(Fault::BadIndex)?;
        let (_, key) = fields.next().ok_or(Fault::MissingKey)?;
        let key = TransportKey::from_bytes(*parse_key("transport key", key)?);
        if key.is_zero() {
            return Err(Fault::ZeroKey);
        }
        let mut line = Self { receiver, key, direction: None, time: None, peer: None };
        for (number, field) in fields {
            let repeated = match field {
                "send" => line.direction.replace(Direction::Send).is_some(),
                "recv" => line.direction.replace(Direction::Recv).is_some(),
                _ => match field.split_once('=') {
                    Some(("t", time)) => {
                        let time = parse_time(time).ok_or(Fault::BadTime)?;
                        line.time.replace(time).is_some()
                    }
                    Some(("peer", peer)) => {
                        let peer = PublicKey::from_bytes(*parse_key("peer", peer)?);
                        line.peer.replace(peer).is_some()
                    }
                    _ => return Err(Fault::UnknownField { number }),
                },
            };
            if repeated {
                return Err(Fault::RepeatedField { number });
            }
        }
        Ok(line)
    }
}

/// The text that says `lines`, one each.
pub fn lines<'a>(lines: impl ExactSizeIterator<Item = &'a TransportLine>) -> Zeroizing<String> {
    // Reserved at once: an outgrown allocation would leave its keys behind.
    let mut text = Zeroizing::new(String::with_capacity(lines.len().saturating_mul(MAX_LINE)));
    for line in lines {
        // Writing to a string cannot fail.
        _ = write!(text, "{} {}", line.receiver, *line.key.expose_base64());
        if let Some(direction) = line.direction {
            text.push_str(match direction {
                Direction::Send => " send",
                Direction::Recv => " recv",
            });
        }
        if let Some(Timestamp(nanos)) = line.time {
            let sign = if nanos < 0 { "-" } else { "" };
            let nanos = nanos.unsigned_abs();
            _ = write!(text, " t={sign}{}.{:09}", nanos / NANOS, nanos % NANOS);
        }
        if let Some(peer) = line.peer {
            _ = write!(text, " peer={peer}");
        }
        text.push('\n');
    }
    text
}

fn parse_index(field: &str) -> Option<SessionIndex> {
    let digits = field.strip_prefix("0x").or_else(|| field.strip_prefix("0X"))?;
    let valid = (1..=8).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    valid.then(|| u32::from_str_radix(digits, 16).ok().map(SessionIndex))?
}

fn parse_time(field: &str) -> Option<Timestamp> {
    let (negative, field) = field.strip_prefix('-').map_or((false, field), |rest| (true, rest));
    let (seconds, decimals) = field.split_once('.').unwrap_or((field, "0"));
    let all_digits = |text: &str| !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit());
    if !all_digits(seconds) || !all_digits(decimals) || decimals.len() > 9 {
        return None;
    }
    let scale = 10_u64.checked_pow(u32::try_from(9 - decimals.len()).ok()?)?;
    let nanos = decimals.parse::<u64>().ok()?.checked_mul(scale)?;
    let total = seconds.parse::<u64>().ok()?.checked_mul(NANOS)?.checked_add(nanos)?;
    let signed = if negative { 0_i64.checked_sub_unsigned(total) } else { i64::try_from(total).ok() };
    signed.map(Timestamp)
}

#[cfg(test)]
mod tests;
