//! What the programs counted, for who asks without the node's lock.

use std::os::fd::{AsFd as _, OwnedFd};

use aya::Ebpf;
use rustix::io::Errno;
use wgtrace_abi::forward::Metric;
use wgtrace_abi::{DropReason, Hook, names};

use super::elements;
use super::tables;
use crate::probe::ProbeError;
use crate::probe::ring::cpus;

/// The counters of the programs of a namespace, whoever loaded them.
#[derive(Debug)]
pub struct Metrics {
    map: OwnedFd,
    /// CPUs that may ever be up: each has a value of its own.
    cpus: usize,
}

/// What they were at one moment, of all CPUs together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counted {
    /// What became of packets, by hook and drop reason (`None`: not dropped); without zeros, and without `leaks`.
    pub fates: Vec<(Hook, Option<DropReason>, Metric)>,
    /// What was tapped leaving by the native device in clear and had to be encrypted; super-frames as one packet.
    pub leaks: Metric,
}

impl Metrics {
    pub(super) fn of(ebpf: &Ebpf) -> Result<Self, ProbeError> {
        let map = tables::data(ebpf, names::METRICS)?.fd().as_fd().try_clone_to_owned();
        let map = map.map_err(|error| ProbeError::io(WHAT, &error))?;
        Ok(Self { map, cpus: cpus::read(cpus::POSSIBLE)?.len() })
    }

    /// Reads all of them: one system call for each hook, or, before Linux 5.13, one for each counter.
    ///
    /// # Errors
    /// When the kernel refuses it.
    pub fn read(&self) -> Result<Counted, ProbeError> {
        let mut counted = Counted::default();
        let mut values = Values::new(self.cpus);
        for hook in Hook::ALL {
            let first = Metric::position(hook.number(), 0);
            let read = self.read_some(first, &mut values).map_err(|errno| ProbeError::call(WHAT, errno))?;
            for (position, metric) in (first..).zip(values.sums().take(read)) {
                counted.add(position, metric);
            }
        }
        Ok(counted)
    }

    /// Those from `first` on; how many there are.
    fn read_some(&self, first: u32, values: &mut Values) -> Result<usize, Errno> {
        let words = values.words;
        match elements::lookup_batch(self.map.as_fd(), first, words, &mut values.all) {
            // the kernel has no batches, or none of such a map
            Err(Errno::NOTSUP | Errno::INVAL | UNSUPPORTED) => {}
            read => return read,
        }
        let mut read = 0;
        for (position, value) in (first..).zip(values.all.chunks_exact_mut(words)) {
            match elements::lookup(self.map.as_fd(), position, value) {
                Err(Errno::NOENT) => break,
                done => done?,
            }
            read += 1;
        }
        Ok(read)
    }
}

impl Counted {
    fn add(&mut self, position: u32, metric: Metric) {
        match Metric::meaning(position) {
            _ if metric == Metric::default() => {}
            Some((hook, Some(reason))) if (hook, reason) == Metric::LEAK => self.leaks = metric,
            Some((hook, reason)) => self.fates.push((hook, reason, metric)),
            None => {}
        }
    }
}

/// Room for the counters of one hook on each CPU.
struct Values {
    all: Vec<u64>,
    /// Of each counter.
    words: usize,
}

impl Values {
    fn new(cpus: usize) -> Self {
        let words = cpus.saturating_mul(WORDS);
        Self { all: vec![0; words.saturating_mul(Metric::COUNT / Hook::COUNT)], words }
    }

    fn sums(&self) -> impl Iterator<Item = Metric> {
        self.all.chunks_exact(self.words).map(|of_cpus| {
            let (each, _) = of_cpus.as_chunks::<WORDS>();
            each.iter().fold(Metric::default(), |sum, [packets, bytes]| Metric {
                packets: sum.packets.saturating_add(*packets),
                bytes: sum.bytes.saturating_add(*bytes),
            })
        })
    }
}

/// Of a [`Metric`].
const WORDS: usize = size_of::<Metric>() / size_of::<u64>();
const WHAT: &str = "read what the programs counted";
/// linux: `ENOTSUPP`, which the kernel says though users should never see it.
const UNSUPPORTED: Errno = Errno::from_raw_os_error(524);
