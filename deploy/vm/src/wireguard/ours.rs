//! Our device: `wgtraced wg-user`, as a person runs it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, bail};
use wgtrace_testbed::Namespace;

use super::config::Config;
use super::pair::PATIENCE;
use crate::daemon::WGTRACED;
use crate::wait::until;

/// The program and the files that it was given; it is killed when this is dropped.
#[derive(Debug)]
pub(super) struct Ours {
    name: String,
    config: PathBuf,
    keys: PathBuf,
    child: Child,
}

impl Ours {
    /// Starts it, and waits until `wg` could ask it.
    pub(super) fn start(namespace: &Namespace, name: String, config: &Config) -> Result<Self> {
        let config = config.write_with_addresses(&name)?;
        let keys = Path::new("/tmp").join(format!("{name}.keys"));
        let child = spawn(namespace, &name, &config, &keys)?;
        Ok(Self { name, config, keys, child })
    }

    /// SIGKILL, and its end; the device stays.
    pub(super) fn kill(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Starts it again after [`Ours::kill`].
    pub(super) fn start_again(&mut self, namespace: &Namespace) -> Result<()> {
        self.child = spawn(namespace, &self.name, &self.config, &self.keys)?;
        Ok(())
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// What it has written of its sessions' keys.
    pub(super) fn keys(&self) -> Result<Vec<u8>> {
        fs::read(&self.keys).with_context(|| format!("cannot read {}", self.keys.display()))
    }
}

impl Drop for Ours {
    fn drop(&mut self) {
        // both fail only when it is over already
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn spawn(namespace: &Namespace, name: &str, config: &Path, keys: &Path) -> Result<Child> {
    let socket = PathBuf::from(format!("/var/run/wireguard/{name}.sock"));
    // one that was left behind says nothing about the next
    drop(fs::remove_file(&socket));
    let mut command = Command::new(WGTRACED);
    command.args(["wg-user", "--persist", "--key-level", "session", "--config"]).arg(config);
    command.arg("--key-log").arg(keys).stdin(Stdio::null()).stdout(Stdio::null());
    let mut child = namespace.run(|| command.spawn())?.context("cannot run wgtraced")?;
    let started = until("our device can be shown", PATIENCE, || {
        if let Some(status) = child.try_wait()? {
            bail!("wgtraced wg-user ended: {status}; the console has its last words");
        }
        Ok(socket.exists().then_some(()))
    });
    if started.is_err() {
        drop(child.kill());
        drop(child.wait());
    }
    started.map(|()| child)
}
