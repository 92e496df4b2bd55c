use std::io;

use rustix::io::Errno;
use thiserror::Error;

use crate::datapath::change::Change;
use crate::datapath::state::Sysctl;
use crate::netns::NetnsError;

/// What can go wrong between us and the kernel.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum KernelError {
    /// The namespace.
    #[error(transparent)]
    Netns(#[from] NetnsError),
    /// No netlink socket.
    #[error("cannot open a netlink socket: {0}")]
    Socket(io::ErrorKind),
    /// A question without an answer.
    #[error("netlink does not answer: {0}")]
    Silent(Errno),
    /// A setting that cannot be read.
    #[error("cannot read {}: {error} (is /proc mounted?)", sysctl.path().display())]
    Unreadable {
        /// The setting.
        sysctl: Sysctl,
        /// What the kernel said.
        error: io::ErrorKind,
    },
    /// A step that the kernel did not do.
    #[error("`{change}`: {}: {}", .error, way_out(change, *.error))]
    Refused {
        /// The step.
        change: Box<Change>,
        /// What the kernel said.
        error: Errno,
    },
}

fn way_out(change: &Change, error: Errno) -> &'static str {
    match (change, error) {
        (Change::SetSysctl(..), Errno::ROFS) => {
            "/proc/sys is read-only here: run privileged, or with /proc/sys mounted writable"
        }
        (_, Errno::PERM | Errno::ACCESS) => "run as root or with CAP_NET_ADMIN",
        (Change::AddVeth { .. }, Errno::OPNOTSUPP) => {
            "this kernel has no veth: load the module (`modprobe veth`)"
        }
        (Change::AddRule(_) | Change::DeleteRule(_), Errno::OPNOTSUPP | Errno::AFNOSUPPORT) => {
            "this kernel has no policy routing (CONFIG_IP_MULTIPLE_TABLES)"
        }
        (Change::SetLink(..), Errno::INVAL | Errno::RANGE) => {
            "the device does not take that: is `device-mtu` within what it can?"
        }
        (_, Errno::NETUNREACH | Errno::HOSTUNREACH) => "the gateway is not on a network of that device",
        (_, Errno::NETDOWN) => "the device is down",
        (_, Errno::NODEV | Errno::NXIO | Errno::NOENT) => "the device went away meanwhile: run this again",
        _ => "something else changes the network here at the same time, or the kernel lacks a part",
    }
}
