//! Who moves packets: one thread both ways, and a second one way when both are busy.
//!
//! To wake a thread takes longer than to seal a dozen packets, on a virtual machine above all. One thread
//! that has written a packet to the TUN finds the answer there without being woken for it, and gives back
//! acknowledgements while it has the data at hand. Where there is more to do both ways than one core can,
//! the second thread takes the way out over, and returns it when it has become quiet.

use std::io;
use std::os::fd::AsFd as _;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use rustix::event::Timespec;

use super::core::Core;
use super::inward::Inward;
use super::outward::{Batch, Outward};
use super::wake::Waited;

/// The thread that receives, and that sends as long as it has the time.
pub(super) struct First {
    inward: Inward,
    /// Away while the second has it.
    outward: Option<Outward>,
    forth: SyncSender<Outward>,
    back: Receiver<Outward>,
}

/// The thread that helps out.
pub(super) struct Second {
    forth: Receiver<Outward>,
    back: SyncSender<Outward>,
}

/// Both workers of a device.
pub(super) fn pair(core: &Core) -> (First, Second) {
    let (to_second, from_first) = sync_channel(1);
    let (to_first, from_second) = sync_channel(1);
    let (inward, outward) = (Inward::new(core), Some(Outward::new()));
    let first = First { inward, outward, forth: to_second, back: from_second };
    (first, Second { forth: from_first, back: to_first })
}

impl First {
    /// The thread's work, until the device ends.
    pub(super) fn run(mut self, core: &Core) -> io::Result<()> {
        let mut crowded = 0;
        while !core.first.is_ending() {
            let udp = core.udp();
            let received = self.inward.batch(core, &udp);
            if self.outward.is_none() {
                self.outward = self.back.try_recv().ok();
            }
            let none = Batch { packets: 0, is_all: true };
            let read = self.outward.as_mut().map_or(none, |outward| outward.batch(core, &udp));
            crowded = if received >= MANY && read.packets >= MANY { crowded + 1 } else { 0 };
            if crowded >= TOO_LONG
                && let Some(outward) = self.outward.take()
            {
                // There is room: the second had given it back. It ends no sooner than this thread.
                let _ = self.forth.send(outward);
                crowded = 0;
            }
            if received == 0 && read.is_all {
                let tun = self.outward.is_some().then(|| core.tun.as_fd());
                match core.first.wait(Some(udp.as_fd()), tun, core.hold.left())? {
                    Waited::Gone => core.end_as_gone(),
                    Waited::Returned => self.inward.look_for_returned(),
                    Waited::Ready | Waited::InVain => {}
                }
            }
        }
        if let Some(outward) = &mut self.outward {
            outward.flush(core, &core.udp());
        }
        Ok(())
    }
}

impl Second {
    /// The thread's work, until the device ends: the first hangs up then.
    pub(super) fn run(self, core: &Core) -> io::Result<()> {
        for mut outward in self.forth {
            let (mut since, mut packets) = (Instant::now(), 0);
            while !core.second.is_ending() {
                let read = outward.batch(core, &core.udp());
                packets += read.packets;
                if since.elapsed() >= WHILE {
                    // A trickle is no work for a thread of its own, however steady.
                    if packets < MANY {
                        break;
                    }
                    (since, packets) = (Instant::now(), 0);
                }
                if read.is_all {
                    match core.second.wait(None, Some(core.tun.as_fd()), Some(QUIET))? {
                        Waited::Ready | Waited::Returned => {}
                        Waited::InVain => break,
                        Waited::Gone => core.end_as_gone(),
                    }
                }
            }
            outward.flush(core, &core.udp());
            // Refused when the first has ended.
            let _ = self.back.send(outward);
            core.first.wake();
        }
        Ok(())
    }
}

/// Packets in one batch that are much work.
const MANY: usize = 64;
/// Batches in a row that were much work both ways.
const TOO_LONG: u32 = 4;
/// With fewer than many packets in this time, the way out goes back.
const WHILE: Duration = Duration::from_millis(10);
/// The same for waiting.
const QUIET: Timespec = Timespec { tv_sec: 0, tv_nsec: 10_000_000 };
