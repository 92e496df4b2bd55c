//! The helpers used here are for programs that the kernel may count as GPL-compatible.
#![expect(unsafe_code, reason = "sections that the loader and the compiler look for")]

// SAFETY: nothing else is in this section.
#[unsafe(link_section = "license")]
// SAFETY: no other symbol of the object has this name.
#[unsafe(no_mangle)]
static LICENSE: [u8; 13] = *b"Dual MIT/GPL\0";

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    // Nothing here panics: the verifier refuses an endless loop.
    loop {}
}
