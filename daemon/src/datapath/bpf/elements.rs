//! bpf(2) for elements of per-CPU arrays: `aya` reads one at a time, and for each a file of sysfs.
#![expect(unsafe_code, reason = "bpf(2) takes addresses")]

use std::ffi::c_int;
use std::os::fd::BorrowedFd;

use rustix::io::Errno;

use crate::probe::call::{Element, bpf, number};

/// Reads the elements from `first` on, of `words` words each, until `values` is full or there are no more; how many.
pub(super) fn lookup_batch(
    map: BorrowedFd<'_>,
    first: u32,
    words: usize,
    values: &mut [u64],
) -> Result<usize, Errno> {
    let count = values.len().checked_div(words).unwrap_or(0);
    let mut keys = vec![0_u32; count];
    // of an array, the place to go on from is the key before
    let before = first.checked_sub(1);
    let mut last = 0_u32;
    let mut attributes = Batch {
        after: before.as_ref().map_or(0, |before| std::ptr::from_ref(before).expose_provenance() as u64),
        last: (&raw mut last).expose_provenance() as u64,
        keys: keys.as_mut_ptr().expose_provenance() as u64,
        values: values.as_mut_ptr().expose_provenance() as u64,
        count: u32::try_from(count).map_err(|_| Errno::INVAL)?,
        map: number(map)?,
        element_flags: 0,
        flags: 0,
    };
    // SAFETY: keys have room for `count` of 4 bytes, and values for as many as there are words in an element of a per-CPU
    // array, which its opener has found to be that long; both live through the call.
    match unsafe { bpf(LOOKUP_BATCH, &mut attributes) } {
        // it ends with the map
        Ok(()) | Err(Errno::NOENT) => {
            let read = usize::try_from(attributes.count).unwrap_or(count);
            // behind the end, it would begin again
            Ok(keys.iter().zip(first..).take(read).take_while(|(key, expected)| *key == expected).count())
        }
        Err(errno) => Err(errno),
    }
}

/// Reads one element, as long as `value`.
pub(super) fn lookup(map: BorrowedFd<'_>, key: u32, value: &mut [u64]) -> Result<(), Errno> {
    let value = value.as_mut_ptr().expose_provenance() as u64;
    let mut attributes = Element::of(map, &key, value)?;
    // SAFETY: the key has 4 bytes, the value those of an element of a per-CPU array; both live through the call.
    unsafe { bpf(LOOKUP, &mut attributes) }
}

/// linux: the part of `union bpf_attr` that is for batches.
#[repr(C)]
struct Batch {
    /// `in_batch`
    after: u64,
    /// `out_batch`
    last: u64,
    keys: u64,
    values: u64,
    count: u32,
    map: u32,
    element_flags: u64,
    flags: u64,
}

const _: () = assert!(size_of::<Batch>() == 56);

// linux: include/uapi/linux/bpf.h
const LOOKUP: c_int = 1;
const LOOKUP_BATCH: c_int = 24;
