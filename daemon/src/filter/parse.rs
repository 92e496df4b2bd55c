//! From words to alternatives of conditions.

use std::net::IpAddr;

use wgtrace_abi::{Prefix, Rule};

use super::condition::{self, Conditions, Ports};
use super::{Fault, FilterError};

/// The rules of an expression; none for an empty one.
pub(super) fn rules(expression: &str) -> Result<Vec<Rule>, FilterError> {
    let words = words(expression);
    if words.is_empty() {
        return Ok(Vec::new());
    }
    let mut parser = Parser { words: &words, at: 0 };
    let mut alternatives = Vec::new();
    loop {
        alternatives.extend(parser.conjunction()?);
        match parser.take() {
            Some((_, "or" | "||")) => {}
            Some((column, word)) => return Err(FilterError { column, fault: unexpected(word) }),
            None => return Ok(condition::rules(&alternatives)),
        }
    }
}

type Word<'a> = (usize, &'a str);

struct Parser<'a> {
    words: &'a [Word<'a>],
    at: usize,
}

/// On which side an address or a port is asked for.
#[derive(Clone, Copy)]
enum Side {
    Source,
    Destination,
    Either,
}

impl<'a> Parser<'a> {
    fn conjunction(&mut self) -> Result<Vec<Conditions>, FilterError> {
        let start = self.column();
        let mut together = vec![Conditions::default()];
        loop {
            let (alternatives, is_protocol) = self.condition()?;
            together = together
                .iter()
                .flat_map(|one| alternatives.iter().filter_map(|other| one.and(other).ok()))
                .collect();
            together.dedup();
            if together.len() > MOST_ALTERNATIVES {
                return Err(FilterError {
                    column: start,
                    fault: Fault::TooManyRules { have: together.len() },
                });
            }
            match self.peek() {
                Some((_, "and" | "&&")) => self.at += 1,
                // `tcp port 80`, `ip host 10.0.0.1`
                Some((_, word)) if is_protocol && starts_condition(word) => {}
                _ => break,
            }
        }
        if together.is_empty() {
            Err(FilterError { column: start, fault: Fault::Never })
        } else {
            Ok(together)
        }
    }

    /// One condition as its alternatives, and whether it named a protocol.
    fn condition(&mut self) -> Result<(Vec<Conditions>, bool), FilterError> {
        let column = self.column();
        let (_, word) = self.take().ok_or(FilterError { column, fault: Fault::Ends })?;
        let side = match word {
            "src" => Side::Source,
            "dst" => Side::Destination,
            _ => Side::Either,
        };
        if !matches!(side, Side::Either) {
            let column = self.column();
            let (_, next) = self.take().ok_or(FilterError { column, fault: Fault::Ends })?;
            // tcpdump: without a word between, `host` is meant
            if next.parse::<IpAddr>().is_ok() {
                self.at -= 1;
                return Ok((self.sided("host", side)?, false));
            }
            if !SIDED.contains(&next) {
                return Err(FilterError { column, fault: Fault::NoDirection(next.into()) });
            }
            return Ok((self.sided(next, side)?, false));
        }
        if SIDED.contains(&word) {
            return Ok((self.sided(word, side)?, false));
        }
        let conditions = match word {
            "tcp" => protocol(6),
            "udp" => protocol(17),
            "icmp" => Conditions { ethertype: Some(IPV4), ..protocol(1) },
            "icmp6" => Conditions { ethertype: Some(IPV6), ..protocol(58) },
            "arp" => Conditions { ethertype: Some(ARP), ..Conditions::default() },
            "ip" => Conditions { ethertype: Some(IPV4), ..Conditions::default() },
            "ip6" => Conditions { ethertype: Some(IPV6), ..Conditions::default() },
            "wireguard" => Conditions { wireguard: true, ..protocol(17) },
            "proto" => protocol(self.value("proto", "a protocol number, 0 to 255", protocol_number)?),
            _ => return Err(FilterError { column, fault: no_condition(word) }),
        };
        Ok((vec![conditions], true))
    }

    fn sided(&mut self, word: &str, side: Side) -> Result<Vec<Conditions>, FilterError> {
        let column = self.column();
        let (source, destination) = match word {
            "host" => {
                by_address(self.value(word, "an address", |text| Some((text.parse().ok()?, None)))?, column)?
            }
            "net" => by_address(self.value(word, "a network such as 10.0.2.0/24", network)?, column)?,
            "port" => by_ports(self.value(word, "a port, 1 to 65535", |text| {
                let port = text.parse().ok().filter(|port| *port != 0)?;
                Some((port, port))
            })?),
            _ => by_ports(self.value(word, "a range of ports such as 8000-8080", port_range)?),
        };
        Ok(match side {
            Side::Source => vec![source],
            Side::Destination => vec![destination],
            Side::Either => vec![source, destination],
        })
    }

