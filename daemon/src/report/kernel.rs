//! What the kernel says of itself.

use std::fs;
use std::io::Read as _;
use std::path::Path;

use super::rights::read_number;
use super::{Answer, Finding};

pub(super) fn release() -> Finding {
    let uname = rustix::system::uname();
    let release = uname.release().to_string_lossy().into_owned();
    let machine = uname.machine().to_string_lossy().into_owned();
    Finding::new(
        Answer::Text(format!("{release} {machine}")),
        "5.10 is the oldest that is tested; what works is tried below",
    )
}

pub(super) fn cpus() -> Finding {
    let read = |which: &str| fs::read_to_string(format!("/sys/devices/system/cpu/{which}"));
    match (read("online"), read("possible")) {
        (Ok(online), Ok(possible)) => Finding::new(
            Answer::Text(format!("online {}, possible {}", online.trim(), possible.trim())),
            "each online CPU has a ring; those that come later get one within a second",
        ),
        (Err(error), _) | (_, Err(error)) => {
            Finding::new(Answer::Unknown(error.to_string()), "rings need this")
        }
    }
}

pub(super) fn jit() -> Finding {
    match read_number("/proc/sys/net/core/bpf_jit_enable") {
        Ok(0) => Finding::new(
            Answer::No(String::new()),
            "programs are interpreted, some times slower: set bpf_jit_enable to 1",
        ),
        Ok(_) => Finding::new(Answer::Yes(String::new()), "programs run as machine code"),
        Err(unknown) => Finding::new(unknown, "kernels without the setting always compile, mostly"),
    }
}

pub(super) fn btf() -> Finding {
    let mut magic = [0; 2];
    let read = fs::File::open(BTF).and_then(|mut file| file.read_exact(&mut magic));
    match read {
        // linux: BTF_MAGIC in include/uapi/linux/btf.h
        Ok(()) if u16::from_ne_bytes(magic) == 0xeb9f => Finding::new(
            Answer::Yes(BTF.into()),
            "offsets for probes of WireGuard's keys and drop reasons can be read",
        ),
        Ok(()) => Finding::new(Answer::No(format!("{BTF} is something else")), WITHOUT_BTF),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Finding::new(Answer::No(String::new()), WITHOUT_BTF)
        }
        Err(error) => Finding::new(Answer::Unknown(error.to_string()), WITHOUT_BTF),
    }
}

const BTF: &str = "/sys/kernel/btf/vmlinux";
const WITHOUT_BTF: &str = "tracing packets does without; probes of the kernel's own structures do not";

pub(super) fn bpffs() -> Finding {
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    let at = mounts.lines().map(|line| line.split(' ')).find_map(|mut fields| {
        let path = fields.nth(1)?;
        (fields.next() == Some("bpf")).then_some(path)
    });
    match at {
        Some(path) => {
            Finding::new(Answer::Yes(path.into()), "programs of the datapath can outlive the daemon")
        }
        None => Finding::new(
            Answer::No("not mounted".into()),
            "tracing does without; a datapath that outlives the daemon needs `mount -t bpf bpf /sys/fs/bpf`",
        ),
    }
}

pub(super) fn kprobes() -> Finding {
    let path = "/sys/bus/event_source/devices/kprobe/type";
    match fs::read_to_string(path) {
        Ok(_) => {
            Finding::new(Answer::Yes(String::new()), "keys of WireGuard in the kernel can be probed for")
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Finding::new(
            Answer::No("kernel built without".into()),
            "keys of WireGuard in the kernel cannot be exported here",
        ),
        Err(error) => Finding::new(Answer::Unknown(error.to_string()), "probing for keys needs them"),
    }
}

pub(super) fn wireguard() -> Finding {
    if Path::new("/sys/module/wireguard").exists() {
        return Finding::new(Answer::Yes("present".into()), "the kernel's WireGuard can be used and traced");
    }
    let release = rustix::system::uname().release().to_string_lossy().into_owned();
    let named = |list: &str| {
        let path = format!("/lib/modules/{release}/{list}");
        fs::read_to_string(path).map(|names| names.lines().any(|line| line.contains("/wireguard.ko")))
    };
    if named("modules.builtin").is_ok_and(|found| found) {
        return Finding::new(Answer::Yes("built in".into()), "the kernel's WireGuard can be used and traced");
    }
    match named("modules.dep") {
        Ok(true) => Finding::new(
            Answer::Yes("loadable".into()),
            "`modprobe wireguard`, or the first device, loads it",
        ),
        Ok(false) => Finding::new(Answer::No("no such module".into()), WITHOUT_WIREGUARD),
        Err(error) => Finding::new(
            Answer::No(format!("not present, and no list of modules for {release}: {error}")),
            WITHOUT_WIREGUARD,
        ),
    }
}

const WITHOUT_WIREGUARD: &str = "packets are encrypted in user space, through a TUN device";

pub(super) fn tun() -> Finding {
    match rustix::fs::open(
        "/dev/net/tun",
        rustix::fs::OFlags::RDWR | rustix::fs::OFlags::CLOEXEC,
        rustix::fs::Mode::empty(),
    ) {
        Ok(_) => Finding::new(Answer::Yes("/dev/net/tun".into()), "WireGuard in user space is possible"),
        Err(error @ (rustix::io::Errno::ACCESS | rustix::io::Errno::PERM)) => Finding::new(
            Answer::Unknown(format!("/dev/net/tun: {error}")),
            "WireGuard in user space needs it",
        ),
        Err(error) => Finding::new(
            Answer::No(format!("/dev/net/tun: {error}")),
            "WireGuard in user space is not possible",
        ),
    }
}
