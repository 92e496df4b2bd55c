//! The TUN's ioctls (linux: `include/uapi/linux/if_tun.h`).
#![expect(unsafe_code, reason = "ioctls; each opcode stands beside the type of its argument")]

use std::ffi::{c_int, c_void};
use std::os::fd::{BorrowedFd, FromRawFd as _, OwnedFd};

use rustix::io::{Errno, Result};
use rustix::ioctl::{IntegerSetter, Ioctl, IoctlOutput, Opcode, Setter, Updater, ioctl, opcode};

use crate::wireguard::DeviceName;

/// Attaches to the device `name`, making it unless it exists.
pub(super) fn attach(tun: BorrowedFd<'_>, name: &DeviceName) -> Result<()> {
    let mut request = Request { name: [0; NAME_LEN], flags: TUN | NO_PI | VNET_HDR, rest: [0; 22] };
    for (byte, from) in request.name.iter_mut().zip(name.as_str().bytes()) {
        *byte = from;
    }
    // SAFETY: TUNSETIFF reads and writes one `ifreq`, which `Request` is laid out as.
    unsafe { ioctl(tun, Updater::<SET_IFF, Request>::new(&mut request)) }
}

/// The device that a descriptor is attached to.
pub(super) fn attached_to(tun: BorrowedFd<'_>) -> Result<Request> {
    let mut request = Request { name: [0; NAME_LEN], flags: 0, rest: [0; 22] };
    // SAFETY: TUNGETIFF writes one `ifreq`, which `Request` is laid out as.
    unsafe { ioctl(tun, Updater::<GET_IFF, Request>::new(&mut request)) }?;
    Ok(request)
}

/// The network namespace that the device is in.
pub(super) fn namespace(tun: BorrowedFd<'_>) -> Result<OwnedFd> {
    // SAFETY: TUNGETDEVNETNS takes nothing and returns a new descriptor, as `DeviceNamespace` says.
    unsafe { ioctl(tun, DeviceNamespace) }
}

struct DeviceNamespace;

// SAFETY: the opcode takes no argument, and none is given; what it returns, unless it is an error, is a descriptor that
// the kernel has made for this call.
unsafe impl Ioctl for DeviceNamespace {
    type Output = OwnedFd;

    const IS_MUTATING: bool = false;

    fn opcode(&self) -> Opcode {
        GET_DEVICE_NAMESPACE
    }

    fn as_ptr(&mut self) -> *mut c_void {
        std::ptr::null_mut()
    }

    unsafe fn output_from_ptr(out: IoctlOutput, _: *mut c_void) -> Result<OwnedFd> {
        // SAFETY: as above: it is new, and nobody else's.
        Ok(unsafe { OwnedFd::from_raw_fd(out) })
    }
}

/// Numbers in [`super::VnetHeader`] are little endian on any machine.
pub(super) fn set_little_endian(tun: BorrowedFd<'_>) -> Result<()> {
    // SAFETY: TUNSETVNETLE reads one `int`.
    unsafe { ioctl(tun, Setter::<SET_VNET_LE, c_int>::new(1)) }
}

/// Asks for every offload that the kernel has; tells whether UDP's is among them.
pub(super) fn set_offload(tun: BorrowedFd<'_>) -> Result<bool> {
    let set = |flags: u32| {
        let flags = usize::try_from(flags).unwrap_or(0);
        // SAFETY: TUNSETOFFLOAD takes flags in place of a pointer.
        unsafe { ioctl(tun, IntegerSetter::<SET_OFFLOAD>::new_usize(flags)) }
    };
    let tcp = libc::TUN_F_CSUM | libc::TUN_F_TSO4 | libc::TUN_F_TSO6 | libc::TUN_F_TSO_ECN;
    match set(tcp | libc::TUN_F_USO4 | libc::TUN_F_USO6) {
        Ok(()) => Ok(true),
        // Before Linux 6.2.
        Err(Errno::INVAL) => set(tcp).map(|()| false),
        Err(error) => Err(error),
    }
}

/// Lets the device stay when nobody is attached.
pub(super) fn set_persistent(tun: BorrowedFd<'_>) -> Result<()> {
    // SAFETY: TUNSETPERSIST takes a number in place of a pointer.
    unsafe { ioctl(tun, IntegerSetter::<SET_PERSIST>::new_usize(1)) }
}

/// `struct ifreq` with the flags of its union.
#[repr(C)]
pub(super) struct Request {
    name: [u8; NAME_LEN],
    flags: u16,
    rest: [u8; 22],
}

impl Request {
    pub(super) fn is_called(&self, name: &DeviceName) -> bool {
        self.name.split(|byte| *byte == 0).next() == Some(name.as_str().as_bytes())
    }

    /// One queue, packets without Ethernet, and the header of super-packets.
    pub(super) fn is_as_ours(&self) -> bool {
        self.flags & (TUN | TAP | NO_PI | VNET_HDR | MULTI_QUEUE) == TUN | NO_PI | VNET_HDR
    }
}

const _: () = assert!(size_of::<Request>() == size_of::<libc::ifreq>());

const NAME_LEN: usize = 16;
const TUN: u16 = 0x0001;
const TAP: u16 = 0x0002;
const MULTI_QUEUE: u16 = 0x0100;
const NO_PI: u16 = 0x1000;
const VNET_HDR: u16 = 0x4000;
const SET_IFF: Opcode = opcode::write::<c_int>(b'T', 202);
const GET_IFF: Opcode = opcode::read::<u32>(b'T', 210);
const GET_DEVICE_NAMESPACE: Opcode = opcode::none(b'T', 227);
const SET_PERSIST: Opcode = opcode::write::<c_int>(b'T', 203);
const SET_OFFLOAD: Opcode = opcode::write::<u32>(b'T', 208);
const SET_VNET_LE: Opcode = opcode::write::<c_int>(b'T', 220);
