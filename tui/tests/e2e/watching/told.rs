//! What is told of nodes that answer.

use std::process::Command;

use wgtrace_api::v1::{
    EncryptionState, FlowDrop, FlowsReply, NodeEntry, NodesReply, PacketsReply, Peer, PeersReply,
};

use super::place::{Place, flow, flows, packet};
use crate::fake::{Fake, Script};
use crate::program::finish;

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
fn nothing_to_show_is_said_with_the_reason_and_no_error() {
    let place = Place::new();
    let said = |flows, args: &[&str]| {
        let _fake = place.fake(Script { flows, ..Script::of("worker") });
        let ran = place.run(args).exits(0);
        assert_eq!(ran.text(), "", "{args:?}");
        ran.stderr
    };
    let nothing = said(vec![FlowsReply { known: 0, ..flows(Vec::new()) }], &["observe", "--last", "5"]);
    assert!(nothing.contains("only while somebody watches; -f goes on"), "{nothing}");
    let unwanted = said(vec![flows(Vec::new())], &["observe", "icmp"]);
    assert!(unwanted.contains("the filter wants none of the 2 flows that are known"), "{unwanted}");
    let late = said(vec![flows(vec![flow(1, "")])], &["observe", "--since", "1m"]);
    assert!(late.contains("none of 1 flows was seen since then"), "{late}");
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
fn status_has_the_walkthroughs_lines_and_fails_when_something_is_wrong() {
    let place = Place::new();
    let node =
        |name: &str, own| NodeEntry { name: name.into(), public_key: name.into(), own, ..Default::default() };
    let mut script = Script::of("worker");
    script.answers.status.encryption =
        Some(wgtrace_api::v1::Encryption { enabled: true, ..Default::default() });
    script.answers.nodes = NodesReply { nodes: vec![node("worker", true), node("worker2", false)] };
    script.answers.peers = PeersReply {
        peers: vec![Peer { public_key: "worker2".into(), last_handshake: 1, ..Default::default() }],
    };
    script.answers.status.faults = vec!["eth0 is down".into()];
    {
        let _fake = place.fake(script.clone());
        let ran = place.run(&["status"]).exits(1);
        assert!(ran.text().contains("1 fault: eth0 is down"), "{}", ran.text());
        assert_eq!(
            place.run(&["status", "--wait", "1", "--json"]).exits(1).json()[0]["faults"][0],
            "eth0 is down"
        );
    }
    script.answers.status.faults.clear();
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
fn packets_of_before_are_refused_for_nobody_keeps_them() {
    let place = Place::new();
    for flag in [["--last", "5"], ["--since", "1m"]] {
        let ran = place.run(&["observe", "--packets", flag[0], flag[1]]).exits(2);
        assert!(ran.stderr.contains("--last and --since are for flows"), "{}", ran.stderr);
    }
}

#[test]
fn a_lab_is_asked_by_its_name() {
    let place = Place::new();
    let run = place.0.path().join("mine/worker/run");
    std::fs::create_dir_all(&run).unwrap();
    let script = Script { flows: vec![flows(Vec::new())], ..Script::of("worker") };
    let _fake = Fake::start(&run.join("wgtraced.sock"), script);
    let mut command = place.command(&["status", "--lab=mine", "--json"]);
    let ran = finish(command.env("WGTRACE_LAB_DIRECTORY", place.0.path()), &[]).exits(0);
    assert_eq!(ran.json()[0]["node"], "worker");
    for args in [&["status", "--lab", "mine"][..], &["observe", "--lab", "mine", "icmp"]] {
        let mut command = place.command(args);
        finish(command.env("WGTRACE_LAB_DIRECTORY", place.0.path()), &[]).exits(0);
    }
    let mut command = place.command(&["observe", "--lab", "mina"]);
    let ran = finish(command.env("WGTRACE_LAB_DIRECTORY", place.0.path()), &[]).exits(1);
    assert!(ran.stderr.contains("the name of a lab is given as --lab=NAME"), "{}", ran.stderr);
    let mut command = place.command(&["status", "--lab=other"]);
    let ran = finish(command.env("WGTRACE_LAB_DIRECTORY", place.0.path()), &[]).exits(1);
    assert!(
        ran.stderr.contains("no lab runs in") && ran.stderr.contains("wgtrace lab up --name other"),
        "{}",
        ran.stderr
    );
}
