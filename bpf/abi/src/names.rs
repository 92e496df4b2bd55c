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
/// `ARRAY` of one [`crate::forward::Settings`].
pub const SETTINGS: &str = "SETTINGS";
/// `HASH` of [`crate::forward::Endpoint`], by [`crate::Address`].
pub const ENDPOINTS: &str = "ENDPOINTS";
/// `HASH` of [`crate::forward::Origin`], by the index of the interface.
pub const ORIGINS: &str = "ORIGINS";
/// `LPM_TRIE` of [`crate::forward::Place`], by prefixes of 16-byte addresses.
pub const IPCACHE: &str = "IPCACHE";
/// `PERCPU_ARRAY` of [`crate::forward::Metric`], by [`crate::forward::Metric::position`].
pub const METRICS: &str = "METRICS";
/// Maps that outlive the daemon: what forwarding is decided by, and what became of it.
pub const STATE: [&str; 5] = [SETTINGS, ENDPOINTS, ORIGINS, IPCACHE, METRICS];
/// Read-only global, `u32`: inode of the network namespace that an instance is loaded for.
pub const NETNS: &str = "NETNS";

/// What all our program names start with, and nobody else's do.
pub const PROGRAM_PREFIX: &str = "wgt_";

/// The forwarding program for a hook; packet sockets forward nothing.
pub const fn forwarder(hook: Hook) -> Option<&'static str> {
    match hook {
        Hook::FromContainer => Some("wgt_fwd_lxc_rx"),
        Hook::ToContainer => Some("wgt_fwd_lxc_tx"),
        Hook::FromHost => Some("wgt_fwd_host_tx"),
        Hook::ToHost => Some("wgt_fwd_host_rx"),
        Hook::FromWireguard => Some("wgt_fwd_wg_rx"),
        Hook::ToWireguard => Some("wgt_fwd_wg_tx"),
        Hook::FromNetdev => Some("wgt_fwd_net_rx"),
        Hook::ToNetdev => Some("wgt_fwd_net_tx"),
        Hook::TapIn | Hook::TapOut => None,
    }
}

/// The tracer for a hook. The tap's two hooks are one program.
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
