//! The stock `wg`, and what it shows.

use std::net::SocketAddr;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use wgtrace_testbed::Namespace;

const WG: &str = "/bin/wg";

/// What `wg show` says of a device's only peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shown {
    /// Where it is.
    pub(super) endpoint: Option<SocketAddr>,
    /// Seconds since 1970; 0 for none.
    pub(super) handshake: u64,
    /// Bytes.
    pub(super) received: u64,
    /// Bytes.
    pub(super) sent: u64,
}

impl Shown {
    /// Asks `wg` about a device of a namespace.
    pub(super) fn of(namespace: &Namespace, name: &str) -> Result<Self> {
        let dump = wg(namespace, &["show", name, "dump"])?;
        Self::parse(&dump).with_context(|| format!("wg says of {name}: {dump:?}"))
    }

    /// The second line: public key, preshared key, endpoint, allowed IPs, latest handshake, received, sent, keepalive.
    fn parse(dump: &str) -> Option<Self> {
        let mut fields = dump.lines().nth(1)?.split('\t').skip(2);
        let endpoint = fields.next()?.parse().ok();
        let mut numbers = fields.skip(1).map_while(|field| field.parse().ok());
        Some(Self { endpoint, handshake: numbers.next()?, received: numbers.next()?, sent: numbers.next()? })
    }
}

/// Runs `wg`, and gives back what it printed.
pub(super) fn wg(namespace: &Namespace, args: &[&str]) -> Result<String> {
    let output = namespace.run(|| Command::new(WG).args(args).stdin(Stdio::null()).output())?;
    let output = output.with_context(|| format!("cannot run {WG}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "wg {}: {}: {}", args.join(" "), output.status, said.trim());
    String::from_utf8(output.stdout).context("wg printed no text")
}
