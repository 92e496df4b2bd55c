//! A pod's cable, made and removed.

use std::net::IpAddr;
use std::process::Command;

use wgtrace_testbed::Namespace;
use wgtraced::datapath::pod::{self, Plugged, PodCable, PodError};
use wgtraced::datapath::{Kernel, state};
use wgtraced::netns::Netns;

fn cable(container_id: &str, address: &str) -> PodCable {
    PodCable {
        device: pod::device_name(container_id),
        interface: "eth0".parse().unwrap(),
        address: address.parse().unwrap(),
        router: "10.0.1.26".parse::<IpAddr>().unwrap(),
        mtu: 1500,
        route_mtu: 1420,
        most_segments: Some(45),
    }
}

fn netns(namespace: &Namespace) -> Netns {
    Netns::open(namespace.path().to_str().unwrap()).unwrap()
}

fn talk<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

fn plug(node: &Namespace, pod: &Namespace, cable: &PodCable) -> Result<Plugged, PodError> {
    talk(async { pod::plug(&Kernel::open(netns(node)).unwrap(), netns(pod), cable).await })
}

fn connect(node: &Namespace, plugged: &Plugged) -> Result<(), PodError> {
    talk(async { pod::connect(&Kernel::open(netns(node)).unwrap(), plugged).await })
}

fn unplug(node: &Namespace, container_id: &str) -> Result<bool, PodError> {
    let device = pod::device_name(container_id);
    talk(async { pod::unplug(&Kernel::open(netns(node)).unwrap(), &device).await })
}

fn ip(namespace: &Namespace, line: &str) -> String {
    let run = || Command::new("ip").args(line.split_whitespace()).output();
    let output = namespace.run(run).unwrap().expect("ip is not installed (Debian: iproute2)");
    assert!(output.status.success(), "ip {line}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().replace(" proto 200", "")
}

fn devices(namespace: &Namespace) -> usize {
    ip(namespace, "-o link show").lines().count()
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn a_pod_is_as_in_the_walkthrough() {
    let [node, pod] = [Namespace::new().unwrap(), Namespace::new().unwrap()];
    let cable = cable("2d3008e4e496", "10.0.1.203");
    let plugged = plug(&node, &pod, &cable).unwrap();
    let name = plugged.device.as_str();
    assert!(ip(&node, &format!("link show dev {name}")).contains("state DOWN"));
    connect(&node, &plugged).unwrap();
    node.wait_up(name).unwrap();
    pod.wait_up("eth0").unwrap(); // each end of a cable hears of the other in its own time
    let routes = ip(&pod, "route show");
    let lines: Vec<&str> = routes.lines().map(str::trim_end).collect();
    assert_eq!(lines, ["default via 10.0.1.26 dev eth0 mtu 1420", "10.0.1.26 dev eth0 scope link"]);
    let details = ip(&pod, "-d link show dev eth0");
    assert!(details.contains("gso_max_segs 45 "), "{details}");
    let address = ip(&pod, "address show dev eth0");
    for part in [
        "<BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500",
        "inet 10.0.1.203/32 scope global eth0",
        &state::show_mac(plugged.pod_mac),
        &format!("{}: eth0@", plugged.pod_index),
    ] {
        assert!(address.contains(part), "{part}: {address}");
    }
    assert!(name.starts_with("lxc") && name.len() == 15, "{name}");
    let link = ip(&node, &format!("link show dev {name}"));
    for part in
        ["UP,LOWER_UP> mtu 1500", &state::show_mac(plugged.mac), &format!("{}: {name}@", plugged.index)]
    {
        assert!(link.contains(part), "{part}: {link}");
    }
    let path = format!("/proc/sys/net/ipv4/conf/{name}/rp_filter");
    assert_eq!(node.run(|| std::fs::read_to_string(path)).unwrap().unwrap(), "0\n");
    let check = || talk(async { pod::check(&Kernel::open(netns(&pod)).unwrap(), &cable).await }).unwrap();
    assert!(check().is_empty());
    ip(&pod, "route delete default");
    assert_eq!(check().changes.len(), 1);
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn on_any_error_nothing_stays() {
    let [node, pod] = [Namespace::new().unwrap(), Namespace::new().unwrap()];
    let cable = cable("a", "10.0.1.54");
    let before = (devices(&node), devices(&pod));
    // Seen late, when the cable is there.
    ip(&pod, "link add other type bridge");
    ip(&pod, "address add 192.0.2.1/24 dev other");
    ip(&pod, "link set dev other up");
    ip(&pod, "route add default via 192.0.2.2");
    let error = plug(&node, &pod, &cable).unwrap_err();
    assert!(matches!(error, PodError::InTheWay(_)), "{error}");
    assert!(error.to_string().contains("default via 192.0.2.2 dev other"), "{error}");
    ip(&pod, "link delete other");
    assert_eq!((devices(&node), devices(&pod)), before);
    ip(&pod, "link add eth0 type bridge");
    let error = plug(&node, &pod, &cable).unwrap_err();
    assert!(error.to_string().contains("has an interface eth0 already"), "{error}");
    ip(&pod, "link delete eth0");
    plug(&node, &pod, &cable).unwrap();
    let error = plug(&node, &Namespace::new().unwrap(), &cable).unwrap_err();
    assert!(error.to_string().contains("delete the container"), "{error}");
    assert_eq!((devices(&node), devices(&pod)), (before.0 + 1, before.1 + 1));
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn what_is_gone_can_be_removed_again() {
    let [node, pod] = [Namespace::new().unwrap(), Namespace::new().unwrap()];
    let before = devices(&node);
    let plugged = plug(&node, &pod, &cable("a", "10.0.1.54")).unwrap();
    assert!(unplug(&node, "a").unwrap());
    assert!(!unplug(&node, "a").unwrap());
    let error = connect(&node, &plugged).unwrap_err();
    assert!(matches!(error, PodError::Vanished { .. }), "{error}");
    assert_eq!((devices(&node), devices(&pod)), (before, before));
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn many_at_once_leave_nothing() {
    let node = Namespace::new().unwrap();
    let before = devices(&node);
    std::thread::scope(|scope| {
        for number in 0..24 {
            let node = &node;
            scope.spawn(move || {
                let pod = Namespace::new().unwrap();
                let id = format!("container {number}");
                let address = format!("10.0.1.{}", 30 + number);
                plug(node, &pod, &cable(&id, &address)).unwrap();
                assert!(ip(&pod, "address show dev eth0").contains(&address));
                assert!(unplug(node, &id).unwrap());
            });
        }
    });
    assert_eq!(devices(&node), before);
}
