//! What the kernel sends back.

use rtnetlink::packet_core::{NLM_F_ACK_TLVS, NLM_F_CAPPED, NLMSG_DONE, NLMSG_ERROR, NetlinkBuffer};
use rustix::io::Errno;

use super::message::{NETFILTER_HEADER, NETLINK_HEADER};
use super::{Family, Malformed, attributes};

/// One message of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reply<'a> {
    /// Of the request that it answers.
    pub(super) sequence: u32,
    pub(super) content: Content<'a>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Content<'a> {
    /// Carried out.
    Done,
    /// Not carried out.
    Refused { errno: Errno, kernel: Option<String> },
    /// An object.
    Object { family: Family, attributes: &'a [u8] },
}

/// Hands the messages of a datagram to `take`, until it has enough.
pub(super) fn replies<'a>(
    mut datagram: &'a [u8],
    mut take: impl FnMut(Reply<'a>) -> Result<(), Malformed>,
) -> Result<(), Malformed> {
    while !datagram.is_empty() {
        let short = Malformed::Message { need: NETLINK_HEADER, have: datagram.len() };
        let message = NetlinkBuffer::new_checked(datagram).map_err(|_| short)?;
        take(Reply {
            sequence: message.sequence_number(),
            content: content(message.message_type(), message.flags(), message.payload())?,
        })?;
        let length = usize::try_from(message.length()).unwrap_or(usize::MAX);
        datagram = datagram.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    Ok(())
}

fn content(kind: u16, flags: u16, payload: &[u8]) -> Result<Content<'_>, Malformed> {
    if kind == NLMSG_ERROR || kind == NLMSG_DONE {
        let code = payload.first_chunk().copied().map_or(0, i32::from_ne_bytes);
        if code >= 0 {
            return Ok(Content::Done);
        }
        // linux: `MAX_ERRNO`
        let known = Some(code.saturating_neg()).filter(|errno| *errno <= 4095);
        let errno = known.map_or(Errno::IO, Errno::from_raw_os_error);
        let said = payload.get(4..).unwrap_or_default();
        let kernel = if kind == NLMSG_DONE {
            words(said)
        } else if flags & NLM_F_ACK_TLVS != 0 {
            behind_request(flags, said).and_then(words)
        } else {
            None
        };
        return Ok(Content::Refused { errno, kernel });
    }
    let (header, attributes) = payload
        .split_first_chunk::<NETFILTER_HEADER>()
        .ok_or(Malformed::Message { need: NETFILTER_HEADER, have: payload.len() })?;
    let [family, ..] = *header;
    Ok(Content::Object { family: Family::new(family), attributes })
}

/// An error quotes the request's header, or all of it when it is not capped; attributes follow.
fn behind_request(flags: u16, said: &[u8]) -> Option<&[u8]> {
    let quoted = if flags & NLM_F_CAPPED != 0 {
        NETLINK_HEADER
    } else {
        let length = u32::from_ne_bytes(*said.first_chunk()?);
        usize::try_from(length).ok()?.next_multiple_of(4)
    };
    said.get(quoted..)
}

/// What the kernel says in words, and where in the message the fault is.
fn words(extended: &[u8]) -> Option<String> {
    let (mut text, mut offset) = (None, None);
    let read = attributes(extended, |kind, value| {
        match kind {
            NLMSGERR_ATTR_MSG => text = Some(value.text()),
            // in the kernel's own byte order
            NLMSGERR_ATTR_OFFS => offset = Some(u32::from_ne_bytes(value.exactly()?)),
            _ => {}
        }
        Ok(())
    });
    let offset = offset.map(|at| format!("the attribute at byte {at} of the request"));
    match (read, text, offset) {
        (Ok(()), Some(text), Some(offset)) => Some(format!("{text}: {offset}")),
        (Ok(()), text, offset) => text.or(offset),
        (Err(_), ..) => None,
    }
}

/// linux: `enum nlmsgerr_attrs`
const NLMSGERR_ATTR_MSG: u16 = 1;
const NLMSGERR_ATTR_OFFS: u16 = 2;
