//! Commands that watch daemons, against sockets with nothing behind them.

use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use wgtrace_api::v1::{
    Count, EncryptionState, Flow, FlowDrop, FlowsReply, Hop, NodeEntry, NodesReply, Packet, PacketsReply,
    Party, Peer, PeersReply,
};

use crate::fake::{Fake, Script};
use crate::program::{Ran, finish, wgtrace};

fn party(address: &str, port: u32, pod: &str) -> Party {
    Party { address: address.into(), port, pod: pod.into(), node: String::new() }
}

fn flow(id: u64, pod: &str) -> Flow {
    let hop = |interface: &str, hook: &str, sealed| Hop {
        interface: interface.into(),
        hook: hook.into(),
        sealed,
        forward: Some(Count { packets: 5, bytes: 420 }),
        backward: Some(Count { packets: 4, bytes: 336 }),
        ..Default::default()
    };
    Flow {
        id,
        node: "worker".into(),
        source: Some(party("10.0.1.203", 41000, pod)),
        destination: Some(party("10.0.2.194", 32000, "")),
        protocol: 6,
        tcp_state: "established".into(),
        rtt: 1_234_567,
        last: 1_720_255_828_123_456_789 + i64::try_from(id).unwrap(),
        hops: vec![
            hop("lxc12ab", "from-container", false),
            hop("cilium_wg0", "to-wireguard", false),
            hop("eth0", "tap-out", true),
        ],
        encryption: EncryptionState::Encrypted.into(),
        peer_node: "worker2".into(),
        ..Default::default()
    }
}

fn packet(verdict: &str) -> Packet {
    Packet {
        node: "worker".into(),
        time: 1_720_255_828_123_456_789,
        hook: "from-container".into(),
        interface: "lxc12ab".into(),
        verdict: verdict.into(),
        drop_reason: if verdict == "dropped" { 132 } else { 0 },
        source: Some(party("10.0.1.203", 0, "default/net")),
        destination: Some(party("10.0.2.194", 0, "")),
        protocol: 1,
        length: 98,
        bytes: vec![0x45, 0, 0, 84],
        summary: "IP 10.0.1.203 > 10.0.2.194: ICMP echo request, id 1, seq 1, length 64".into(),
        ..Default::default()
    }
}

fn flows(flows: Vec<Flow>) -> FlowsReply {
    FlowsReply { snapshot: true, known: 2, flows, ..Default::default() }
}

/// A folder for sockets, and what asks them.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn socket(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn fake(&self, script: Script) -> Fake {
        Fake::start(&self.socket(&script.status.node), script)
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = wgtrace(args);
        command.env("WGTRACE_SERVER", self.socket("worker")).env("XDG_CONFIG_HOME", self.0.path());
        command
    }

    fn run(&self, args: &[&str]) -> Ran {
        finish(&mut self.command(args), &[])
    }
}

