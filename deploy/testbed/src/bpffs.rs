//! BPF file systems, for what is pinned.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context as _, Result};
use nix::mount::{MntFlags, MsFlags, mount, umount2};

/// A BPF file system of its own; what is pinned there ends with this value.
#[derive(Debug)]
pub struct BpfFs {
    path: PathBuf,
}

impl BpfFs {
    /// Mounts one below the folder for temporary files.
    pub fn mount() -> Result<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("wgtrace-bpf-{}-{number}", std::process::id()));
        fs::create_dir(&path).with_context(|| format!("cannot make {}", path.display()))?;
        let mounted = mount(Some("bpf"), &path, Some("bpf"), MsFlags::empty(), None::<&str>);
        if mounted.is_err() {
            let _ = fs::remove_dir(&path);
        }
        mounted.with_context(|| {
            format!("cannot mount a bpf file system at {}: this needs root", path.display())
        })?;
        Ok(Self { path })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for BpfFs {
    fn drop(&mut self) {
        if let Err(error) = umount2(&self.path, MntFlags::MNT_DETACH) {
            eprintln!("cannot unmount {}: {error}", self.path.display());
        }
        if let Err(error) = fs::remove_dir(&self.path) {
            eprintln!("cannot remove {}: {error}", self.path.display());
        }
    }
}
