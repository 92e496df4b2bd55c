//! Traffic that goes on while something happens: every kind, both ways, all payloads with the canary in them.

mod flow;
mod http;
mod ping;
mod tcp;
mod udp;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use wgtrace_lab::Place;
use wgtrace_testbed::{PATIENCE, within};

pub(crate) use self::flow::{Flow, median};
use crate::canary::Canary;
use crate::world::{LOCAL, NET, REMOTE, WORKER, WORKER2, World};

/// Flows that go on until it is stopped or dropped.
pub(crate) struct Traffic {
    pub(crate) flows: Vec<Arc<Flow>>,
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
    canary: Canary,
}

impl Traffic {
    /// All of it: pods with pods of the other node, with both nodes, with the service by each of its addresses.
    pub(crate) fn start(world: &World, canary: &Canary) -> Self {
        let mut traffic = Self::with_pods(world, canary);
        traffic.nodes(world);
        traffic.services(world);
        traffic.wait_flowing();
        traffic
    }

    /// Between pods, and of pods to the service.
    pub(crate) fn of_pods(world: &World, canary: &Canary) -> Self {
        let mut traffic = Self::with_pods(world, canary);
        traffic.services(world);
        traffic.wait_flowing();
        traffic
    }

    /// Streams between pods of the two workers, without services and nodes.
    pub(crate) fn between_pods(world: &World, canary: &Canary) -> Self {
        let traffic = Self::with_pods(world, canary);
        traffic.wait_flowing();
        traffic
    }

    fn none(canary: &Canary) -> Self {
        Self { flows: Vec::new(), stop: Arc::default(), threads: Vec::new(), canary: canary.clone() }
    }

    fn with_pods(world: &World, canary: &Canary) -> Self {
        let mut traffic = Self::none(canary);
        traffic.pods(world);
        let (net, local) = (world.pod(NET), world.pod(LOCAL));
        let flow = Flow::new(format!("{CONTROL} {NET} > {LOCAL}"));
        let at = SocketAddr::new(local.address().into(), FIRST);
        let threads = udp::start(&flow, &traffic.stop, canary, net.place(), local.place(), at);
        traffic.add(flow, threads);
        traffic
    }

    fn pods(&mut self, world: &World) {
        let place = |name: &str| world.lab.place(name).unwrap();
        for (from, to) in [(NET, REMOTE), (REMOTE, NET), (LOCAL, REMOTE)] {
            let address = world.pod(to).address();
            let port = if from == LOCAL { SECOND } else { FIRST };
            let at = SocketAddr::new(address.into(), port);
            self.udp(place(from), place(to), at);
            self.tcp(place(from), place(to), at);
            self.ping(place(from), address);
        }
    }

    fn services(&mut self, world: &World) {
        for pod in [NET, REMOTE] {
            self.http(world.pod(pod).place(), &service_addresses());
        }
    }

    /// Pods with the other one's node.
    fn nodes(&mut self, world: &World) {
        let place = |name: &str| world.lab.place(name).unwrap();
        let node = |name: &str, port| SocketAddr::new(world.node(name).address().into(), port);
        for (pod, node_name) in [(NET, WORKER2), (REMOTE, WORKER)] {
            self.tcp(place(pod), place(node_name), node(node_name, ECHO));
            self.ping(place(pod), world.node(node_name).address());
        }
        for (node_name, pod) in [(WORKER, REMOTE), (WORKER2, NET)] {
            let to = SocketAddr::new(world.pod(pod).address().into(), FROM_NODE);
            self.udp(place(node_name), place(pod), to);
            self.tcp(place(node_name), place(pod), to);
        }
    }

    fn udp(&mut self, from: &Place, to: &Place, at: SocketAddr) {
        let flow = Flow::new(format!("udp {} > {}", from.name(), to.name()));
        let threads = udp::start(&flow, &self.stop, &self.canary, from, to, at);
        self.add(flow, threads);
    }

    /// Datagrams to an address that nobody may have.
    pub(crate) fn udp_to(&mut self, from: &Place, at: SocketAddr) {
        let flow = Flow::new(format!("udp {} > {at}", from.name()));
        let thread = udp::send(&flow, &self.stop, &self.canary, from, at);
        self.add(flow, [thread]);
    }