#[test]
fn what_is_known_is_shown_in_a_line_each() {
    let place = Place::new();
    let mut dropped = flow(2, "");
    dropped.encryption = EncryptionState::None.into();
    dropped.drops = vec![FlowDrop { reason: 132, hook: "from-container".into(), packets: 3 }];
    let first = FlowsReply { more: true, ..flows(vec![dropped]) };
    let second = FlowsReply { flows: vec![flow(1, "default/net")], ..Default::default() };
    let _fake = place.fake(Script { flows: vec![first, second], ..Script::of("worker") });
    let ran = place.run(&["observe"]).exits(0);
    assert_eq!(
        ran.text(),
        "2024-07-06T08:50:28.123Z [worker]: default/net:41000 -> 10.0.2.194:32000 lxc12ab -> cilium_wg0 -> eth0 \
         ENCRYPTED FORWARDED (TCP, 5/4 packets, established, rtt 1.235ms, peer worker2)\n\
         2024-07-06T08:50:28.123Z [worker]: 10.0.1.203:41000 -> 10.0.2.194:32000 lxc12ab -> cilium_wg0 -> eth0 \
         DROPPED (TCP, 5/4 packets, established, rtt 1.235ms, 3 dropped at from-container: Invalid source ip, peer \
         worker2)\n"
    );
    assert_eq!(place.run(&["observe", "--last", "1"]).exits(0).text().lines().count(), 1);
    let ran = place.run(&["observe", "--pod", "net", "-o", "json"]).exits(0);
    let [flow] = &ran.json()[..] else { panic!("{}", ran.text()) };
    assert_eq!(flow["path"], serde_json::json!(["lxc12ab", "cilium_wg0", "eth0"]));
    assert_eq!((&flow["encryption"], &flow["source"]["pod"]), (&"encrypted".into(), &"default/net".into()));
    let ran = place.run(&["observe", "-o", "table", "drop"]).exits(0);
    assert!(ran.text().starts_with("TIMESTAMP                 NODE    SOURCE "), "{}", ran.text());
    assert_eq!(place.run(&["observe", "--since", "1m"]).exits(0).text(), "");
}

#[test]
fn packets_are_a_line_each_with_as_much_as_is_wanted() {
    let place = Place::new();
    let packets =
        vec![PacketsReply { packets: vec![packet("forwarded"), packet("dropped")], ..Default::default() }];
    let _fake = place.fake(Script { packets, ..Script::of("worker") });
    let ran = place.run(&["observe", "--packets", "-c", "1"]).exits(0);
    let line = "2024-07-06T08:50:28.123456Z [worker]: default/net -> 10.0.2.194 lxc12ab from-container FORWARDED \
                (IP 10.0.1.203 > 10.0.2.194: ICMP echo request, id 1, seq 1, length 64)\n";
    assert_eq!(ran.text(), line);
    let ran = place.run(&["observe", "--packets", "-c1", "-v", "--hex", "--verdict", "dropped"]).exits(0);
    assert!(ran.text().contains("DROPPED: Invalid source ip (IP 10.0"), "{}", ran.text());
    assert!(ran.text().ends_with(", identity 0000000000000000, 45000054)\n"), "{}", ran.text());
    let ran = place.run(&["observe", "--packets", "-c2", "-ojson"]).exits(0);
    assert_eq!(ran.json()[1]["drop-words"], "Invalid source ip");
}

#[test]
fn a_filter_that_is_wrong_is_told_with_its_column_and_nobody_is_asked() {
    let place = Place::new();
    for (args, said) in [
        (&["observe", "tcp", "prot", "80"][..], "column 5: no such word \"prot\"; did you mean \"port\"?"),
        (&["observe", "--from-ip", "10.0.2"], "--from-ip: \"10.0.2\" is not an address"),
        (&["observe", "--protocol", "tpc"], "--protocol: no such protocol \"tpc\"; did you mean \"tcp\"?"),
        (&["record", "-", "pod="], "column 5: \"pod\" needs the name of a pod behind it"),
        (&["capture", "-w", "-", "("], "column 2: expected a condition"),
    ] {
        let ran = place.run(args).exits(1);
        assert!(ran.stderr.contains(said), "{args:?}: {}", ran.stderr);
    }
}

#[test]
fn without_a_daemon_nothing_hangs() {
    let place = Place::new();
    for args in [
        &["observe"][..],
        &["observe", "-f"],
        &["observe", "--packets"],
        &["record", "-"],
        &["capture", "-w-"],
    ] {
        let ran = place.run(args).exits(1);
        assert!(ran.stderr.contains("no wgtraced answers at"), "{args:?}: {}", ran.stderr);
        assert!(ran.stderr.contains("nobody to ask"), "{args:?}: {}", ran.stderr);
    }
}