    fn value<T>(
        &mut self,
        word: &str,
        what: &'static str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, FilterError> {
        let column = self.column();
        match self.take() {
            None => Err(FilterError { column, fault: Fault::NoValue(word.into(), what) }),
            Some((column, text)) => {
                read(text).ok_or_else(|| FilterError { column, fault: Fault::Value(text.into(), what) })
            }
        }
    }

    fn peek(&self) -> Option<Word<'a>> {
        self.words.get(self.at).copied()
    }

    fn take(&mut self) -> Option<Word<'a>> {
        let word = self.peek()?;
        self.at += 1;
        Some(word)
    }

    /// Where the next word is, or would be.
    fn column(&self) -> usize {
        let behind = |(column, word): &Word<'_>| column + word.chars().count() + 1;
        self.peek().map_or_else(|| self.words.last().map_or(1, behind), |(column, _)| column)
    }
}

fn protocol(number: u8) -> Conditions {
    Conditions { protocol: Some(number), ..Conditions::default() }
}

fn protocol_number(text: &str) -> Option<u8> {
    let named =
        [("icmp", 1), ("tcp", 6), ("udp", 17), ("gre", 47), ("esp", 50), ("icmp6", 58), ("sctp", 132)];
    text.parse().ok().or_else(|| named.iter().find(|(name, _)| *name == text).map(|(_, number)| *number))
}

type Network = (IpAddr, Option<u8>);

fn network(text: &str) -> Option<Network> {
    let Some((address, bits)) = text.split_once('/') else { return Some((text.parse().ok()?, None)) };
    let (address, bits) = (address.parse().ok()?, bits.parse().ok()?);
    Prefix::new(address, bits).map(|_| (address, Some(bits)))
}

fn by_address((address, bits): Network, column: usize) -> Result<(Conditions, Conditions), FilterError> {
    let (all_bits, ethertype) = if address.is_ipv4() { (32, IPV4) } else { (128, IPV6) };
    let bits = bits.unwrap_or(all_bits);
    let prefix = Prefix::new(address, bits).unwrap_or_default();
    let whole = Prefix::new(address, all_bits).unwrap_or_default();
    if prefix.address != whole.address {
        let meant = std::net::Ipv6Addr::from(prefix.address);
        let meant = meant.to_ipv4_mapped().map_or(IpAddr::V6(meant), IpAddr::V4);
        let fault = Fault::HostBits(format!("{address}/{bits}"), format!("{meant}/{bits}"));
        return Err(FilterError { column, fault });
    }
    let common = Conditions { ethertype: Some(ethertype), ..Conditions::default() };
    Ok((Conditions { source: prefix, ..common }, Conditions { destination: prefix, ..common }))
}

fn by_ports(ports: Ports) -> (Conditions, Conditions) {
    let any = Conditions::default();
    (Conditions { source_ports: Some(ports), ..any }, Conditions { destination_ports: Some(ports), ..any })
}

fn port_range(text: &str) -> Option<Ports> {
    let (low, high) = text.split_once('-')?;
    let (low, high) = (low.parse().ok()?, high.parse().ok()?);
    (low <= high && high != 0).then_some((low, high))
}

fn starts_condition(word: &str) -> bool {
    SIDED.contains(&word) || matches!(word, "src" | "dst")
}

fn no_condition(word: &str) -> Fault {
    if matches!(word, "not" | "!") || word.starts_with(['!', '(']) {
        Fault::NotPossible(word.into())
    } else {
        Fault::NoCondition(word.into())
    }
}

fn unexpected(word: &str) -> Fault {
    if word.starts_with([')', '(', '!']) {
        Fault::NotPossible(word.into())
    } else {
        Fault::NotJoined(word.into())
    }
}

/// Words with their columns, in characters from 1; parentheses stand alone.
fn words(expression: &str) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    let mut rest = expression;
    let mut column = 1;
    loop {
        let trimmed = rest.trim_start();
        column += rest.chars().count() - trimmed.chars().count();
        let Some(first) = trimmed.chars().next() else { return words };
        let end = match first {
            '(' | ')' => 1,
            _ => trimmed.find(|c: char| c.is_whitespace() || c == '(' || c == ')').unwrap_or(trimmed.len()),
        };
        let (word, behind) = trimmed.split_at(end);
        words.push((column, word));
        column += word.chars().count();
        rest = behind;
    }
}

const SIDED: [&str; 4] = ["host", "net", "port", "portrange"];
const IPV4: u16 = 0x0800;
const ARP: u16 = 0x0806;
const IPV6: u16 = 0x86dd;
/// Alternatives of one conjunction before mirror images are joined: a bound on what a long line can cost.
const MOST_ALTERNATIVES: usize = 4 * wgtrace_abi::filter::MAX_RULES;
