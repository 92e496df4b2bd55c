//! A pod: namespaces, what the plugin puts into them, and a web server.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};

use super::children::Children;
use super::cluster::Node;
use super::space;
use crate::lab::Place;
use crate::plan::PodPlan;
use crate::programs;
use crate::record::PodRecord;

/// A pod that is attached.
#[derive(Debug)]
pub(super) struct Pod {
    pub(super) plan: PodPlan,
    pub(super) place: Place,
    container_id: String,
    netns: PathBuf,
    attached: Attached,
}

/// What the plugin said.
#[derive(Debug)]
struct Attached {
    mac: String,
    host_device: String,
    host_mac: String,
}

impl Pod {
    /// Makes one, as a container runtime does.
    pub(super) fn add(plan: PodPlan, node: &Node, programs: &Path, children: &Children) -> Result<Self> {
        let place = space::make(plan.name, None)?;
        let uuid = fs::read_to_string("/proc/sys/kernel/random/uuid").context("no random number")?;
        let uuid = uuid.trim();
        let netns = PathBuf::from(format!("/run/netns/cni-{uuid}"));
        space::name_netns(&node.place, &place.net, &netns)?;
        let container_id = uuid.replace('-', "").repeat(2);
        let attached = attach(&plan, node, programs, children, &container_id, &netns)?;
        if plan.serves {
            serve(&plan, &place, children).context("cannot start its web server")?;
        }
        Ok(Self { plan, place, container_id, netns, attached })
    }

    pub(super) fn record(&self) -> PodRecord {
        let Self { plan, attached, .. } = self;
        PodRecord {
            name: plan.name.to_owned(),
            node: plan.node.to_owned(),
            address: plan.address,
            mac: attached.mac.clone(),
            host_device: attached.host_device.clone(),
            host_mac: attached.host_mac.clone(),
            container_id: self.container_id.clone(),
            netns: self.netns.clone(),
            namespaces: self.place.descriptors(),
        }
    }
}

/// Runs the plugin's ADD on the node.
fn attach(
    plan: &PodPlan,
    node: &Node,
    programs: &Path,
    children: &Children,
    container_id: &str,
    netns: &Path,
) -> Result<Attached> {
    let config = json!({
        "cniVersion": "1.0.0",
        "name": "wgtrace-lab",
        "type": programs::PLUGIN,
        "socket": node.home.socket(),
        "queue": node.home.queue(),
    });
    let arguments =
        format!("IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME={};IP={}", plan.name, plan.address);
    let mut command = Command::new(programs.join(programs::PLUGIN));
    command.env("CNI_COMMAND", "ADD").env("CNI_CONTAINERID", container_id).env("CNI_NETNS", netns);
    command.env("CNI_IFNAME", "eth0").env("CNI_PATH", programs).env("CNI_ARGS", arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).current_dir("/");
    let (pid, child) = children.spawn(&node.place, &mut command)?;
    child.stdin.context("no input")?.write_all(config.to_string().as_bytes())?;
    let (mut said, mut complained) = (String::new(), String::new());
    child.stdout.context("no output")?.read_to_string(&mut said)?;
    child.stderr.context("no errors")?.read_to_string(&mut complained)?;
    let status = children.wait(pid, PATIENCE).context("wgtrace-cni does not end")?;
    let answer: Value = serde_json::from_str(&said).unwrap_or_default();
    if !status.success() {
        let why = answer.get("msg").and_then(Value::as_str).unwrap_or(complained.trim());
        bail!("wgtrace-cni: {status}: {why}");
    }
    let text = |pointer: &str| {
        let text = answer.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        text.with_context(|| format!("wgtrace-cni answers without {pointer}: {said}"))
    };
    let address = text("/ips/0/address")?;
    ensure!(
        address == format!("{}/32", plan.address),
        "wgtrace-cni gave {address} instead of {}",
        plan.address
    );
    Ok(Attached {
        mac: text("/interfaces/1/mac")?,
        host_device: text("/interfaces/0/name")?,
        host_mac: text("/interfaces/0/mac")?,
    })
}

/// The socket is there before the server is: who connects is served, sooner or later.
fn serve(plan: &PodPlan, place: &Place, children: &Children) -> Result<()> {
    let listener = place.run(|| TcpListener::bind((Ipv4Addr::UNSPECIFIED, PORT)))??;
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["respond", plan.name]).arg(plan.address.to_string());
    command.stdin(OwnedFd::from(listener)).current_dir("/");
    children.spawn(place, &mut command).map(drop)
}

const PORT: u16 = 80;
/// It has its own, which is shorter.
const PATIENCE: Duration = Duration::from_secs(90);