#[test]
fn a_socket_without_permission_and_another_release_are_told() {
    let place = Place::new();
    let mut script = Script::of("worker");
    script.status.contract = 9;
    let _fake = place.fake(script);
    for command in ["observe", "status", "peers"] {
        let ran = place.run(&[command]).exits(1);
        assert!(ran.stderr.contains("speaks contract 9, this program"), "{command}: {}", ran.stderr);
    }
    let refuses = Some("headers are for the group".to_owned());
    let _fake = place.fake(Script { refuses, ..Script::of("worker") });
    let ran = place.run(&["observe"]).exits(1);
    assert!(ran.stderr.contains("worker: no flows: headers are for the group"), "{}", ran.stderr);
}

#[test]
fn a_daemon_that_does_not_answer_is_not_waited_for() {
    let place = Place::new();
    let _fake = place.fake(Script { hangs: true, ..Script::of("worker") });
    let ran = place.run(&["status", "--timeout", "1"]).exits(1);
    assert!(ran.stderr.contains("did not answer within 1 s"), "{}", ran.stderr);
    let ran = place.run(&["observe"]).exits(1);
    assert!(ran.stderr.contains("did not answer within 5 s"), "{}", ran.stderr);
}

#[test]
fn one_node_gone_is_told_and_the_others_are_shown() {
    let place = Place::new();
    let script = Script { flows: vec![flows(vec![flow(1, "default/net")])], ..Script::of("worker") };
    let fake = place.fake(script);
    let gone = place.socket("gone");
    let ran = place.run(&[
        "observe",
        "--server",
        fake.path().to_str().unwrap(),
        "--server",
        gone.to_str().unwrap(),
    ]);
    let ran = ran.exits(0);
    assert_eq!(ran.text().lines().count(), 1);
    assert!(ran.stderr.contains(&format!("no wgtraced answers at {}", gone.display())), "{}", ran.stderr);
}

/// A child that is ended with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_daemon_killed_in_the_middle_is_told_and_found_again() {
    let place = Place::new();
    let script = Script { flows: vec![flows(vec![flow(1, "default/net")])], ..Script::of("worker") };
    let fake = place.fake(script.clone());
    let mut command = place.command(&["observe", "-f"]);
    let mut running = Running(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap());
    let mut out = BufReader::new(running.0.stdout.take().unwrap());
    let mut talk = BufReader::new(running.0.stderr.take().unwrap());
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    assert!(line.contains("default/net:41000"), "{line}");
    drop(fake);
    line.clear();
    talk.read_line(&mut line).unwrap();
    assert!(line.contains("went away") && line.contains("not connected since 20"), "{line}");
    let again = Script { flows: vec![flows(vec![flow(2, "default/net")])], ..script };
    let _fake = place.fake(again);
    loop {
        line.clear();
        assert_ne!(talk.read_line(&mut line).unwrap(), 0);
        if line.contains("worker: connected again") {
            break;
        }
    }
    let mut said = String::new();
    while said.lines().count() < 2 {
        line.clear();
        out.read_line(&mut line).unwrap();
        said.push_str(&line);
    }
    assert!(said.contains(", new)") && said.contains(", ended)"), "{said}");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let place = Place::new();
    let fake = place.fake(Script { floods: true, ..Script::of("worker") });
    for args in [&["observe", "--packets"][..], &["capture", "-w", "-"], &["record", "-"]] {
        let mut command = place.command(args);
        let mut child = Running(command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap());
        let mut out = child.0.stdout.take().unwrap();
        out.read_exact(&mut [0; 64]).unwrap();
        drop(out);
        let deadline = Instant::now() + Duration::from_secs(20);
        let status = loop {
            if let Some(status) = child.0.try_wait().unwrap() {
                break status;
            }
            assert!(Instant::now() < deadline, "{args:?} goes on");
            std::thread::yield_now();
        };
        assert_eq!(status.code(), Some(0), "{args:?}");
    }
    assert_ne!(fake.flooded.load(std::sync::atomic::Ordering::Relaxed), 0);
}

