//! Every step read a second time with the stock tool: both have to agree.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use wgtrace_lab::http::get;
use wgtrace_lab::show::{self, Packets, ask, read_links, read_routes, read_rules, read_tables};
use wgtrace_lab::walkthrough::mask::Mask;
use wgtrace_lab::walkthrough::stage::{Seen, Stage, Watch, eventually, only};
use wgtrace_lab::{Frame, Lab, Recording, ping};
use wgtraced::datapath::conntrack::{Conntrack, Filter};
use wgtraced::datapath::nat::kube_proxy;

use crate::oracle::{comes_in, lines, masked};
use crate::world::{WORKER, World, passes, tool};

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn ip_wg_and_nft_show_what_the_steps_saw() {
    let world = World::new();
    let lab = world.up("");
    for (place, steps) in
        [("net", ["pod addresses", "pod routes"]), (WORKER, ["node addresses", "node routes"])]
    {
        for step in steps {
            passes(&lab, step);
        }
        interfaces(&lab, place);
        routes(&lab, place);
    }
    for step in ["tunnel device", "rules", "table 201", "peers", "service rules"] {
        passes(&lab, step);
    }
    details(&lab);
    peers(&lab);
    service_rules(&lab);
}

fn interfaces(lab: &Lab, place: &str) {
    let ours = lab.place(place).unwrap().run(read_links).unwrap().unwrap().addresses().join("\n");
    // `ip` names namespaces that have a name on the node
    let same = [Mask::Namespace];
    assert_eq!(masked(&ours, &same), masked(&tool(lab, place, "ip address"), &same), "{place}");
}

fn routes(lab: &Lab, place: &str) {
    for table in [254, 201] {
        let ours = lab.place(place).unwrap().run(|| read_routes(table)).unwrap().unwrap();
        let ours: Vec<String> = ours.iter().map(ToString::to_string).collect();
        // a table that nobody made is an error
        let theirs = crate::world::said(lab, place, &format!("ip -4 route show table {table}")).stdout;
        assert_eq!(ours, lines(std::str::from_utf8(&theirs).unwrap()), "{place}: table {table}");
    }
    let ours = lab.place(place).unwrap().run(read_rules).unwrap().unwrap();
    let ours: Vec<String> = ours.iter().map(ToString::to_string).collect();
    assert_eq!(ours, lines(&tool(lab, place, "ip -4 rule show")), "{place}: rules");
}

fn details(lab: &Lab) {
    let links = lab.node(WORKER).unwrap().run(read_links).unwrap().unwrap();
    for link in &links.0 {
        let theirs = tool(lab, WORKER, &format!("ip -d link show dev {}", link.name));
        let ours = show::Link { netns: None, ..link.clone() };
        comes_in(&ours.with_details(), &theirs);
    }
}

fn peers(lab: &Lab) {
    let socket = format!("/proc/{}/root/run/wireguard/cilium_wg0.sock", daemon(lab));
    let agree = || {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        let ours = ask("cilium_wg0", socket.as_ref())?.at(now).to_string();
        let theirs = tool(lab, WORKER, "wg show cilium_wg0");
        // the order of two handshakes of one second is anybody's
        let sorted = |text: &str| {
            let mut peers: Vec<Vec<String>> = text.split("\n\n").map(lines).collect();
            peers.sort();
            peers
        };
        Ok(sorted(&ours) == sorted(&theirs))
    };
    // a second or a keepalive may come between the two
    eventually("wg shows the same", Duration::from_secs(5), agree).unwrap();
}

fn daemon(lab: &Lab) -> i32 {
    let daemons = lab.daemons().unwrap();
    daemons.iter().find(|daemon| daemon.node == WORKER).unwrap().pid.unwrap()
}

