//! What stands behind a word.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use wgtrace_abi::{DropReason, Hook, Verdict};

use super::error::Fault;

/// Addresses that begin alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Network {
    pub(super) address: IpAddr,
    pub(super) length: u8,
}

impl Network {
    /// An address, or a network without bits beyond its length.
    pub(super) fn read(text: &str) -> Result<Self, Fault> {
        let fault = || Fault::value(text, "an address or a network such as 10.0.2.0/24");
        let (address, length) = text.split_once('/').map_or((text, None), |(a, b)| (a, Some(b)));
        let address: IpAddr = address.parse().map_err(|_| fault())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let length = match length {
            None => most,
            Some(digits) => number(digits).filter(|length| *length <= most).ok_or_else(fault)?,
        };
        let network = masked(address, length);
        if network != address {
            return Err(Fault::HostBits(Fault::shown(text), format!("{network}/{length}")));
        }
        Ok(Self { address, length })
    }

    pub(super) fn contains(self, address: IpAddr) -> bool {
        address.is_ipv4() == self.address.is_ipv4() && masked(address, self.length) == self.address
    }
}

fn masked(address: IpAddr, length: u8) -> IpAddr {
    match address {
        IpAddr::V4(v4) => {
            let mask = u32::MAX.checked_shl(32_u32.saturating_sub(length.into())).unwrap_or(0);
            Ipv4Addr::from_bits(v4.to_bits() & mask).into()
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX.checked_shl(128_u32.saturating_sub(length.into())).unwrap_or(0);
            Ipv6Addr::from_bits(v6.to_bits() & mask).into()
        }
    }
}

/// Ports from one to another, both included; 0 is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ports {
    pub(super) first: u16,
    pub(super) last: u16,
}

impl Ports {
    pub(super) fn read(text: &str) -> Result<Self, Fault> {
        let fault = || Fault::value(text, "a port, 1 to 65535, or a range such as 8000-8080");
        let port = |digits| number(digits).filter(|port: &u16| *port != 0);
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let ports = port(first).zip(port(last)).filter(|(first, last)| first <= last);
        ports.map(|(first, last)| Self { first, last }).ok_or_else(fault)
    }

    pub(super) fn contains(self, port: u32) -> bool {
        (u32::from(self.first)..=u32::from(self.last)).contains(&port)
    }
}

/// A protocol by name or number.
pub(super) fn protocol(text: &str) -> Result<u8, Fault> {
    let named = PROTOCOLS.iter().find(|(name, _)| text.eq_ignore_ascii_case(name)).map(|(_, number)| *number);
    named.or_else(|| number(text)).ok_or_else(|| {
        Fault::no_such(
            text,
            "protocol",
            PROTOCOLS.map(|(name, _)| name),
            "tcp, udp, icmp, icmp6, or a number, 0 to 255",
        )
    })
}

/// A drop reason by its number or its words.
pub(super) fn reason(text: &str) -> Result<DropReason, Fault> {
    let all = || (0..=u8::MAX).map(DropReason);
    let named = || all().find(|reason| reason.words().is_some_and(|words| alike(words, text)));
    number(text).map(DropReason).or_else(named).ok_or_else(|| {
        Fault::no_such(text, "drop reason", all().filter_map(DropReason::words), "its number or its words")
    })
}

/// A hook by its name.
pub(super) fn hook(text: &str) -> Result<Hook, Fault> {
    let names = Hook::ALL.map(Hook::name);
    let found = Hook::ALL.into_iter().find(|hook| text.eq_ignore_ascii_case(hook.name()));
    found.ok_or_else(|| Fault::no_such(text, "hook", names, &names.join(", ")))
}

/// A verdict by its name.
pub(super) fn verdict(text: &str) -> Result<Verdict, Fault> {
    let names = Verdict::ALL.map(Verdict::name);
    let found = Verdict::ALL.into_iter().find(|verdict| text.eq_ignore_ascii_case(verdict.name()));
    found.ok_or_else(|| Fault::no_such(text, "verdict", names, &names.join(", ")))
}

/// The state of a TCP connection.
pub(super) fn state(text: &str) -> Result<&'static str, Fault> {
    let found = STATES.into_iter().find(|state| alike(state, text));
    found.ok_or_else(|| Fault::no_such(text, "state", STATES, &STATES.join(", ")))
}

/// The kind of a WireGuard message, as the API names it.
pub(super) fn message(text: &str) -> Result<&'static str, Fault> {
    let found = MESSAGES.into_iter().find(|kind| {
        let letters = text.bytes().filter(|byte| !matches!(byte, b'-' | b'_' | b' '));
        letters.map(|byte| byte.to_ascii_lowercase()).eq(kind.bytes().map(|byte| byte.to_ascii_lowercase()))
    });
    found.ok_or_else(|| Fault::no_such(text, "message", MESSAGES, &MESSAGES.join(", ")))
}

/// Digits and nothing else.
fn number<T: std::str::FromStr>(digits: &str) -> Option<T> {
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

/// Capitals, and what is between words, make no difference.
fn alike(words: &str, text: &str) -> bool {
    let plain = |byte: u8| if matches!(byte, b'-' | b'_') { b' ' } else { byte.to_ascii_lowercase() };
    words.bytes().map(plain).eq(text.bytes().map(plain))
}

pub(super) const PROTOCOLS: [(&str, u8); 8] = [
    ("tcp", 6),
    ("udp", 17),
    ("icmp", 1),
    ("icmp6", 58),
    ("igmp", 2),
    ("gre", 47),
    ("esp", 50),
    ("sctp", 132),
];
/// As the flow table names them.
pub(super) const STATES: [&str; 6] =
    ["syn-sent", "syn-received", "established", "closing", "closed", "reset"];
/// As `v1::WireguardMessage` names them.
pub(super) const MESSAGES: [&str; 5] =
    ["Initiation", "Response", "CookieReply", "TransportData", "Keepalive"];
