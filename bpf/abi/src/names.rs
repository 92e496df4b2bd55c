//! Names of programs, maps and globals in the object.

use crate::Hook;

/// `PERF_EVENT_ARRAY`: where events go, by CPU.
pub const EVENTS: &str = "EVENTS";
/// `PERCPU_ARRAY` of [`crate::Gate`], by hook.
pub const GATES: &str = "GATES";
/// `PERCPU_ARRAY` of [`crate::HookCounters`], by hook.
pub const COUNTERS: &str = "COUNTERS";
/// `ARRAY` of [`crate::Filter`]: two for each hook, at `2 * hook` and `2 * hook + 1`.
pub const FILTERS: &str = "FILTERS";
/// `ARRAY` of `u64`: [`crate::device`]'s bitmap of devices without link-layer header.
pub const L3_DEVICES: &str = "L3_DEVICES";
/// Read-only global, `u32`: inode of the network namespace that an instance is loaded for.
pub const NETNS: &str = "NETNS";

/// What all our program names start with, and nobody else's do.
pub const PROGRAM_PREFIX: &str = "wgt_";

/// The program for a hook. The tap's two hooks are one program.
pub const fn program(hook: Hook) -> &'static str {
    match hook {
        Hook::FromContainer => "wgt_from_lxc",
        Hook::ToContainer => "wgt_to_lxc",
        Hook::FromHost => "wgt_from_host",
        Hook::ToHost => "wgt_to_host",
        Hook::FromWireguard => "wgt_from_wg",
        Hook::ToWireguard => "wgt_to_wg",
        Hook::FromNetdev => "wgt_from_net",
        Hook::ToNetdev => "wgt_to_net",
        Hook::TapIn | Hook::TapOut => "wgt_tap",
    }
}
