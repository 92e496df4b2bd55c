//! A perf event that programs write to, and its ring in our memory.
#![expect(
    unsafe_code,
    reason = "perf_event_open has no safe wrapper, and the ring is memory shared with the kernel"
)]

use std::{
    ffi::c_void,
    os::fd::{AsFd, BorrowedFd, FromRawFd as _, OwnedFd},
    ptr::{self, NonNull},
    slice,
    sync::atomic::{AtomicU64, Ordering},
};

use rustix::{
    io::Errno,
    mm::{MapFlags, ProtFlags},
};

use super::{boot_time, pulse::Pulse, record::Memory};

/// The event on one CPU and its mapped ring. The kernel writes between head and tail, we read between tail and head.
#[derive(Debug)]
pub(super) struct Mapping {
    fd: OwnedFd,
    /// The control page, then the ring.
    base: NonNull<u8>,
    page: usize,
    /// Bytes in the ring, a power of two and at least a page.
    capacity: usize,
    /// The consumer's position: only we write it.
    tail: u64,
    /// The producer's position as of the last load.
    head: u64,
    pulse: Pulse,
}

// SAFETY: the mapping belongs to this value alone and is not tied to a thread.
unsafe impl Send for Mapping {}

/// Which of the two calls failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OpenError {
    Event(Errno),
    Map(Errno),
}

impl Mapping {
    /// A ring of `pages` pages (a power of two) for what programs on `cpu` write, with a wake-up every `watermark` bytes.
    pub(super) fn open(cpu: u32, pages: usize, watermark: u32) -> Result<Self, OpenError> {
        // PERF_FORMAT_LOST is from Linux 6.0
        let fd = match perf_event_open(cpu, watermark, FORMAT_ENABLED | FORMAT_LOST) {
            Err(Errno::INVAL) => perf_event_open(cpu, watermark, FORMAT_ENABLED),
            other => other,
        }
        .map_err(OpenError::Event)?;
        let page = rustix::param::page_size();
        let capacity = pages.checked_mul(page).ok_or(OpenError::Map(Errno::NOMEM))?;
        let len = capacity.checked_add(page).ok_or(OpenError::Map(Errno::NOMEM))?;
        // SAFETY: a new mapping at an address of the kernel's choice touches no memory in use.
        let base = unsafe {
            rustix::mm::mmap(
                ptr::null_mut(),
                len,
                ProtFlags::READ | ProtFlags::WRITE,
                MapFlags::SHARED,
                &fd,
                0,
            )
        }
        .map_err(OpenError::Map)?;
        let base = NonNull::new(base.cast()).ok_or(OpenError::Map(Errno::NOMEM))?;
        Ok(Self { fd, base, page, capacity, tail: 0, head: 0, pulse: Pulse::new(boot_time()) })
    }

    /// Records that found no room so far, those without a LOST record yet included; `None` before Linux 6.0.
    pub(super) fn lost(&self) -> Option<u64> {
        self.read(LOST)
    }

    /// Whether nothing is written here any more, since the event died with its CPU.
    pub(super) fn is_dead(&mut self) -> bool {
        let enabled = self.read(ENABLED);
        enabled.is_some_and(|enabled| self.pulse.has_stopped(boot_time(), enabled))
    }

    /// One of the numbers that the event tells of itself.
    fn read(&self, number: usize) -> Option<u64> {
        // value, enabled, lost
        let mut answer = [0; 24];
        let len = rustix::io::read(&self.fd, &mut answer).ok()?;
        let (numbers, _) = answer.get(..len)?.as_chunks();
        numbers.get(number).copied().map(u64::from_ne_bytes)
    }

    fn control(&self, offset: usize) -> &AtomicU64 {
        // SAFETY: the offsets are within the mapped control page and 8-aligned; kernel and we access these
        // words atomically (linux: tools/include/linux/ring_buffer.h). The mapping lives as long as `self`.
        unsafe { AtomicU64::from_ptr(self.base.as_ptr().add(offset).cast()) }
    }
}

