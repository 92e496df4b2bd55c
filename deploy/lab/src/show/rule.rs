//! Rules that choose a routing table, as `ip rule` prints them.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "of netlink's words only those that concern us, now and later"
)]

use std::fmt;

use anyhow::Result;
use rtnetlink::packet_route::rule::{RuleAttribute, RuleMessage};
use rtnetlink::packet_route::{AddressFamily, RouteNetlinkMessage};

use super::netlink::list;

/// A rule of IPv4.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rule {
    /// Asked from the least on.
    pub priority: u32,
    /// Mark and mask.
    pub mark: Option<(u32, u32)>,
    /// The table it leads to.
    pub table: u32,
    /// Who made it.
    pub protocol: u8,
    /// It looks at more than a mark, which is not shown.
    pub has_more: bool,
}

/// The rules of IPv4 in the calling thread's namespace, in their order.
///
/// # Errors
/// When the kernel does not answer.
pub fn read_rules() -> Result<Vec<Rule>> {
    let mut request = RuleMessage::default();
    request.header.family = AddressFamily::Inet;
    let messages = list(&RouteNetlinkMessage::GetRule(request))?;
    let rules = messages.iter().filter_map(|message| match message {
        RouteNetlinkMessage::NewRule(message) => Some(read(message)),
        _ => None,
    });
    Ok(rules.collect())
}

fn read(message: &RuleMessage) -> Rule {
    let header = &message.header;
    let mut rule = Rule {
        table: header.table.into(),
        has_more: header.dst_len != 0 || header.src_len != 0 || header.tos != 0,
        ..Rule::default()
    };
    let (mut mark, mut mask) = (None, u32::MAX);
    for attribute in &message.attributes {
        match attribute {
            RuleAttribute::Priority(number) => rule.priority = *number,
            RuleAttribute::FwMark(number) => mark = Some(*number),
            RuleAttribute::FwMask(number) => mask = *number,
            RuleAttribute::Table(number) => rule.table = *number,
            RuleAttribute::Protocol(protocol) => rule.protocol = (*protocol).into(),
            // no limit
            RuleAttribute::SuppressPrefixLen(u32::MAX) => {}
            _ => rule.has_more = true,
        }
    }
    rule.mark = mark.map(|mark| (mark, mask));
    rule
}

impl fmt::Display for Rule {
    // iproute2: ip/iprule.c, print_rule
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:\tfrom all", self.priority)?;
        match self.mark {
            Some((mark, u32::MAX)) => write!(f, " fwmark {mark:#x}")?,
            Some((mark, mask)) => write!(f, " fwmark {mark:#x}/{mask:#x}")?,
            None => {}
        }
        if self.has_more {
            f.write_str(" ..")?;
        }
        match self.table {
            255 => f.write_str(" lookup local")?,
            254 => f.write_str(" lookup main")?,
            253 => f.write_str(" lookup default")?,
            number => write!(f, " lookup {number}")?,
        }
        match self.protocol {
            0 | KERNEL => Ok(()),
            number => write!(f, " proto {number}"),
        }
    }
}

/// linux: `RTPROT_KERNEL`
const KERNEL: u8 = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_read_as_in_the_walkthrough() {
        let local = Rule { table: 255, protocol: 2, ..Rule::default() };
        let encrypt = Rule { priority: 1, mark: Some((0xe00, 0xf00)), table: 201, ..Rule::default() };
        assert_eq!(local.to_string(), "0:\tfrom all lookup local");
        assert_eq!(encrypt.to_string(), "1:\tfrom all fwmark 0xe00/0xf00 lookup 201");
        let ours = Rule { protocol: 200, ..encrypt };
        assert_eq!(ours.to_string(), "1:\tfrom all fwmark 0xe00/0xf00 lookup 201 proto 200");
    }
}
