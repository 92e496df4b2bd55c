//! Who is measured: nobody between the two ends, wireguard-go, ours.

use std::fs;
use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use tempfile::TempDir;
use wgtrace_decrypt::key::PrivateKey;
use wgtrace_testbed::{Line, Namespace, Pinger};

/// A way from one end to the other.
#[derive(Debug)]
pub(in crate::bench) enum Contender {
    /// The line itself.
    Veth,
    /// wireguard-go at both ends.
    Go(PathBuf),
    /// `wgtraced wg-user` at both ends.
    Ours(PathBuf),
}

impl Contender {
    pub(in crate::bench) fn veth() -> Self {
        Self::Veth
    }

    pub(in crate::bench) fn go(program: &Path) -> Self {
        Self::Go(program.to_owned())
    }

    pub(in crate::bench) fn ours(program: PathBuf) -> Self {
        Self::Ours(program)
    }

    pub(in crate::bench) fn name(&self) -> &'static str {
        match self {
            Self::Veth => "veth",
            Self::Go(_) => "wireguard-go",
            Self::Ours(_) => "wgtraced",
        }
    }

    /// What the program says of itself.
    pub(in crate::bench) fn version(&self) -> Result<String> {
        let (Self::Go(program) | Self::Ours(program)) = self else { return Ok("linux".to_owned()) };
        let output = Command::new(program).arg("--version").output().with_context(|| {
            format!(
                "cannot run {}: Debian unstable's package wireguard-go has it, WGTRACE_WIREGUARD_GO names another path",
                program.display()
            )
        })?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        Ok(said.lines().next().unwrap_or_default().to_owned())
    }

    /// Joins two namespaces, with a tunnel between them that is up.
    pub(in crate::bench) fn start(&self) -> Result<Tunnel> {
        self.start_on(Line::new()?)
    }

    /// The same over a line that is there.
    pub(in crate::bench) fn start_on(&self, line: Line) -> Result<Tunnel> {
        let (left, right) = match self {
            Self::Veth => (None, None),
            Self::Go(_) | Self::Ours(_) => {
                (Some(End::start(self, &line.left, true)?), Some(End::start(self, &line.right, false)?))
            }
        };
        let is_tunnel = left.is_some();
        let (near, far) =
            if is_tunnel { (INNER_LEFT, INNER_RIGHT) } else { (outer(Line::LEFT)?, outer(Line::RIGHT)?) };
        let tunnel =
            Tunnel { near, far, ends: left.into_iter().chain(right).collect(), others: Vec::new(), line };
        let mut pinger = tunnel.line.left.run(|| Pinger::new(far, 56))??;
        ensure!(pinger.round_trip()?.is_some(), "{} carries nothing to {far}", self.name());
        Ok(tunnel)
    }
}

/// Two namespaces and what joins them.
#[derive(Debug)]
pub(in crate::bench) struct Tunnel {
    /// The left end's address, as the right end reaches it.
    pub(in crate::bench) near: Ipv4Addr,
    /// The right end's address, as the left end reaches it.
    pub(in crate::bench) far: Ipv4Addr,
    ends: Vec<End>,
    /// Processes that are not started here.
    others: Vec<u32>,
    pub(in crate::bench) line: Line,
}

impl Tunnel {
    /// Ways that are there between two namespaces, by addresses that the other end reaches; processes move their packets.
    pub(in crate::bench) fn between(
        (left, near): (Namespace, Ipv4Addr),
        (right, far): (Namespace, Ipv4Addr),
        processes: Vec<u32>,
    ) -> Self {
        Self { near, far, ends: Vec::new(), others: processes, line: Line::of(left, right) }
    }

    /// CPU time of the tunnel's own processes until now, in seconds.
    pub(in crate::bench) fn cpu(&self) -> Result<f64> {
        let own = self.ends.iter().map(|end| end.child.id());
        own.chain(self.others.iter().copied()).map(|pid| cpu(&pid.to_string())).sum()
    }
}