#[test]
fn a_recording_is_shown_again_up_to_its_cut() {
    let place = Place::new();
    let packets = vec![PacketsReply { packets: vec![packet("forwarded")], ..Default::default() }];
    let _fake = place.fake(Script {
        flows: vec![flows(vec![flow(1, "default/net")])],
        packets,
        ..Script::of("worker")
    });
    let file = place.socket("a.wgtrace");
    let path = file.to_str().unwrap();
    let ran = place.run(&["record", path, "--duration", "1s"]).exits(0);
    assert!(ran.stderr.contains("messages recorded"), "{}", ran.stderr);
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert!(place.run(&["observe", "--input-file", path]).exits(0).text().contains("default/net:41000"));
    let ran = place.run(&["observe", "--packets", "--input-file", path, "icmp"]).exits(0);
    assert!(ran.text().contains("ICMP echo request"), "{}", ran.text());
    // A recording is written over, a file of another kind is not.
    place.run(&["record", path, "--duration", "100ms"]).exits(0);
    let whole = std::fs::read(&file).unwrap();
    std::fs::write(&file, &whole[..whole.len() - 1]).unwrap();
    let ran = place.run(&["observe", "--input-file", path]).exits(0);
    assert!(ran.stderr.contains("cut at byte"), "{}", ran.stderr);
    std::fs::write(&file, "notes").unwrap();
    let ran = place.run(&["record", path]).exits(1);
    assert!(ran.stderr.contains("is there already and is something else"), "{}", ran.stderr);
    let ran = place.run(&["observe", "--input-file", path]).exits(1);
    assert!(ran.stderr.contains("no recording of this release"), "{}", ran.stderr);
}

#[test]
fn a_capture_has_an_interface_a_hook_and_says_what_became_of_packets() {
    let place = Place::new();
    let other = Packet { hook: "tap-out".into(), interface: "eth0".into(), l2: true, ..packet("unknown") };
    let packets = vec![PacketsReply {
        packets: vec![packet("forwarded"), packet("dropped"), other],
        missed: 7,
        seen: 9,
    }];
    let _fake = place.fake(Script { packets, ..Script::of("worker") });
    let ran = place.run(&["capture", "-w", "-", "-c", "3"]).exits(0);
    assert!(
        ran.stderr.contains("3 packets captured") && ran.stderr.contains("7 packets missed"),
        "{}",
        ran.stderr
    );
    let mut reader = pcap_file::pcapng::PcapNgReader::new(&ran.stdout[..]).unwrap();
    let mut seen = Vec::new();
    while let Some(block) = reader.next_block() {
        if let pcap_file::pcapng::Block::EnhancedPacket(packet) = block.unwrap().0 {
            seen.push(format!("{} {:?}", packet.interface_id, packet.options));
        }
    }
    assert_eq!(reader.interfaces().len(), 2);
    assert!(seen[1].starts_with("0 ") && seen[1].contains("drop reason 132 (Invalid source ip)"), "{seen:?}");
    assert!(seen[1].contains("from pod default/net") && seen[2].starts_with("1 "), "{seen:?}");
}

#[test]
fn a_ring_of_captures_keeps_the_newest_files() {
    let place = Place::new();
    let _fake = place.fake(Script {
        packets: vec![PacketsReply {
            packets: vec![Packet { bytes: vec![0; 1000], length: 1000, ..packet("forwarded") }; 400],
            ..Default::default()
        }],
        ..Script::of("worker")
    });
    let path = place.socket("ring.pcapng");
    place
        .run(&["capture", "-w", path.to_str().unwrap(), "--max-size", "64k", "--files", "2", "-c", "400"])
        .exits(0);
    let names = |path: &Path| {
        let entries = std::fs::read_dir(path.parent().unwrap()).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.starts_with("ring"))
            .collect();
        names.sort();
        names
    };
    let names = names(&path);
    assert_eq!(names.len(), 2, "{names:?}");
    assert!(*names[1] >= *"ring-00006.pcapng", "{names:?}");
    let size = place.socket(&names[0]).metadata().unwrap().len();
    assert!((64 << 10..70 << 10).contains(&size), "{size}");
}