    fn tcp(&mut self, from: &Place, to: &Place, at: SocketAddr) {
        let flow = Flow::new(format!("tcp {} <> {}", from.name(), to.name()));
        let threads = tcp::start(&flow, &self.stop, &self.canary, from, to, at);
        self.add(flow, threads);
    }

    pub(crate) fn ping(&mut self, from: &Place, to: std::net::Ipv4Addr) {
        let flow = Flow::new(format!("ping {} > {to}", from.name()));
        let threads = ping::start(&flow, &self.stop, &self.canary, from, to);
        self.add(flow, threads);
    }

    fn http(&mut self, from: &Place, at: &[SocketAddr]) {
        let flow = Flow::new(format!("http {}", from.name()));
        let thread = http::start(&flow, &self.stop, &self.canary, from, at);
        self.add(flow, [thread]);
    }

    fn add(&mut self, flow: Arc<Flow>, threads: impl IntoIterator<Item = JoinHandle<()>>) {
        self.flows.push(flow);
        self.threads.extend(threads);
    }

    fn wait_flowing(&self) {
        for flow in &self.flows {
            within(&format!("{} flows", flow.name()), || (flow.arrived() > 2).then_some(()));
        }
    }

    /// Waits until so much more has arrived of every flow.
    pub(crate) fn wait_more(&self, count: usize) {
        let before: Vec<usize> = self.flows.iter().map(|flow| flow.arrived()).collect();
        for (flow, before) in self.flows.iter().zip(before) {
            let what = format!("{count} more of {} within {PATIENCE:?}", flow.name());
            within(&what, || (flow.arrived() >= before + count).then_some(()));
        }
    }

    /// Waits until so many more datagrams were sent of each flow, whatever becomes of them: a hundred are a second.
    pub(crate) fn wait_sent(&self, count: u64) {
        let flows = self.named("udp ");
        let before: Vec<u64> = flows.iter().map(|flow| flow.sent()).collect();
        for (flow, before) in flows.into_iter().zip(before) {
            let what = format!("{count} more of {} are sent", flow.name());
            within(&what, || (flow.sent() >= before + count).then_some(()));
        }
    }

    /// Longest gaps of datagrams between nodes, and how long one may be: tens of milliseconds are usual, but where others
    /// load the cores, a tunnel in user space waits for them more often than what the kernel forwards by itself.
    pub(crate) fn gaps_since(&self, moment: Instant) -> (Vec<Duration>, Duration) {
        let flows = self.named("udp ").into_iter().filter(|flow| flow.arrived() > 0);
        let gaps = flows.map(|flow| flow.gap_since(moment)).collect();
        (gaps, TOLERATED + 2 * self.stalled_since(moment))
    }

    /// How long the machine has kept datagrams waiting, that is how long those between pods of one node waited.
    pub(crate) fn stalled_since(&self, moment: Instant) -> Duration {
        self.named(CONTROL).iter().map(|flow| flow.gap_since(moment)).max().unwrap_or_default()
    }

    /// Those flows whose names begin so.
    pub(crate) fn named(&self, start: &str) -> Vec<&Flow> {
        self.flows.iter().map(Arc::as_ref).filter(|flow| flow.name().starts_with(start)).collect()
    }

    /// Ends it, and shows what became of each flow; no connection may have broken.
    pub(crate) fn stop(mut self) {
        self.end();
        for flow in &self.flows {
            eprintln!("  {flow}");
        }
        for flow in &self.flows {
            assert_eq!(flow.broken(), None, "{}", flow.name());
        }
    }

    fn end(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                eprintln!("a flow panicked");
            }
        }
    }
}

impl Drop for Traffic {
    fn drop(&mut self) {
        self.end();
    }
}

/// Where the service is: its own address, and a port of every node, one of which has no pod of it.
pub(crate) fn service_addresses() -> [SocketAddr; 4] {
    ["10.96.142.173:80", "172.18.0.2:32000", "172.18.0.3:32000", "172.18.0.4:32000"]
        .map(|text| text.parse().unwrap())
}

/// Of flows between pods of one node.
const CONTROL: &str = "here: udp";
const TOLERATED: Duration = Duration::from_secs(1);
const FIRST: u16 = 7001;
const SECOND: u16 = 7002;
const ECHO: u16 = 7003;
const FROM_NODE: u16 = 7004;
