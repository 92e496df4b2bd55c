use rustix::io::Errno;
use thiserror::Error;

use crate::datapath::{Finding, KernelError, SettleError};
use crate::wireguard::DeviceName;

/// Why a pod has no cable.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PodError {
    /// The kernel refused a step, or does not answer.
    #[error(transparent)]
    Kernel(#[from] KernelError),
    /// The pod's namespace does not become what it is to be.
    #[error("in the pod: {0}")]
    Settle(#[from] SettleError),
    /// The kernel has no randomness yet.
    #[error("no randomness for link-layer addresses: {0}")]
    Random(#[from] getrandom::Error),
    /// The device is there already.
    #[error("there is a device {device} on the node already: delete the container, then add it again")]
    Exists {
        /// The device.
        device: DeviceName,
    },
    /// A device of that name is something else.
    #[error("{device} is no pod's device, somebody else made it: `ip link delete {device}`")]
    OtherKind {
        /// The device.
        device: DeviceName,
    },
    /// The interface is there already.
    #[error("the pod has an interface {interface} already, made by somebody else: give it another name")]
    Taken {
        /// The interface.
        interface: DeviceName,
    },
    /// The cable cannot be made.
    #[error("cannot make {device}: {error}{}", way_out(*.error))]
    NoCable {
        /// The end on the node.
        device: DeviceName,
        /// What the kernel said.
        error: Errno,
    },
    /// Something in the pod is not ours to change.
    #[error("in the pod: {0}")]
    InTheWay(Box<Finding>),
    /// It was there, and is not any more.
    #[error("{device} vanished from namespace {netns} meanwhile: add the container again")]
    Vanished {
        /// The device.
        device: DeviceName,
        /// The namespace.
        netns: String,
    },
}

fn way_out(error: Errno) -> &'static str {
    match error {
        Errno::PERM => ": run as root or with CAP_NET_ADMIN",
        Errno::OPNOTSUPP => ": this kernel has no veth: load the module (`modprobe veth`)",
        Errno::EXIST => ": somebody else makes one of that name at the same time",
        _ => "",
    }
}