/// CPU time of a process until now in seconds, that in the kernel on its behalf included.
pub(in crate::bench) fn cpu(pid: &str) -> Result<f64> {
    let path = format!("/proc/{pid}/stat");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    // Behind the name, which may contain anything: state is the first field, utime and stime 12th and 13th.
    let (_, fields) = text.rsplit_once(')').with_context(|| format!("{path} is not understood"))?;
    let ticks: u32 =
        fields.split_whitespace().skip(11).take(2).map(str::parse::<u32>).sum::<Result<u32, _>>()?;
    Ok(f64::from(ticks) / CLOCK_TICKS)
}

/// One end's process; it is killed when this is dropped.
#[derive(Debug)]
struct End {
    name: String,
    child: Child,
    /// Its configuration.
    _dir: TempDir,
}

impl End {
    fn start(contender: &Contender, namespace: &Namespace, is_left: bool) -> Result<Self> {
        // Names are seen in one directory from every namespace.
        let name = format!("wgb{}{}", std::process::id(), if is_left { "l" } else { "r" });
        let dir = tempfile::tempdir()?;
        let config = write_config(&dir, &name, is_left)?;
        let mut command = match contender {
            Contender::Veth => bail!("a veth has no process"),
            Contender::Go(program) => {
                let mut command = Command::new(program);
                command.args(["-f", &name]).env("WG_PROCESS_FOREGROUND", "1");
                command
            }
            Contender::Ours(program) => {
                let mut command = Command::new(program);
                command.args(["wg-user", "--config"]).arg(&config);
                command
            }
        };
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = namespace
            .run(|| command.spawn())?
            .with_context(|| format!("cannot run {}", command.get_program().display()))?;
        let mut end = Self { name, child, _dir: dir };
        let deadline = Instant::now() + PATIENCE;
        while !wg(&["show", &end.name])? {
            ensure!(end.child.try_wait()?.is_none(), "{} ended", command.get_program().display());
            ensure!(Instant::now() < deadline, "{} makes no device", command.get_program().display());
            std::thread::sleep(Duration::from_millis(5));
        }
        if matches!(contender, Contender::Go(_)) {
            ensure!(
                wg(&["setconf", &end.name, &config.display().to_string()])?,
                "wg does not configure wireguard-go"
            );
            namespace.mtu(&end.name, 1420)?;
        }
        let address = if is_left { INNER_LEFT } else { INNER_RIGHT };
        namespace.address(&end.name, address.into(), 24)?;
        namespace.up(&end.name)?;
        Ok(end)
    }
}

impl Drop for End {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _status = self.child.wait();
        let _gone = fs::remove_file(format!("/var/run/wireguard/{}.sock", self.name));
    }
}

/// The same for every program, in the format of wg(8).
fn write_config(dir: &TempDir, name: &str, is_left: bool) -> Result<PathBuf> {
    let [left, right] = [PrivateKey::from_bytes([11; 32]), PrivateKey::from_bytes([22; 32])];
    let (own, other, port, allowed, far) = if is_left {
        (left, right, 51001, INNER_RIGHT, Line::right_port(51002))
    } else {
        (right, left, 51002, INNER_LEFT, Line::left_port(51001))
    };
    let path = dir.path().join(format!("{name}.conf"));
    let mut file = fs::OpenOptions::new().create_new(true).write(true).mode(0o600).open(&path)?;
    writeln!(file, "[Interface]\nPrivateKey = {}\nListenPort = {port}", *own.expose_base64())?;
    writeln!(file, "[Peer]\nPublicKey = {}\nAllowedIPs = {allowed}/32\nEndpoint = {far}", other.public())?;
    Ok(path)
}

/// Pings are sent over IPv4.
fn outer(addr: IpAddr) -> Result<Ipv4Addr> {
    let IpAddr::V4(addr) = addr else { bail!("the line has IPv6 addresses") };
    Ok(addr)
}

/// Whether the stock `wg` could do that.
fn wg(args: &[&str]) -> Result<bool> {
    let output =
        Command::new("wg").args(args).output().context("cannot run wg (Debian package wireguard-tools)")?;
    Ok(output.status.success())
}

const INNER_LEFT: Ipv4Addr = Ipv4Addr::new(10, 9, 0, 1);
const INNER_RIGHT: Ipv4Addr = Ipv4Addr::new(10, 9, 0, 2);
/// A second's, in /proc (linux: include/asm-generic/param.h, `USER_HZ`).
const CLOCK_TICKS: f64 = 100.0;
const PATIENCE: Duration = Duration::from_secs(10);
