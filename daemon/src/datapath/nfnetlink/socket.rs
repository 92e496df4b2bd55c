//! The socket.

use std::io;
use std::time::Duration;

use rtnetlink::packet_core::{NLM_F_ACK, NLM_F_DUMP, NLM_F_REQUEST};
use rtnetlink::sys::{Socket, SocketAddr, protocols::NETLINK_NETFILTER};
use rustix::io::Errno;
use rustix::net::sockopt::{Timeout, set_socket_send_buffer_size_force, set_socket_timeout};

use super::error::errno;
use super::reply::{Content, Reply, replies};
use super::{Attributes, Family, Malformed, Message, NetfilterError};

/// A netlink socket to the netfilter of the network namespace it was opened in.
#[derive(Debug)]
pub(crate) struct NetfilterSocket {
    socket: Socket,
    sequence: u32,
    buffer: Vec<u8>,
}

impl NetfilterSocket {
    /// Opens one for the network namespace of this thread.
    pub(crate) fn open() -> Result<Self, NetfilterError> {
        let open = || -> io::Result<Socket> {
            let mut socket = Socket::new(NETLINK_NETFILTER)?;
            socket.bind_auto()?;
            socket.connect(&SocketAddr::new(0, 0))?;
            // errors in words, and without a copy of the request
            socket.set_ext_ack(true)?;
            socket.set_cap_ack(true)?;
            set_socket_timeout(&socket, Timeout::Recv, Some(PATIENCE))?;
            Ok(socket)
        };
        let socket = open().map_err(|error| NetfilterError::socket("open a netfilter socket", &error))?;
        Ok(Self { socket, sequence: 0, buffer: Vec::with_capacity(DATAGRAM) })
    }

    /// Has one request carried out.
    pub(crate) fn request(&mut self, message: &Message) -> Result<(), NetfilterError> {
        self.ask(message, NLM_F_ACK, |_, _| Ok(()))
    }

    /// Has one request carried out that is answered with an object.
    pub(crate) fn get(
        &mut self,
        message: &Message,
        object: impl FnMut(Family, &[u8]) -> Result<(), Malformed>,
    ) -> Result<(), NetfilterError> {
        self.ask(message, NLM_F_ACK, object)
    }

    /// Asks for a list of objects; what is behind one that cannot be read is read all the same.
    pub(crate) fn dump(
        &mut self,
        message: &Message,
        object: impl FnMut(Family, &[u8]) -> Result<(), Malformed>,
    ) -> Result<(), NetfilterError> {
        self.ask(message, NLM_F_DUMP, object)
    }

    /// Has all of them carried out at once, or none. What else happens to the subsystem comes before or after.
    pub(crate) fn transaction(&mut self, subsystem: u8, messages: &[Message]) -> Result<(), NetfilterError> {
        let Some(last) = messages.len().checked_sub(1) else { return Ok(()) };
        let begin = self.sequence.wrapping_add(1);
        let what = messages.first().map(|first| first.what.clone()).unwrap_or_default();
        let bound = |kind| Message {
            what: what.clone(),
            kind,
            flags: 0,
            family: Family::UNSPECIFIED,
            attributes: Attributes::default(),
        };
        let mut bytes = Vec::new();
        let mut sequence = begin;
        bound(NFNL_MSG_BATCH_BEGIN).write(NLM_F_REQUEST, sequence, subsystem.into(), &mut bytes)?;
        for (index, message) in messages.iter().enumerate() {
            sequence = sequence.wrapping_add(1);
            // each refusal is answered, and the last message in any case
            let flags = if index == last { NLM_F_REQUEST | NLM_F_ACK } else { NLM_F_REQUEST };
            message.write(flags, sequence, 0, &mut bytes)?;
        }
        let end = sequence;
        self.sequence = end.wrapping_add(1);
        bound(NFNL_MSG_BATCH_END).write(NLM_F_REQUEST, self.sequence, subsystem.into(), &mut bytes)?;
        self.put(&bytes)?;

        let mut refusals = Vec::new();
        let mut over = false;
        while !over {
            self.receive(&what, |reply| {
                let index = usize::try_from(reply.sequence.wrapping_sub(begin)).unwrap_or(usize::MAX);
                if index > messages.len() {
                    return Ok(());
                }
                // the first stands for the transaction as a whole: no permission, or it could not be committed
                over |= index == 0 || reply.sequence == end;
                if let Content::Refused { errno, kernel } = reply.content {
                    refusals.push((index, errno, kernel));
                }
                Ok(())
            })?;
        }
        refusals.sort_by_key(|(index, ..)| *index);
        let others = refusals.len().saturating_sub(1);
        let Some((index, errno, kernel)) = refusals.into_iter().next() else { return Ok(()) };
        let message = index.checked_sub(1).and_then(|index| messages.get(index));
        let what = message.map_or(what, |message| message.what.clone());
        Err(NetfilterError::Refused { what, errno, kernel, others })
    }

