//! A tunnel: the kernel's device at one end, ours at the other.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use wgtrace_testbed::{FrameReceiver, Line, Namespace};

use super::capture::{self, Opened};
use super::config::Config;
use super::kernel::Kernel;
use super::ours::Ours;
use super::shown::Shown;
use crate::wait::until;

/// One end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// The kernel's, on the left.
    Kernel,
    /// `wgtraced wg-user`, on the right.
    Ours,
}

/// What a tunnel is to be like.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan {
    /// Whether it runs over IPv6.
    pub(super) v6: bool,
    pub(super) psk: bool,
    /// The only end that knows where the other is, and so the one that begins; `None` for both.
    pub(super) begins: Option<End>,
    /// The end that sends persistent keepalives, one a second.
    pub(super) keepalive: Option<End>,
}

/// A running tunnel, and all that its outer link has carried.
#[derive(Debug)]
pub(super) struct Pair {
    pub(super) line: Line,
    pub(super) kernel: Kernel,
    pub(super) ours: Ours,
    capture: FrameReceiver,
}

impl Plan {
    /// Over IPv4 and with a preshared key, begun by one end.
    pub(super) const fn begun_by(end: End) -> Self {
        Self { v6: false, psk: true, begins: Some(end), keepalive: None }
    }
}

impl End {
    pub(super) const BOTH: [Self; 2] = [Self::Kernel, Self::Ours];

    pub(super) fn other(self) -> Self {
        match self {
            Self::Kernel => Self::Ours,
            Self::Ours => Self::Kernel,
        }
    }

    /// The last part of its addresses.
    pub(super) fn host(self) -> u8 {
        match self {
            Self::Kernel => 1,
            Self::Ours => 2,
        }
    }

    /// The port that its messages come from.
    pub(super) fn port(self) -> u16 {
        51000 + u16::from(self.host())
    }

    /// Its address on the outer link.
    pub(super) fn outer(self, v6: bool) -> IpAddr {
        match self {
            _ if v6 => outer6(self.host()),
            Self::Kernel => Line::LEFT,
            Self::Ours => Line::RIGHT,
        }
    }

    /// Its address in the tunnel.
    pub(super) fn inner(self, v6: bool) -> IpAddr {
        let host = self.host();
        if v6 {
            Ipv6Addr::new(0xfd09, 0, 0, 0, 0, 0, 0, host.into()).into()
        } else {
            Ipv4Addr::new(10, 9, 0, host).into()
        }
    }
}

impl Pair {
    /// Lays it and starts both ends; the first word is still to be said.
    pub(super) fn lay(plan: Plan) -> Result<Self> {
        let line = Line::new()?;
        let ends = [(&line.left, End::Kernel), (&line.right, End::Ours)];
        for (namespace, end) in ends {
            namespace.allow_ipv6("default")?;
            namespace.allow_ipv6("eth0")?;
            if plan.v6 {
                namespace.address("eth0", end.outer(true), 64)?;
            }
        }
        if plan.v6 {
            introduce(&line, End::Kernel.outer(true), End::Ours.outer(true))?;
        }
        let capture = line.left.run(|| FrameReceiver::open("eth0", MEMORY))??;
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let kernel = Kernel::make(&line.left, format!("wk{number}"), Config::new(plan, End::Kernel))?;
        let ours = Ours::start(&line.right, format!("wu{number}"), &Config::new(plan, End::Ours))?;
        Ok(Self { line, kernel, ours, capture })
    }

    pub(super) fn namespace(&self, end: End) -> &Namespace {
        match end {
            End::Kernel => &self.line.left,
            End::Ours => &self.line.right,
        }
    }

    /// What `wg show` says of an end's only peer.
    pub(super) fn shown(&self, end: End) -> Result<Shown> {
        match end {
            End::Kernel => Shown::of(&self.line.left, self.kernel.name()),
            End::Ours => Shown::of(&self.line.right, self.ours.name()),
        }
    }

    /// Gives an end another IPv4 address on the outer link, in the place of the one that it has.
    pub(super) fn move_to(&self, end: End, from: IpAddr, to: IpAddr, far: IpAddr) -> Result<()> {
        let namespace = self.namespace(end);
        namespace.remove_address("eth0", from)?;
        namespace.address("eth0", to, 24)?;
        match end {
            End::Kernel => introduce(&self.line, to, far),
            End::Ours => introduce(&self.line, far, to),
        }
    }

    /// Waits until nothing is under way: what one end has sent the other has received, as `wg show` has it on both.
    ///
    /// Where both began at once this need not come about: an answer that came too late is counted by its sender alone.
    pub(super) fn agree(&self) -> Result<String> {
        let mut last = String::new();
        let both = until("both ends have counted the same", PATIENCE, || {
            let (kernel, ours) = (self.shown(End::Kernel)?, self.shown(End::Ours)?);
            last = format!(
                "kernel: {} received, {} sent; ours: {} received, {} sent",
                kernel.received, kernel.sent, ours.received, ours.sent
            );
            let same = kernel.received == ours.sent && kernel.sent == ours.received && kernel.sent > 0;
            Ok(same.then_some((kernel, ours)))
        });
        let (kernel, ours) = both.with_context(|| last.clone())?;
        let apart = kernel.handshake.abs_diff(ours.handshake);
        ensure!(kernel.handshake > 0 && apart <= 3, "the last handshakes are {apart} s apart");
        Ok(format!("{last}; handshakes {apart} s apart"))
    }

    /// Opens all that the outer link has carried with the keys that our end has written so far.
    pub(super) fn open(&mut self) -> Result<Opened> {
        capture::open(&mut self.capture, &self.ours.keys()?)
    }

    pub(super) fn inner_port(end: End, v6: bool, port: u16) -> SocketAddr {
        SocketAddr::new(end.inner(v6), port)
    }
}

/// Makes the ends of the outer link known to each other.
fn introduce(line: &Line, left: IpAddr, right: IpAddr) -> Result<()> {
    line.left.neighbour("eth0", right, line.right.link("eth0")?.mac)?;
    line.right.neighbour("eth0", left, line.left.link("eth0")?.mac)
}

fn outer6(host: u8) -> IpAddr {
    Ipv6Addr::new(0xfd77, 0, 0, 0, 0, 0, 0, host.into()).into()
}

/// Names of devices are seen in one directory from every namespace.
static NEXT: AtomicU32 = AtomicU32::new(0);

/// The emulator is slow, and four machines share a processor.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

/// Room for a few megabytes of small frames, with what the kernel keeps beside each.
const MEMORY: usize = 128 << 20;
