//! What a thread asks of the allocator, for tests and benches that hold a program to it.
#![expect(unsafe_code, reason = "an allocator is an unsafe trait")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// The system's allocator, and an account of each thread: `#[global_allocator] static COUNTING: Counting = Counting;`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Counting;

impl Counting {
    /// How often this thread asked for memory, or for more.
    pub fn allocations() -> u64 {
        ALLOCATIONS.get()
    }

    /// Bytes that this thread asked for and did not give back; what another one gives back for it does not count.
    pub fn held() -> i64 {
        HELD.get()
    }
}

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
    static HELD: Cell<i64> = const { Cell::new(0) };
}

fn more(bytes: usize) {
    ALLOCATIONS.set(ALLOCATIONS.get().wrapping_add(1));
    HELD.set(HELD.get().wrapping_add_unsigned(bytes as u64));
}

fn less(bytes: usize) {
    HELD.set(HELD.get().wrapping_sub_unsigned(bytes as u64));
}

// SAFETY: everything is the system's; the counters are plain cells that need no memory of their own and are never
// destroyed.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        more(layout.size());
        // SAFETY: the caller's promise is passed on
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        more(layout.size());
        // SAFETY: the caller's promise is passed on
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        less(layout.size());
        more(size);
        // SAFETY: the caller's promise is passed on
        unsafe { System.realloc(memory, layout, size) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        less(layout.size());
        // SAFETY: the caller's promise is passed on
        unsafe { System.dealloc(memory, layout) }
    }
}
