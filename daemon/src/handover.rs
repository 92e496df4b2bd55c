//! What outlives the daemon with its service manager: descriptors that it keeps, and gives to the next daemon.
//!
//! The protocol is systemd's, `sd_notify(3)` and `sd_listen_fds(3)`, without its library: datagrams to the socket that
//! `NOTIFY_SOCKET` names, and descriptors from the third on that `LISTEN_FDNAMES` names. A unit says
//! `Type=notify`, `NotifyAccess=main` and `FileDescriptorStoreMax=1`; any other manager may do the same.

mod inherited;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;

use rustix::net::{
    AddressFamily, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketAddrUnix, SocketFlags,
    SocketType, sendmsg_addr, socket_with,
};

/// The service manager, if there is one that listens, and what it has given.
#[derive(Debug, Default)]
pub struct Handover {
    manager: Option<Manager>,
    descriptors: BTreeMap<String, OwnedFd>,
}

#[derive(Debug)]
struct Manager {
    socket: OwnedFd,
    address: SocketAddrUnix,
}

impl Handover {
    /// What the environment names. It is looked at once, before anything else is opened; a second look finds nothing.
    pub fn from_environment() -> Self {
        let of = std::env::var_os;
        let descriptors = of("LISTEN_PID").map_or_else(BTreeMap::new, |pid| {
            inherited::take(
                &pid,
                &of("LISTEN_FDS").unwrap_or_default(),
                &of("LISTEN_FDNAMES").unwrap_or_default(),
            )
        });
        let manager = of("NOTIFY_SOCKET").and_then(|address| {
            let manager = Manager::at(&address);
            manager.inspect_err(|error| tracing::warn!(?address, %error, "NOTIFY_SOCKET is of no use")).ok()
        });
        Self { manager, descriptors }
    }

    /// A manager that listens at a path, or at an abstract name behind `@`, and has nothing yet.
    ///
    /// # Errors
    /// When that cannot be a socket's address.
    pub fn to(address: &OsStr) -> io::Result<Self> {
        Ok(Self { manager: Some(Manager::at(address)?), descriptors: BTreeMap::new() })
    }

    /// What was kept under this name.
    pub fn take(&mut self, name: &str) -> Option<OwnedFd> {
        self.descriptors.remove(name)
    }

    /// Has the manager keep a descriptor for the next daemon, in the place of any other of this name.
    pub fn keep(&self, name: &str, descriptor: BorrowedFd<'_>) {
        self.forget(name);
        self.tell(&format!("FDSTORE=1\nFDNAME={name}"), Some(descriptor));
    }

    /// Has the manager close what it keeps under this name.
    pub fn forget(&self, name: &str) {
        self.tell(&format!("FDSTOREREMOVE=1\nFDNAME={name}"), None);
    }

    /// Says that all is up.
    pub fn ready(&self) {
        self.tell("READY=1", None);
    }

    /// Has what nobody took closed, here and there.
    pub fn forget_rest(&mut self) {
        for (name, _closed) in std::mem::take(&mut self.descriptors) {
            tracing::info!(name, "a descriptor from the service manager is not needed");
            self.forget(&name);
        }
    }

    /// The datapath does not depend on it: what cannot be told is logged.
    fn tell(&self, text: &str, descriptor: Option<BorrowedFd<'_>>) {
        if let Some(manager) = &self.manager
            && let Err(error) = manager.tell(text, descriptor)
        {
            tracing::warn!(text, %error, "telling the service manager");
        }
    }
}

impl Manager {
    fn at(address: &OsStr) -> io::Result<Self> {
        let address = match address.as_bytes() {
            [b'@', name @ ..] => SocketAddrUnix::new_abstract_name(name)?,
            path @ [b'/', ..] => SocketAddrUnix::new(path)?,
            _ => return Err(io::Error::new(io::ErrorKind::InvalidInput, "neither a path nor @ and a name")),
        };
        let socket = socket_with(AddressFamily::UNIX, SocketType::DGRAM, SocketFlags::CLOEXEC, None)?;
        Ok(Self { socket, address })
    }

    fn tell(&self, text: &str, descriptor: Option<BorrowedFd<'_>>) -> io::Result<()> {
        let mut room = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut ancillary = SendAncillaryBuffer::new(&mut room);
        let descriptors = descriptor.as_slice();
        if !descriptors.is_empty() && !ancillary.push(SendAncillaryMessage::ScmRights(descriptors)) {
            return Err(io::ErrorKind::OutOfMemory.into());
        }
        let parts = [IoSlice::new(text.as_bytes())];
        // A manager that does not read is not waited for.
        let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
        sendmsg_addr(&self.socket, &self.address, &parts, &mut ancillary, flags)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
