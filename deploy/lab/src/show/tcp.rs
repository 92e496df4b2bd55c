//! TCP segments, as tcpdump prints them.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::net::Ipv4Addr;

use wgtrace_wire::Tcp;
use wgtrace_wire::tcp::Flags;

use super::http::http;

/// The connections seen so far: sequence numbers are told from their beginnings on.
#[derive(Debug, Default)]
pub(super) struct Conversations {
    begun: HashMap<Ends, [u32; 2]>,
}

/// The two ends of a connection, the greater one first (tcpdump: print-tcp.c).
type Ends = [(u16, Ipv4Addr); 2];

impl Conversations {
    /// Writes a segment between two addresses.
    pub(super) fn segment(
        &mut self,
        (src, dst): (Ipv4Addr, Ipv4Addr),
        tcp: &Tcp<'_>,
        line: &mut String,
    ) -> std::fmt::Result {
        let (sport, dport, flags) = (tcp.src_port(), tcp.dst_port(), tcp.flags());
        let len = u32::try_from(tcp.payload().len()).unwrap_or(u32::MAX);
        let (sequence, acknowledgment) = self.numbers([(sport, src), (dport, dst)], tcp);
        write!(line, "{src}.{sport} > {dst}.{dport}: Flags [{}]", Letters(flags))?;
        let counts = [Flags::SYN, Flags::FIN, Flags::RST].into_iter().any(|flag| flags.contains(flag));
        if len != 0 || counts {
            write!(line, ", seq {sequence}")?;
        }
        if len != 0 {
            write!(line, ":{}", sequence.wrapping_add(len))?;
        }
        if flags.contains(Flags::ACK) {
            write!(line, ", ack {acknowledgment}")?;
        }
        write!(line, ", win {}", tcp.window())?;
        if flags.contains(Flags::URG) {
            write!(line, ", urg {}", tcp.urgent())?;
        }
        let options = options(tcp.options_bytes());
        if !options.is_empty() {
            write!(line, ", options [{options}]")?;
        }
        write!(line, ", length {len}")?;
        if [sport, dport].iter().any(|port| HTTP_PORTS.contains(port)) && len != 0 {
            write!(line, ": {}", http(tcp.payload()))?;
        }
        Ok(())
    }

    /// Sequence and acknowledgment as they are told.
    fn numbers(&mut self, [from, to]: Ends, tcp: &Tcp<'_>) -> (u32, u32) {
        let (sequence, acknowledgment) = (tcp.sequence(), tcp.acknowledgment());
        if !tcp.flags().contains(Flags::ACK) {
            return (sequence, acknowledgment);
        }
        let is_first_greater = from > to;
        let ends = if is_first_greater { [from, to] } else { [to, from] };
        let known = self.begun.get(&ends).filter(|_| !tcp.flags().contains(Flags::SYN));
        let Some([of_greater, of_other]) = known else {
            let before = acknowledgment.wrapping_sub(1);
            let begun = if is_first_greater { [sequence, before] } else { [before, sequence] };
            self.begun.insert(ends, begun);
            return (sequence, acknowledgment);
        };
        let (mine, yours) = if is_first_greater { (of_greater, of_other) } else { (of_other, of_greater) };
        (sequence.wrapping_sub(*mine), acknowledgment.wrapping_sub(*yours))
    }
}

/// Flags, of which none at all is a word.
struct Letters(Flags);

impl std::fmt::Display for Letters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0 == Flags(0) { f.write_str("none") } else { self.0.fmt(f) }
    }
}

/// Every option, the padding among them too.
fn options(mut list: &[u8]) -> String {
    let mut words = Vec::new();
    while let [kind, rest @ ..] = list {
        match (kind, rest) {
            (0, _) => {
                words.push("eol".to_owned());
                break;
            }
            (1, _) => {
                words.push("nop".to_owned());
                list = rest;
            }
            (kind, [len, ..]) => {
                let Some((option, behind)) = list.split_at_checked(usize::from(*len).max(2)) else {
                    words.push("[bad opt]".to_owned());
                    break;
                };
                words.push(option_words(*kind, option.get(2..).unwrap_or_default()));
                list = behind;
            }
            (_, []) => {
                words.push("[|tcp]".to_owned());
                break;
            }
        }
    }
    words.join(",")
}

fn option_words(kind: u8, data: &[u8]) -> String {
    match (kind, data) {
        (2, &[high, low]) => format!("mss {}", u16::from_be_bytes([high, low])),
        (3, &[shift]) => format!("wscale {shift}"),
        (4, []) => "sackOK".to_owned(),
        (5, _) => format!("sack {}", data.len() / 8),
        (8, clocks) if clocks.len() == 8 => {
            let clock = |bytes: &[u8]| bytes.iter().fold(0_u32, |clock, byte| clock << 8 | u32::from(*byte));
            let (value, echo) = clocks.split_at(4);
            format!("TS val {} ecr {}", clock(value), clock(echo))
        }
        (kind, _) => format!("unknown-{kind}"),
    }
}

/// tcpdump: `HTTP_PORT`, `HTTP_PORT_ALT`
const HTTP_PORTS: [u16; 3] = [80, 3128, 8080];
