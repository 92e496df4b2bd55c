//! `OUTCOMES`: what was decided about the packet at hand, by hook and CPU.
//!
//! The verifier would walk all that comes after a decision once for every way that led to it. What is in a map it
//! forgets: all ways are one.
#![expect(unsafe_code, reason = "values of a map")]

use aya_ebpf::btf_maps::PerCpuArray;
use aya_ebpf::macros::btf_map;
use wgtrace_abi::{DropReason, Hook, Mark, Verdict};
use wgtrace_bpf::forward::{ARP_LEN, Decision, HEAD_LEN, Sink};
use zerocopy::transmute;

use crate::programs::skb::Skb;

#[btf_map]
static OUTCOMES: PerCpuArray<[u64; size_of::<Stored>() / 8], { Hook::COUNT }> = PerCpuArray::new();

#[repr(C, align(8))]
struct Stored {
    bytes: [u8; 44],
    mark: u32,
    ifindex: u32,
    verdict: u8,
    reason: u8,
    /// How many of `bytes` the packet begins with from now on.
    written: u8,
}

/// What is to be done.
pub(super) struct Outcome(*mut Stored);

/// Room for what is decided at `hook`.
#[inline(always)]
pub(super) fn of(hook: u8) -> Option<Outcome> {
    OUTCOMES.get_ptr_mut(u32::from(hook)).map(|stored| Outcome(stored.cast()))
}

macro_rules! read {
    ($self:ident.$field:ident) => {
        // SAFETY: the lookup gave it, as long as a `Stored` and aligned to 8; the programs of a hook do not
        // interrupt each other on a CPU. Volatile, or the compiler would remember what was written.
        unsafe { (&raw const (*$self.0).$field).read_volatile() }
    };
}

macro_rules! write {
    ($self:ident.$field:ident = $value:expr) => {
        // SAFETY: as above.
        unsafe { (&raw mut (*$self.0).$field).write_volatile($value) }
    };
}

impl Outcome {
    /// Takes down what is decided about `skb`.
    #[inline(always)]
    pub(super) fn writer<'a>(&'a self, skb: &'a Skb) -> Writer<'a> {
        Writer { outcome: self, skb }
    }

    /// It cannot be done: the packet is not to be written.
    #[inline(always)]
    pub(super) fn fail(&self) {
        write!(self.verdict = Verdict::Dropped as u8);
        write!(self.reason = DropReason::WRITE_ERROR.0);
        write!(self.written = 0);
    }

    #[inline(always)]
    pub(super) fn verdict(&self) -> u8 {
        read!(self.verdict)
    }

    #[inline(always)]
    pub(super) fn reason(&self) -> u8 {
        read!(self.reason)
    }

    #[inline(always)]
    pub(super) fn mark(&self) -> u32 {
        read!(self.mark)
    }

    #[inline(always)]
    pub(super) fn ifindex(&self) -> u32 {
        read!(self.ifindex)
    }

    /// Whether the packet's bytes change.
    #[inline(always)]
    pub(super) fn rewrites(&self) -> bool {
        read!(self.written) != 0
    }

    /// Changes the packet's bytes, if they are to change; false when that failed.
    #[inline(always)]
    pub(super) fn rewrite(&self, skb: &Skb) -> bool {
        let written = read!(self.written);
        if written == 0 {
            return true;
        }
        // SAFETY: as above; nobody writes to it meanwhile.
        let bytes = unsafe { &(*self.0).bytes };
        let done = if usize::from(written) == HEAD_LEN {
            skb.store::<HEAD_LEN>(bytes)
        } else {
            skb.store::<ARP_LEN>(bytes)
        };
        // up the stack it is the host's, whomever the pod had it for
        if self.verdict() == Verdict::Forwarded as u8 {
            skb.take_in();
        }
        done
    }

    /// `bytes` are words of 16 bits, at most 22.
    #[inline(always)]
    fn all<T: Copy>(&self, verdict: Verdict, reason: DropReason, mark: Mark, ifindex: u32, bytes: T) {
        const { assert!(size_of::<T>() <= 44 && align_of::<T>() <= 8) };
        #[expect(clippy::cast_possible_truncation, reason = "at most 44")]
        let written = const { size_of::<T>() as u8 };
        write!(self.verdict = verdict as u8);
        write!(self.reason = reason.0);
        write!(self.written = written);
        write!(self.mark = mark.0);
        write!(self.ifindex = ifindex);
        // SAFETY: as above; they are at the start, which is aligned to 8, and there is room.
        unsafe { (&raw mut (*self.0).bytes).cast::<T>().write(bytes) };
    }
}

/// Takes down what is decided.
pub(super) struct Writer<'a> {
    outcome: &'a Outcome,
    skb: &'a Skb,
}

impl Sink for Writer<'_> {
    #[inline(always)]
    fn put(&mut self, decision: Decision) {
        match decision {
            Decision::Pass(mark) => self.outcome.all(Verdict::Forwarded, DropReason(0), mark, 0, NOTHING),
            Decision::Stack { head, mark } => {
                self.outcome.all(Verdict::Forwarded, DropReason(0), mark, 0, head);
            }
            Decision::Deliver { head, ifindex } => {
                self.outcome.all(Verdict::Redirected, DropReason(0), Mark(0), ifindex, head);
            }
            Decision::Encrypt { ifindex } => {
                self.outcome.all(Verdict::Redirected, DropReason(0), Mark(Mark::ENCRYPT), ifindex, NOTHING);
            }
            Decision::Answer { frame, ifindex } => {
                let words: [u16; ARP_LEN / 2] = transmute!(frame);
                self.outcome.all(Verdict::Redirected, DropReason(0), Mark(0), ifindex, words);
            }
            Decision::Drop(reason) => {
                self.outcome.all(Verdict::Dropped, reason, Mark(self.skb.mark()), 0, NOTHING)
            }
        }
    }
}

/// The packet's bytes stay.
const NOTHING: [u16; 0] = [];
