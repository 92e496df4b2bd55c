//! The connections that the kernel tracks in one network namespace, over ctnetlink.

mod decode;
mod entry;
mod filter;
mod flow;
mod protocol;

pub use self::entry::{Counters, Entry, Status};
pub use self::filter::{ConntrackError, Filter};
pub use self::flow::{Flow, Ports};
pub use self::protocol::{Protocol, State};

use rustix::io::Errno;

use super::nfnetlink::{Attributes, Family, Malformed, Message, NetfilterError, NetfilterSocket};

/// The conntrack of one network namespace.
#[derive(Debug)]
pub struct Conntrack {
    socket: NetfilterSocket,
}

impl Conntrack {
    /// Opens the conntrack of the network namespace that this thread is in.
    pub fn open() -> Result<Self, NetfilterError> {
        Ok(Self { socket: NetfilterSocket::open()? })
    }

    /// Entries that a filter lets through. The table goes on living while it is read: an entry may be missed that
    /// appears or moves meanwhile.
    pub fn list(&mut self, filter: &Filter) -> Result<Vec<Entry>, NetfilterError> {
        let mut entries = Vec::new();
        self.each(filter, |entry, _| entries.push(entry))?;
        Ok(entries)
    }

    /// Deletes the entries that a filter lets through; how many were there. One that lets everything through is refused:
    /// most connections of a node are not ours.
    pub fn delete(&mut self, filter: &Filter) -> Result<u64, ConntrackError> {
        if *filter == Filter::default() {
            return Err(ConntrackError::Everything);
        }
        let mut doomed = Vec::new();
        self.each(filter, |entry, attributes| {
            doomed.push((
                format!("delete the connection {}", entry.original),
                entry.family(),
                key(attributes),
            ));
        })?;
        let mut deleted = 0;
        for (what, family, attributes) in doomed {
            let message = Message { what, kind: kind(IPCTNL_MSG_CT_DELETE), flags: 0, family, attributes };
            match self.socket.request(&message) {
                Ok(()) => deleted += 1,
                // it ended by itself
                Err(error) if error.errno() == Some(Errno::NOENT) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(deleted)
    }

    /// Hands over entries and the attributes that they were read from.
    fn each(&mut self, filter: &Filter, mut take: impl FnMut(Entry, &[u8])) -> Result<(), NetfilterError> {
        let message = Message {
            what: "list connections".to_owned(),
            kind: kind(IPCTNL_MSG_CT_GET),
            flags: 0,
            family: Family::UNSPECIFIED,
            attributes: Attributes::default(),
        };
        self.socket.dump(&message, |_, attributes| {
            let entry = decode::entry(attributes)?;
            if filter.lets_through(&entry) {
                take(entry, attributes);
            }
            Ok::<(), Malformed>(())
        })
    }
}

/// What names an entry: the tuple of its first packet, its zone, and the number that tells it from a later one of the
/// same tuple.
fn key(entry: &[u8]) -> Attributes {
    let mut key = Attributes::default();
    // an entry that was read before has sound attributes
    let _ = super::nfnetlink::attributes(entry, |kind, value| {
        match kind {
            decode::CTA_TUPLE_ORIG => {
                key.nest(kind, |tuple| tuple.raw(value.0));
            }
            decode::CTA_ID | decode::CTA_ZONE => {
                key.bytes(kind, value.0);
            }
            _ => {}
        }
        Ok(())
    });
    key
}

const fn kind(message: u16) -> u16 {
    NFNL_SUBSYS_CTNETLINK << 8 | message
}

/// linux: `uapi/linux/netfilter/nfnetlink.h`
const NFNL_SUBSYS_CTNETLINK: u16 = 1;
/// linux: `uapi/linux/netfilter/nfnetlink_conntrack.h`
const IPCTNL_MSG_CT_GET: u16 = 1;
const IPCTNL_MSG_CT_DELETE: u16 = 2;

#[cfg(test)]
mod tests;
