//! What a device's threads share.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use getrandom::SysRng;
use rand_core::{CryptoRng, UnwrapErr};
use wgtrace_tunnel::{DataPath, Device, Now};

use super::hold::Hold;
use super::losses::{Loss, Losses};
use super::tun::Tun;
use super::udp::{SuperFrame, Udp};
use super::wake::Wake;
use crate::wireguard::listening::{Listeners, Listening};

pub(super) struct Core {
    protocol: Mutex<Protocol>,
    /// Rung when something falls due earlier than was thought.
    alarm: Condvar,
    pub(super) path: Arc<DataPath>,
    pub(super) tun: Tun,
    udp: RwLock<Arc<Udp>>,
    mtu: AtomicUsize,
    pub(super) losses: Losses,
    /// Over what is in the TUN.
    pub(super) hold: Hold,
    /// The first worker's.
    pub(super) first: Wake,
    /// The second worker's.
    pub(super) second: Wake,
    ending: AtomicBool,
    gone: AtomicBool,
}

struct Protocol {
    device: Device,
    /// When the timer thread wakes up by itself.
    armed: Option<Instant>,
    listeners: Listeners,
}

impl Core {
    pub(super) fn new(device: Device, tun: Tun, udp: Udp, mtu: usize) -> io::Result<Self> {
        Ok(Self {
            path: device.data_path(),
            protocol: Mutex::new(Protocol { device, armed: None, listeners: Listeners::default() }),
            alarm: Condvar::new(),
            hold: Hold::new(tun.is_adopted()),
            tun,
            udp: RwLock::new(Arc::new(udp)),
            mtu: AtomicUsize::new(mtu),
            losses: Losses::new(),
            first: Wake::new()?,
            second: Wake::new()?,
            ending: AtomicBool::new(false),
            gone: AtomicBool::new(false),
        })
    }

    /// Gives the state machine one input, and sends what it answers with.
    pub(super) fn with_device<T>(&self, act: impl FnOnce(&mut Device, Now, &mut dyn CryptoRng) -> T) -> T {
        let mut protocol = self.lock();
        let result = act(&mut protocol.device, now(), &mut UnwrapErr(SysRng));
        self.drain(&mut protocol);
        if self.hold.is_on() && protocol.device.is_connected(Instant::now()) && self.hold.end() {
            self.first.wake();
        }
        let next = protocol.device.poll_timeout();
        if next.is_some_and(|next| protocol.armed.is_none_or(|armed| next < armed)) {
            protocol.armed = next;
            self.alarm.notify_one();
        }
        result
    }

    /// The timer thread's work, until the device ends.
    pub(super) fn keep_time(&self) {
        let mut protocol = self.lock();
        while !self.ending.load(Ordering::Acquire) {
            protocol.device.handle_timeout(now(), &mut UnwrapErr(SysRng));
            self.drain(&mut protocol);
            let next = protocol.device.poll_timeout();
            protocol.armed = next;
            protocol = match next {
                Some(next) => {
                    let patience = next.saturating_duration_since(Instant::now());
                    self.alarm.wait_timeout(protocol, patience).unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.alarm.wait(protocol).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    /// Tells every thread to end.
    pub(super) fn end(&self) {
        self.ending.store(true, Ordering::Release);
        self.first.end();
        self.second.end();
        // With the lock: the timer thread is waiting, or has not looked yet.
        drop(self.lock());
        self.alarm.notify_all();
    }

    /// Ends because the TUN was removed by somebody else.
    pub(super) fn end_as_gone(&self) {
        self.gone.store(true, Ordering::Release);
        self.end();
    }

    /// Whether the TUN was removed by somebody else.
    pub(super) fn is_gone(&self) -> bool {
        self.gone.load(Ordering::Acquire)
    }

    pub(super) fn udp(&self) -> Arc<Udp> {
        Arc::clone(&self.udp.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts another socket in place; what is under way through the old one is finished.
    pub(super) fn set_udp(&self, udp: Udp) {
        *self.udp.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(udp);
        self.first.wake();
    }

    pub(super) fn mtu(&self) -> usize {
        self.mtu.load(Ordering::Relaxed)
    }

    pub(super) fn set_mtu(&self, mtu: usize) {
        self.mtu.store(mtu, Ordering::Relaxed);
        self.with_device(|device, _, _| device.set_mtu(mtu));
    }

    pub(super) fn subscribe(&self) -> Listening {
        self.lock().listeners.add()
    }

    pub(super) fn send(&self, udp: &Udp, frame: SuperFrame<'_>) {
        if let Err(error) = udp.send(frame) {
            self.losses.add(Loss::UdpSend, error.lost.into());
            tracing::debug!(destination = %frame.destination, %error, "sending");
        }
    }

    /// Tells the state machine which peers do not get what they are sent.
    pub(super) fn take_returned(&self, udp: &Udp) {
        let returned = udp.returned();
        if returned.is_empty() {
            return;
        }
        self.with_device(|device, now, rng| {
            for destination in returned {
                tracing::debug!(%destination, "a message came back: nobody takes it");
                device.handle_unreachable(now, rng, destination);
            }
        });
    }

    fn lock(&self) -> MutexGuard<'_, Protocol> {
        self.protocol.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn drain(&self, protocol: &mut Protocol) {
        while let Some(transmit) = protocol.device.poll_transmit() {
            let messages = transmit.payload.as_ref();
            let (destination, size) = (transmit.destination, messages.len());
            self.send(&self.udp(), SuperFrame { destination, messages, size, ecn: None });
        }
        while let Some(event) = protocol.device.poll_event() {
            self.losses.add(Loss::Subscriber, protocol.listeners.tell(&event));
        }
    }
}

/// What both clocks show.
pub(super) fn now() -> Now {
    let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Now { monotonic: Instant::now(), unix_nanos: i64::try_from(unix.as_nanos()).unwrap_or(i64::MAX) }
}