fn service_rules(lab: &Lab) {
    let meant = kube_proxy::table("kube_proxy", None, &kube_proxy::walkthrough());
    let tables = lab.node(WORKER).unwrap().run(|| read_tables(vec![meant])).unwrap().unwrap();
    let ours = show::rules(&tables, "");
    assert!(ours.len() > 10, "{ours:?}");
    for rule in ours {
        let (chain, words) = rule.strip_prefix("add rule ip kube_proxy ").unwrap().split_once(' ').unwrap();
        let theirs = lines(&tool(lab, WORKER, &format!("nft -s list chain ip kube_proxy {chain}")));
        assert!(theirs.iter().any(|line| line == words), "{words}: {theirs:?}");
    }
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn ping_tcpdump_and_conntrack_show_what_the_steps_saw() {
    let world = World::new();
    let lab = world.up("");
    for step in ["same node", "other node", "pod capture", "tunnel capture", "wire capture"] {
        passes(&lab, step);
    }
    for step in ["cluster address", "node port", "node port capture", "connection", "remote node port"] {
        passes(&lab, step);
    }
    for (address, ttl) in [("10.0.2.194", 60), ("10.0.1.54", ping_ttl(&lab, "10.0.1.54"))] {
        let theirs = tool(&lab, "net", &format!("ping -n -c 1 -W 2 {address}"));
        assert!(theirs.contains(&format!(" ttl={ttl} ")) && theirs.contains(" 1 received"), "{theirs}");
    }
    packets(&lab);
    connections(&lab);
}

fn ping_ttl(lab: &Lab, address: &str) -> u8 {
    let report = lab.pod("net").unwrap().run(|| ping(address.parse().unwrap(), 1)).unwrap().unwrap();
    report.replies[0].ttl
}

/// The same packets printed by tcpdump, in all three places.
fn packets(lab: &Lab) {
    let seen = traffic(lab);
    let folder = tempfile::tempdir().unwrap();
    for recording in [&seen.pod, &seen.tunnel, &seen.wire] {
        let path = folder.path().join(format!("{}-{}.pcapng", recording.interface, recording.link));
        recording.write(&path).unwrap();
        let theirs = tool(lab, WORKER, &format!("tcpdump -pne -r {}", path.display()));
        let ours = Packets::lines(&printable(recording));
        assert!(ours.len() > 2, "{}", recording.interface);
        assert_eq!(ours, lines(&theirs), "{}", recording.interface);
    }
}

/// A ping, a request to the near pod and one to the far one.
fn traffic(lab: &Lab) -> Seen {
    let stage = Stage::on(lab);
    let watch = Watch::start(&stage).unwrap();
    let net = lab.pod("net").unwrap();
    net.run(|| ping("10.0.2.194".parse().unwrap(), 1)).unwrap().unwrap();
    for at in ["10.0.1.54:80", "10.0.2.194:80", "172.18.0.3:32000"] {
        net.run(|| get(at.parse().unwrap())).unwrap().unwrap();
    }
    watch.stop().unwrap()
}

/// Everything: what is not printed as tcpdump does is a difference.
fn printable(recording: &Recording) -> Recording {
    only(recording, |_: &Frame| true)
}

fn connections(lab: &Lab) {
    let answer = lab.pod("net").unwrap().run(|| get("172.18.0.3:32000".parse().unwrap())).unwrap().unwrap();
    let port = answer.from.port();
    let agree = || {
        let filter = Filter { port: Some(port), ..Filter::default() };
        let ours = lab.node(WORKER).unwrap().run(|| Conntrack::open().unwrap().list(&filter).unwrap())?;
        let theirs = tool(lab, WORKER, "conntrack -L -p tcp");
        let with_port = format!("sport={port} ");
        let theirs: Vec<&str> = theirs.lines().filter(|line| line.contains(&with_port)).collect();
        assert!(ours.len() == 1 && theirs.len() == 1, "{ours:?} {theirs:?}");
        let same = [Mask::Timeout];
        Ok(masked(&ours[0].to_string(), &same) == masked(theirs[0], &same))
    };
    // its state may change between the two
    eventually("conntrack shows the same", Duration::from_secs(5), agree).unwrap();
}
