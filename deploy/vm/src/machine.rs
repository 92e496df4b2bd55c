//! The machine as a whole: its file systems, and its end.

use std::fs;
use std::time::Duration;

use anyhow::{Context as _, Result};
use rustix::mount::{MountFlags, mount as mount_at};
use rustix::system::{RebootCommand, reboot};

/// File systems by type and place.
const MOUNTS: [(&str, &str); 5] =
    [("proc", "/proc"), ("sysfs", "/sys"), ("devtmpfs", "/dev"), ("tmpfs", "/run"), ("bpf", "/sys/fs/bpf")];

/// Makes them appear.
pub(crate) fn mount() -> Result<()> {
    for (kind, place) in MOUNTS {
        mount_at(kind, place, kind, MountFlags::empty(), None)
            .with_context(|| format!("cannot mount {kind} at {place}"))?;
    }
    Ok(())
}

/// Time that this machine has, from the kernel's command line.
pub(crate) fn deadline() -> Option<Duration> {
    let line = fs::read_to_string("/proc/cmdline").ok()?;
    let seconds = line.split_ascii_whitespace().find_map(|word| word.strip_prefix("wgtrace.deadline="))?;
    seconds.parse().ok().map(Duration::from_secs)
}

/// Switches the machine off when time is up.
pub(crate) fn off_after(time: Duration) {
    std::thread::spawn(move || {
        std::thread::sleep(time);
        eprintln!("init: out of time after {} s", time.as_secs());
        off();
    });
}

/// Switches the machine off when any thread panics: there is nobody to do it for init.
pub(crate) fn off_after_panic() {
    std::panic::set_hook(Box::new(|panic| {
        eprintln!("init: {panic}");
        off();
    }));
}

/// Switches the machine off.
pub(crate) fn off() {
    rustix::fs::sync();
    if let Err(error) = reboot(RebootCommand::PowerOff) {
        eprintln!("init: cannot switch off: {error}");
    }
}