    fn ask(
        &mut self,
        message: &Message,
        flags: u16,
        mut object: impl FnMut(Family, &[u8]) -> Result<(), Malformed>,
    ) -> Result<(), NetfilterError> {
        self.sequence = self.sequence.wrapping_add(1);
        let sequence = self.sequence;
        let mut bytes = Vec::new();
        message.write(NLM_F_REQUEST | flags, sequence, 0, &mut bytes)?;
        self.put(&bytes)?;

        let mut bad = None;
        let mut outcome = None;
        while outcome.is_none() {
            self.receive(&message.what, |reply| {
                // an answer to a request that was given up
                if reply.sequence != sequence {
                    return Ok(());
                }
                match reply.content {
                    Content::Done => outcome = Some(None),
                    Content::Refused { errno, kernel } => outcome = Some(Some((errno, kernel))),
                    Content::Object { family, attributes } => {
                        if let Err(reason) = object(family, attributes) {
                            bad.get_or_insert(reason);
                        }
                    }
                }
                Ok(())
            })?;
        }
        let what = || message.what.clone();
        if let Some((errno, kernel)) = outcome.flatten() {
            return Err(NetfilterError::Refused { what: what(), errno, kernel, others: 0 });
        }
        match bad {
            Some(reason) => Err(NetfilterError::Malformed { what: what(), reason }),
            None => Ok(()),
        }
    }

    fn put(&self, bytes: &[u8]) -> Result<(), NetfilterError> {
        // a transaction is one datagram, however long; without the right to it, sending tells
        if bytes.len() > SEND_BUFFER {
            let _ = set_socket_send_buffer_size_force(&self.socket, bytes.len());
        }
        self.socket
            .send(bytes, 0)
            .map(drop)
            .map_err(|error| NetfilterError::socket("send to netfilter", &error))
    }

    /// Reads one datagram.
    fn receive(
        &mut self,
        what: &str,
        take: impl FnMut(Reply<'_>) -> Result<(), Malformed>,
    ) -> Result<(), NetfilterError> {
        let length = loop {
            self.buffer.clear();
            match self.socket.recv(&mut self.buffer, libc::MSG_TRUNC) {
                Ok(length) => break length,
                Err(error) => match errno(&error) {
                    Errno::INTR => {}
                    Errno::AGAIN => return Err(NetfilterError::Silent { what: what.to_owned() }),
                    _ => return Err(NetfilterError::socket("read from netfilter", &error)),
                },
            }
        };
        let malformed = |reason| NetfilterError::Malformed { what: what.to_owned(), reason };
        if length > self.buffer.len() {
            return Err(malformed(Malformed::Message { need: length, have: self.buffer.len() }));
        }
        replies(&self.buffer, take).map_err(malformed)
    }
}

/// linux: uapi/linux/netfilter/nfnetlink.h, `NLMSG_MIN_TYPE`
const NFNL_MSG_BATCH_BEGIN: u16 = 0x10;
const NFNL_MSG_BATCH_END: u16 = 0x11;

/// Less than every kernel's default (linux: `net.core.wmem_default`).
const SEND_BUFFER: usize = 64 << 10;

/// The kernel answers before the request returns; this is for a kernel that does not.
const PATIENCE: Duration = Duration::from_secs(5);

/// More than the kernel puts into one (linux: `net/netlink/af_netlink.c`, at most 32 KiB).
const DATAGRAM: usize = 64 << 10;