#[test]
fn status_has_the_walkthroughs_lines_and_fails_when_something_is_wrong() {
    let place = Place::new();
    let node =
        |name: &str, own| NodeEntry { name: name.into(), public_key: name.into(), own, ..Default::default() };
    let mut script = Script::of("worker");
    script.status.encryption = Some(wgtrace_api::v1::Encryption { enabled: true, ..Default::default() });
    script.nodes = NodesReply { nodes: vec![node("worker", true), node("worker2", false)] };
    script.peers = PeersReply {
        peers: vec![Peer { public_key: "worker2".into(), last_handshake: 1, ..Default::default() }],
    };
    script.status.faults = vec!["eth0 is down".into()];
    {
        let _fake = place.fake(script.clone());
        let ran = place.run(&["status"]).exits(1);
        assert!(ran.text().contains("1 fault: eth0 is down"), "{}", ran.text());
        assert_eq!(
            place.run(&["status", "--wait", "1", "--json"]).exits(1).json()[0]["faults"][0],
            "eth0 is down"
        );
    }
    script.status.faults.clear();
    let _fake = place.fake(script);
    let ran = place.run(&["status", "--wait"]).exits(0);
    assert!(ran.text().contains("Cluster health:         2/2 reachable   (20"), "{}", ran.text());
}

#[test]
fn flags_go_before_the_environment_and_that_before_the_configuration() {
    let place = Place::new();
    let folder = place.0.path().join("wgtrace");
    std::fs::create_dir(&folder).unwrap();
    let config = folder.join("config.toml");
    std::fs::write(&config, "servers = ['/configured.sock']\n").unwrap();
    let said = |command: &mut Command| finish(command, &[]).exits(1).stderr;
    assert!(said(place.command(&["status"]).env_remove("WGTRACE_SERVER")).contains("/configured.sock"));
    assert!(
        said(place.command(&["status"]).env("WGTRACE_SERVER", "/environment.sock"))
            .contains("/environment.sock")
    );
    let flag =
        said(place.command(&["status", "--server", "/flag.sock"]).env("WGTRACE_SERVER", "/environment.sock"));
    assert!(flag.contains("/flag.sock") && !flag.contains("/environment.sock"), "{flag}");
    std::fs::write(&config, "\nsever = []\n").unwrap();
    let error = said(place.command(&["status"]).env_remove("WGTRACE_SERVER"));
    assert!(error.contains("config.toml: line 2: unknown field `sever`"), "{error}");
    let named =
        said(place.command(&["status"]).env_remove("WGTRACE_SERVER").env("WGTRACE_CONFIG", "/no/such.toml"));
    assert!(named.contains("WGTRACE_CONFIG names no configuration: cannot read /no/such.toml"), "{named}");
}

#[test]
fn a_lab_is_asked_by_its_name() {
    let place = Place::new();
    let run = place.0.path().join("mine/worker/run");
    std::fs::create_dir_all(&run).unwrap();
    let _fake = Fake::start(&run.join("wgtraced.sock"), Script::of("worker"));
    let mut command = place.command(&["status", "--lab=mine", "--json"]);
    let ran = finish(command.env("WGTRACE_LAB_DIRECTORY", place.0.path()), &[]).exits(0);
    assert_eq!(ran.json()[0]["node"], "worker");
    let mut command = place.command(&["status", "--lab=other"]);
    let ran = finish(command.env("WGTRACE_LAB_DIRECTORY", place.0.path()), &[]).exits(1);
    assert!(
        ran.stderr.contains("no lab runs in") && ran.stderr.contains("wgtrace lab up --name other"),
        "{}",
        ran.stderr
    );
}
