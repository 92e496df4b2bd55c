use std::collections::BTreeSet;
use std::fs;
use std::thread;

use wgtrace_testbed::Namespace;

use crate::world::Node;

const PODS: usize = 200;

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn two_hundred_at_once_get_an_address_each_and_leave_nothing() {
    let node = Node::up("");
    let before = (node.left(), descriptors(&node));
    let pods: Vec<Namespace> = (0..PODS).map(|_| Namespace::new().unwrap()).collect();
    for _ in 0..2 {
        let addresses = each(&pods, |n, pod| node.add(&format!("pod-{n}"), pod, "").unwrap());
        assert_eq!(addresses.iter().collect::<BTreeSet<_>>().len(), PODS);
        assert_eq!(node.left(), [PODS, PODS, before.0[2] + 2 * PODS]);
        // Every second one is deleted twice, at once.
        each(&pods, |n, _| {
            thread::scope(|scope| {
                for _ in 0..=n % 2 {
                    scope.spawn(|| node.cni("DEL", &format!("pod-{n}"), None, "").unwrap());
                }
            });
        });
        assert_eq!(node.left(), before.0);
    }
    let after = descriptors(&node);
    assert!(after <= before.1 + 2, "the daemon had {} descriptors open and has {after}", before.1);
    assert!(!node.log().contains("panicked"), "{}", node.log());
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn adds_and_deletes_that_cross_never_share_an_address() {
    // So few addresses that each is given out again and again.
    let node = Node::up("pod-cidr = \"10.0.1.0/28\"\nrouter-ip = \"10.0.1.1\"\n");
    let before = node.left();
    let pods: Vec<Namespace> = (0..8).map(|_| Namespace::new().unwrap()).collect();
    let held = std::sync::Mutex::new(BTreeSet::new());
    each(&pods, |n, pod| {
        for round in 0..12 {
            let id = format!("pod-{n}-{round}");
            let address = node.add(&id, pod, "").unwrap();
            assert!(held.lock().unwrap().insert(address.clone()), "{address} is held twice");
            assert!(held.lock().unwrap().remove(&address));
            node.cni("DEL", &id, Some(pod), "").unwrap();
        }
    });
    assert_eq!(node.left(), before);
}

/// Does something with each pod, all at once.
fn each<T: Send>(pods: &[Namespace], act: impl Fn(usize, &Namespace) -> T + Sync) -> Vec<T> {
    let act = &act;
    thread::scope(|scope| {
        let running: Vec<_> =
            pods.iter().enumerate().map(|(n, pod)| scope.spawn(move || act(n, pod))).collect();
        running.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

fn descriptors(node: &Node) -> usize {
    fs::read_dir(format!("/proc/{}/fd", node.daemon())).unwrap().count()
}
