//! The TUN device, with super-packets both ways.

mod ioctl;

use std::fs::{File, OpenOptions};
use std::io::{self, IoSlice};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt as _;

use rustix::io::Errno;
use thiserror::Error;
use zerocopy::FromBytes as _;

use super::offload::VnetHeader;
use crate::wireguard::DeviceName;

/// One queue of a device that carries IP packets.
///
/// A file of its own over the ioctls rather than tun-rs, which splits and merges into buffers of its
/// own (one more copy of every byte) and pulls in route and address tools of four systems.
#[derive(Debug)]
pub struct Tun {
    file: File,
    udp_offload: bool,
    adopted: bool,
}

impl Tun {
    /// What one read can give: a header and the longest packet.
    pub const MOST_BYTES: usize = VnetHeader::LEN + (1 << 16);

    /// Creates the device, or takes over one of that name that no program is attached to.
    ///
    /// `persist` makes it outlive the program, with its addresses and routes.
    pub fn open(name: &DeviceName, persist: bool) -> Result<Self, TunError> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed())
            .open(PATH)
            .map_err(|error| {
                if error.kind() == io::ErrorKind::PermissionDenied {
                    TunError::NotPermitted { name: name.clone() }
                } else {
                    TunError::NoTun(error.kind())
                }
            })?;
        let is_adopted = is_there(name);
        ioctl::attach(file.as_fd(), name).map_err(|error| match error {
            Errno::PERM => TunError::NotPermitted { name: name.clone() },
            Errno::BUSY => TunError::Busy { name: name.clone() },
            Errno::INVAL => TunError::OtherKind { name: name.clone() },
            error => TunError::failed("attaching", error),
        })?;
        Self::set_up(file, persist, is_adopted)
    }

    /// Takes over a device by a descriptor that an earlier program had of it, and what waits in it.
    ///
    /// # Errors
    /// When it is not, or not any more, the device of that name in this thread's network namespace.
    pub fn adopt(descriptor: OwnedFd, name: &DeviceName, persist: bool) -> Result<Self, TunError> {
        let other = |what| TunError::OtherDescriptor { name: name.clone(), what };
        // An opcode may mean anything to another file: what this is comes first.
        let device = rustix::fs::fstat(&descriptor).map_err(|error| TunError::failed("looking at", error))?;
        let is_character = rustix::fs::FileType::from_raw_mode(device.st_mode).is_char_device();
        if !is_character || device.st_rdev != rustix::fs::makedev(MISC, TUN_MINOR) {
            return Err(other("a TUN"));
        }
        match ioctl::attached_to(descriptor.as_fd()) {
            Ok(attached) if !attached.is_called(name) => return Err(other("a device of that name")),
            Ok(attached) if !attached.is_as_ours() => return Err(other("one of our kind")),
            Ok(_) => {}
            Err(Errno::BADFD) => return Err(other("a device any more")),
            Err(error) => return Err(TunError::failed("looking at", error)),
        }
        let theirs = ioctl::namespace(descriptor.as_fd()).and_then(rustix::fs::fstat);
        let ours = rustix::fs::stat("/proc/thread-self/ns/net");
        match (theirs, ours) {
            (Ok(theirs), Ok(ours)) if (theirs.st_dev, theirs.st_ino) == (ours.st_dev, ours.st_ino) => {}
            (Ok(_), Ok(_)) => return Err(other("a device of this network namespace")),
            (Err(error), _) | (_, Err(error)) => return Err(TunError::failed("looking at", error)),
        }
        let flags =
            rustix::fs::fcntl_getfl(&descriptor).map_err(|error| TunError::failed("opening", error))?;
        rustix::fs::fcntl_setfl(&descriptor, flags | rustix::fs::OFlags::NONBLOCK)
            .map_err(|error| TunError::failed("opening", error))?;
        Self::set_up(descriptor.into(), persist, true)
    }

    /// The same for one that was there: nothing changes.
    fn set_up(file: File, persist: bool, adopted: bool) -> Result<Self, TunError> {
        ioctl::set_little_endian(file.as_fd())
            .map_err(|error| TunError::failed("setting byte order", error))?;
        let udp_offload = ioctl::set_offload(file.as_fd())
            .map_err(|error| TunError::failed("switching offloads on", error))?;
        if persist {
            ioctl::set_persistent(file.as_fd())
                .map_err(|error| TunError::failed("making it persistent", error))?;
        }
        Ok(Self { file, udp_offload, adopted })
    }

    /// Whether the device was there before: an earlier program had left it.
    pub fn is_adopted(&self) -> bool {
        self.adopted
    }

    /// Whether UDP super-packets are taken and given (Linux 6.2 on).
    pub fn has_udp_offload(&self) -> bool {
        self.udp_offload
    }

    /// Reads one packet, or super-packet, into `buffer`, which should have [`Tun::MOST_BYTES`]; `None` when
    /// there is none.
    pub fn read<'b>(&self, buffer: &'b mut [u8]) -> io::Result<Option<(VnetHeader, &'b [u8])>> {
        // One buffer, and not the header's apart: the kernel takes a tenth less time for small packets.
        match rustix::io::retry_on_intr(|| rustix::io::read(&self.file, &mut *buffer)) {
            Ok(len) => Ok(VnetHeader::read_from_prefix(buffer.get(..len).unwrap_or_default()).ok()),
            Err(Errno::AGAIN) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Writes one packet, or super-packet, from its parts; the first is the [`VnetHeader`].
    pub fn write(&self, parts: &[IoSlice<'_>]) -> io::Result<()> {
        rustix::io::retry_on_intr(|| rustix::io::writev(&self.file, parts))?;
        Ok(())
    }
}

impl AsFd for Tun {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

/// Why there is no device.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TunError {
    /// The kernel has no TUN, or this container was not given it.
    #[error(
        "no {PATH} ({0}): load the module (`modprobe tun`), or give the container the device (--device {PATH})"
    )]
    NoTun(io::ErrorKind),
    /// A capability is missing.
    #[error("not allowed to make device {name}: run as root or with CAP_NET_ADMIN")]
    NotPermitted {
        /// The device asked for.
        name: DeviceName,
    },
    /// Some program holds the device.
    #[error(
        "device {name} is in use by another program: stop it (`fuser {PATH}` shows which), or choose another name"
    )]
    Busy {
        /// The device asked for.
        name: DeviceName,
    },
    /// An interface that is not a TUN with one queue has the name.
    #[error(
        "there is an interface {name} of another kind: choose another name, or remove it (`ip link delete {name}`)"
    )]
    OtherKind {
        /// The device asked for.
        name: DeviceName,
    },
    /// A descriptor that an earlier program is said to have left.
    #[error("the descriptor that was kept for device {name} is not of {what}")]
    OtherDescriptor {
        /// The device asked for.
        name: DeviceName,
        /// What it would have to be.
        what: &'static str,
    },
    /// Anything else.
    #[error("{step} the TUN device: {error}")]
    Failed {
        /// What was being done.
        step: &'static str,
        /// What the kernel said.
        error: Errno,
    },
}

impl TunError {
    fn failed(step: &'static str, error: Errno) -> Self {
        Self::Failed { step, error }
    }
}

fn is_there(name: &DeviceName) -> bool {
    use rustix::net::{AddressFamily, SocketType, netdevice, socket};
    let any = socket(AddressFamily::INET, SocketType::DGRAM, None);
    any.is_ok_and(|socket| netdevice::name_to_index(&socket, name.as_str()).is_ok())
}

const PATH: &str = "/dev/net/tun";
// linux: include/linux/miscdevice.h, include/uapi/linux/major.h
const MISC: u32 = 10;
const TUN_MINOR: u32 = 200;