impl Memory for Mapping {
    fn capacity(&self) -> u64 {
        self.capacity as u64
    }

    fn load(&mut self) -> (u64, u64) {
        // acquire: the records before the head are whole
        self.head = self.control(DATA_HEAD).load(Ordering::Acquire);
        (self.tail, self.head)
    }

    #[inline]
    fn pieces(&self, position: u64, len: usize) -> (&[u8], &[u8]) {
        let filled = self.head.wrapping_sub(self.tail).min(self.capacity as u64);
        let skipped = position.wrapping_sub(self.tail).min(filled);
        let len = len.min(usize::try_from(filled - skipped).unwrap_or(0));
        let mask = self.capacity as u64 - 1;
        let offset = usize::try_from(position & mask).unwrap_or(0);
        let first = len.min(self.capacity - offset);
        // SAFETY: offset < capacity, first <= capacity - offset and len <= capacity, so both pieces are within
        // the ring, which is mapped as long as `self` lives; they are within tail..head, which the kernel does not
        // write to until `commit` moves the tail, and that takes `&mut self`.
        unsafe {
            let ring = self.base.as_ptr().add(self.page);
            (slice::from_raw_parts(ring.add(offset), first), slice::from_raw_parts(ring, len - first))
        }
    }

    fn commit(&mut self, position: u64) {
        self.tail = position;
        // release: we are done reading what is before the tail
        self.control(DATA_TAIL).store(position, Ordering::Release);
    }
}

impl AsFd for Mapping {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: this is what `open` mapped, and no borrow of it outlives `self`.
        let unmapped =
            unsafe { rustix::mm::munmap(self.base.as_ptr().cast::<c_void>(), self.capacity + self.page) };
        debug_assert!(unmapped.is_ok(), "{unmapped:?}");
    }
}

/// linux: `struct perf_event_attr` as far as its first published version goes.
#[derive(Default)]
#[repr(C)]
struct Attributes {
    kind: u32,
    size: u32,
    config: u64,
    sample_period: u64,
    sample_type: u64,
    read_format: u64,
    flags: u64,
    wakeup_watermark: u32,
    breakpoint_type: u32,
    config1: u64,
}

const ATTRIBUTES_SIZE: u32 = 64;
const _: () = assert!(size_of::<Attributes>() == ATTRIBUTES_SIZE as usize);

fn perf_event_open(cpu: u32, watermark: u32, read_format: u64) -> Result<OwnedFd, Errno> {
    let attributes = Attributes {
        kind: TYPE_SOFTWARE,
        size: ATTRIBUTES_SIZE,
        config: SW_BPF_OUTPUT,
        sample_period: 1,
        sample_type: SAMPLE_RAW,
        read_format,
        flags: WATERMARK,
        wakeup_watermark: watermark,
        ..Attributes::default()
    };
    // SAFETY: the kernel reads `size` bytes of the attributes, which live through the call.
    let fd =
        unsafe { libc::syscall(libc::SYS_perf_event_open, &raw const attributes, -1, cpu, -1, FD_CLOEXEC) };
    match i32::try_from(fd) {
        // SAFETY: the call succeeded, so this is a new descriptor that nobody else owns.
        Ok(fd) if fd >= 0 => Ok(unsafe { OwnedFd::from_raw_fd(fd) }),
        _ => Err(Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::IO)),
    }
}

// linux: include/uapi/linux/perf_event.h
const TYPE_SOFTWARE: u32 = 1;
const SW_BPF_OUTPUT: u64 = 10;
const SAMPLE_RAW: u64 = 1 << 10;
const FORMAT_ENABLED: u64 = 1;
const FORMAT_LOST: u64 = 1 << 4;
// which of the numbers that are read
const ENABLED: usize = 1;
const LOST: usize = 2;
/// The bit of `watermark` among the flags.
const WATERMARK: u64 = 1 << 14;
const FD_CLOEXEC: libc::c_ulong = 8;
// offsets in `struct perf_event_mmap_page`
const DATA_HEAD: usize = 1024;
const DATA_TAIL: usize = 1032;
