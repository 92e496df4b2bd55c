//! Reading transport keys: `0xRECEIVER base64key [send|recv] [t=unix.ns] [peer=base64]`.

use wgtrace_wire::wireguard::SessionIndex;

use super::complaint::Fault;
use super::reading::parse_key;
use crate::capture::Timestamp;
use crate::key::{PublicKey, TransportKey};
use crate::keylog::TransportLine;
use crate::keypair::Direction;

const NANOS: u64 = 1_000_000_000;

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
                "recv" => line.direction.replace(Direction::Receive).is_some(),
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
