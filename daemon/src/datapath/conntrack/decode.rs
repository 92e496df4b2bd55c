//! Entries out of attributes (linux: `uapi/linux/netfilter/nfnetlink_conntrack.h`; the names of constants are that file's).

use std::net::IpAddr;

use super::{Counters, Entry, Flow, Ports, Protocol, State, Status};
use crate::datapath::nfnetlink::{Malformed, Value, attributes};

/// Reads an entry.
pub(super) fn entry(message: &[u8]) -> Result<Entry, Malformed> {
    let (mut original, mut reply) = (None, None);
    let mut entry = Entry {
        original: Flow::UNKNOWN,
        reply: Flow::UNKNOWN,
        status: Status::default(),
        timeout: None,
        state: None,
        mark: None,
        zone: None,
        uses: 0,
        id: 0,
        original_counters: None,
        reply_counters: None,
    };
    attributes(message, |kind, value| {
        match kind {
            CTA_TUPLE_ORIG => original = Some(flow(value)?),
            CTA_TUPLE_REPLY => reply = Some(flow(value)?),
            CTA_STATUS => entry.status = Status(value.u32()?),
            CTA_PROTOINFO => entry.state = state(value)?,
            CTA_TIMEOUT => entry.timeout = Some(value.u32()?),
            CTA_MARK => entry.mark = Some(value.u32()?),
            CTA_COUNTERS_ORIG => entry.original_counters = Some(counters(value)?),
            CTA_COUNTERS_REPLY => entry.reply_counters = Some(counters(value)?),
            CTA_USE => entry.uses = value.u32()?,
            CTA_ID => entry.id = value.u32()?,
            CTA_ZONE => entry.zone = Some(value.u16()?),
            _ => {}
        }
        Ok(())
    })?;
    entry.original = original.ok_or(Malformed::Missing("tuple of the original direction"))?;
    entry.reply = reply.ok_or(Malformed::Missing("tuple of the reply direction"))?;
    Ok(entry)
}

fn flow(tuple: Value<'_>) -> Result<Flow, Malformed> {
    let mut flow = Flow::UNKNOWN;
    attributes(tuple.0, |kind, value| match kind {
        CTA_TUPLE_IP => attributes(value.0, |kind, value| {
            match kind {
                CTA_IP_V4_SRC => flow.source = IpAddr::from(value.exactly::<4>()?),
                CTA_IP_V4_DST => flow.destination = IpAddr::from(value.exactly::<4>()?),
                CTA_IP_V6_SRC => flow.source = IpAddr::from(value.exactly::<16>()?),
                CTA_IP_V6_DST => flow.destination = IpAddr::from(value.exactly::<16>()?),
                _ => {}
            }
            Ok(())
        }),
        CTA_TUPLE_PROTO => transport(value, &mut flow),
        _ => Ok(()),
    })?;
    Ok(flow)
}

fn transport(value: Value<'_>, flow: &mut Flow) -> Result<(), Malformed> {
    let (mut ports, mut echo) = (None::<(u16, u16)>, None::<(u8, u8, u16)>);
    attributes(value.0, |kind, value| {
        match kind {
            CTA_PROTO_NUM => flow.protocol = Protocol(value.u8()?),
            CTA_PROTO_SRC_PORT => ports.get_or_insert_default().0 = value.u16()?,
            CTA_PROTO_DST_PORT => ports.get_or_insert_default().1 = value.u16()?,
            CTA_PROTO_ICMP_TYPE | CTA_PROTO_ICMPV6_TYPE => echo.get_or_insert_default().0 = value.u8()?,
            CTA_PROTO_ICMP_CODE | CTA_PROTO_ICMPV6_CODE => echo.get_or_insert_default().1 = value.u8()?,
            CTA_PROTO_ICMP_ID | CTA_PROTO_ICMPV6_ID => echo.get_or_insert_default().2 = value.u16()?,
            _ => {}
        }
        Ok(())
    })?;
    flow.ports = match (ports, echo) {
        (Some((source, destination)), _) => Ports::Ports { source, destination },
        (None, Some((kind, code, id))) => Ports::Echo { kind, code, id },
        (None, None) => Ports::None,
    };
    Ok(())
}

fn state(value: Value<'_>) -> Result<Option<State>, Malformed> {
    let mut state = None;
    attributes(value.0, |protocol, value| {
        let make = match protocol {
            CTA_PROTOINFO_TCP => State::Tcp,
            CTA_PROTOINFO_DCCP => State::Dccp,
            CTA_PROTOINFO_SCTP => State::Sctp,
            _ => return Ok(()),
        };
        attributes(value.0, |kind, value| {
            if kind == CTA_PROTOINFO_STATE {
                state = Some(make(value.u8()?));
            }
            Ok(())
        })
    })?;
    Ok(state)
}

fn counters(value: Value<'_>) -> Result<Counters, Malformed> {
    let mut counters = Counters::default();
    attributes(value.0, |kind, value| {
        match kind {
            CTA_COUNTERS_PACKETS => counters.packets = value.u64()?,
            CTA_COUNTERS_BYTES => counters.bytes = value.u64()?,
            _ => {}
        }
        Ok(())
    })?;
    Ok(counters)
}

pub(super) const CTA_TUPLE_ORIG: u16 = 1;
const CTA_TUPLE_REPLY: u16 = 2;
const CTA_STATUS: u16 = 3;
const CTA_PROTOINFO: u16 = 4;
const CTA_TIMEOUT: u16 = 7;
const CTA_MARK: u16 = 8;
const CTA_COUNTERS_ORIG: u16 = 9;
const CTA_COUNTERS_REPLY: u16 = 10;
const CTA_USE: u16 = 11;
pub(super) const CTA_ID: u16 = 12;
pub(super) const CTA_ZONE: u16 = 18;

const CTA_TUPLE_IP: u16 = 1;
const CTA_TUPLE_PROTO: u16 = 2;
const CTA_IP_V4_SRC: u16 = 1;
const CTA_IP_V4_DST: u16 = 2;
const CTA_IP_V6_SRC: u16 = 3;
const CTA_IP_V6_DST: u16 = 4;

const CTA_PROTO_NUM: u16 = 1;
const CTA_PROTO_SRC_PORT: u16 = 2;
const CTA_PROTO_DST_PORT: u16 = 3;
const CTA_PROTO_ICMP_ID: u16 = 4;
const CTA_PROTO_ICMP_TYPE: u16 = 5;
const CTA_PROTO_ICMP_CODE: u16 = 6;
const CTA_PROTO_ICMPV6_ID: u16 = 7;
const CTA_PROTO_ICMPV6_TYPE: u16 = 8;
const CTA_PROTO_ICMPV6_CODE: u16 = 9;

const CTA_PROTOINFO_TCP: u16 = 1;
const CTA_PROTOINFO_DCCP: u16 = 2;
const CTA_PROTOINFO_SCTP: u16 = 3;
/// The same in all three.
const CTA_PROTOINFO_STATE: u16 = 1;

const CTA_COUNTERS_PACKETS: u16 = 1;
const CTA_COUNTERS_BYTES: u16 = 2;
