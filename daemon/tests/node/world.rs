//! A node: a network namespace with an `eth0`, a BPF file system, directories, and perhaps a daemon.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};
use serde_json::{Value, json};
use tempfile::TempDir;
use wgtrace_cni::CniError;
use wgtrace_testbed::{BpfFs, Namespace};

pub(crate) const WAIT: Duration = Duration::from_secs(20);

/// A node without pods.
pub(crate) struct Node {
    pub(crate) namespace: Namespace,
    _outside: Namespace,
    fs: BpfFs,
    directory: TempDir,
    daemon: Option<Child>,
}

impl Node {
    /// A node whose configuration ends with `more`, and no daemon.
    pub(crate) fn new(more: &str) -> Self {
        let (namespace, outside) = (Namespace::new().unwrap(), Namespace::new().unwrap());
        namespace.veth("eth0", (&outside, "port")).unwrap();
        namespace.address("eth0", "172.18.0.3".parse().unwrap(), 16).unwrap();
        namespace.up("eth0").unwrap();
        outside.up("port").unwrap();
        namespace.wait_up("eth0").unwrap();
        let directory = tempfile::tempdir().unwrap();
        fs::set_permissions(directory.path(), Permissions::from_mode(0o700)).unwrap();
        let node =
            Self { namespace, _outside: outside, fs: BpfFs::mount().unwrap(), directory, daemon: None };
        fs::create_dir(node.path("nodes")).unwrap();
        fs::set_permissions(node.path("nodes"), Permissions::from_mode(0o755)).unwrap();
        node.configure(more);
        node
    }

    /// The same, with a daemon that is up.
    pub(crate) fn up(more: &str) -> Self {
        let mut node = Self::new(more);
        node.start();
        node
    }

    /// Writes the configuration anew.
    pub(crate) fn configure(&self, more: &str) {
        let [lib, run, nodes] = ["lib", "run", "nodes"].map(|name| self.path(name).display().to_string());
        let text = format!(
            "node-name = \"worker\"\nnode-ip = \"172.18.0.3\"\nstate-directory = \"{lib}\"\n\
             run-directory = \"{run}\"\n{}{more}\n[registry]\ndirectory = \"{nodes}\"\n",
            if more.contains("pod-cidr") {
                ""
            } else {
                "pod-cidr = \"10.0.1.0/24\"\nrouter-ip = \"10.0.1.26\"\n"
            },
        );
        fs::write(self.path("wgtraced.toml"), text).unwrap();
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// `wgtraced` in this node's namespaces.
    pub(crate) fn wgtraced(&self, arguments: &str) -> Command {
        let mut command = Command::new("unshare");
        let script = format!(
            "mount --make-rprivate / && mount --bind {} /sys/fs/bpf && mount -t tmpfs tmpfs /run && \
             exec {} {arguments} --config {}",
            self.fs.path().display(),
            env!("CARGO_BIN_EXE_wgtraced"),
            self.path("wgtraced.toml").display()
        );
        command.args(["--mount", "sh", "-c", &script]);
        command
    }

    /// Runs it to its end.
    pub(crate) fn output(&self, arguments: &str) -> Output {
        self.namespace.run(|| self.wgtraced(arguments).output()).unwrap().unwrap()
    }

    /// Starts a daemon and waits until it answers.
    pub(crate) fn start(&mut self) {
        let log = fs::File::options().create(true).append(true).open(self.path("log")).unwrap();
        let mut command = self.wgtraced("--log info run");
        command.stdout(Stdio::null()).stderr(log);
        self.daemon = Some(self.namespace.run(|| command.spawn()).unwrap().unwrap());
        let until = Instant::now() + WAIT;
        while std::os::unix::net::UnixStream::connect(self.socket()).is_err() {
            let ended = self.daemon.as_mut().unwrap().try_wait().unwrap();
            assert!(ended.is_none() && Instant::now() < until, "{ended:?}: {}", self.log());
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Ends the daemon: `TERM` or `KILL`.
    pub(crate) fn end(&mut self, signal: &str) {
        let mut daemon = self.daemon.take().unwrap();
        let number = if signal == "TERM" { Signal::TERM } else { Signal::KILL };
        rustix::process::kill_process(Pid::from_child(&daemon), number).unwrap();
        let status = daemon.wait().unwrap();
        assert!(signal != "TERM" || status.success(), "{status}: {}", self.log());
    }

    pub(crate) fn daemon(&self) -> u32 {
        self.daemon.as_ref().unwrap().id()
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.path("run/wgtraced.sock")
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    /// What the plugin does.
    pub(crate) fn cni(
        &self,
        command: &str,
        id: &str,
        pod: Option<&Namespace>,
        args: &str,
    ) -> Result<Value, CniError> {
        let netns = pod.map(|pod| pod.path().display().to_string()).unwrap_or_default();
        let variable = |name: &str| match name {
            "CNI_COMMAND" => Some(command.to_owned()),
            "CNI_CONTAINERID" => Some(id.to_owned()),
            "CNI_NETNS" => Some(netns.clone()),
            "CNI_IFNAME" => Some("eth0".to_owned()),
            "CNI_PATH" => Some("/opt/cni/bin".to_owned()),
            "CNI_ARGS" => Some(args.to_owned()),
            _ => None,
        };
        let config = json!({
            "cniVersion": "1.0.0", "name": "pods", "type": "wgtrace-cni",
            "socket": self.socket(), "queue": self.path("lib/deletions"),
        });
        let output = wgtrace_cni::run(&variable, config.to_string().as_bytes())?;
        Ok(serde_json::from_str(&output).unwrap_or(Value::Null))
    }

    /// The address of a pod that is added.
    pub(crate) fn add(&self, id: &str, pod: &Namespace, args: &str) -> Result<String, CniError> {
        let added = self.cni("ADD", id, Some(pod), args)?;
        Ok(added.pointer("/ips/0/address").and_then(Value::as_str).unwrap().to_owned())
    }

    /// What is left of pods: devices, records, attachments.
    pub(crate) fn left(&self) -> [usize; 3] {
        let devices = self.ip("-o link show");
        let count = |path: &Path| fs::read_dir(path).map(Iterator::count).unwrap_or_default();
        [
            devices.lines().filter(|line| line.contains(": lxc")).count(),
            count(&self.path("lib/endpoints")),
            // of `eth0`, `cilium_host` and `cilium_wg0` there are two each
            count(&self.fs.path().join("wgtrace/links")),
        ]
    }

    /// Whether there are maps of ours.
    pub(crate) fn pinned(&self) -> bool {
        fs::read_dir(self.fs.path().join("wgtrace")).is_ok_and(|mut entries| entries.next().is_some())
    }

    /// Takes every program from its interface.
    pub(crate) fn unpin(&self) {
        for link in fs::read_dir(self.fs.path().join("wgtrace/links")).unwrap() {
            fs::remove_file(link.unwrap().path()).unwrap();
        }
    }

    /// What `ip` prints in the node.
    pub(crate) fn ip(&self, line: &str) -> String {
        let run = || Command::new("ip").args(line.split_whitespace()).output();
        let output = self.namespace.run(run).unwrap().expect("ip is not installed (Debian: iproute2)");
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if let Some(mut daemon) = self.daemon.take() {
            let _ = daemon.kill();
            let _ = daemon.wait();
        }
        if thread::panicking() {
            eprintln!("{}", self.log());
        }
    }
}
