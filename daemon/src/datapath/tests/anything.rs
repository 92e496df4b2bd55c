//! Whatever was there: the steps are possible, lead to what is to be, and never through the clear.

use proptest::prelude::*;
use proptest::sample::Index;

use super::model::{self, delete};
use super::order::is_leaking;
use super::{bare, device, ideal, prefix, route, worker};
use crate::datapath::state::{Address, MAIN, PROTOCOL, Rule, Scope};
use crate::datapath::{Desired, Difference, Intent, Observed};
use crate::probe::links::LinkKind;

/// What somebody, or an older start of ours, did to a node.
#[derive(Debug, Clone)]
enum Mishap {
    LoseLink(Index),
    ReplaceLink(Index),
    CutCable,
    SetLink(Index, u32, bool, bool),
    LoseAddress(Index),
    AddAddress(Index, u8),
    LoseRoute(Index),
    ChangeRoute(Index, u8),
    AddRoute(u8, bool),
    LoseRules,
    AddRule(u32, bool),
    SetSysctl(Index, i64),
    LoseSysctl(Index),
}

fn mishap() -> impl Strategy<Value = Mishap> {
    let at = any::<Index>;
    prop_oneof![
        at().prop_map(Mishap::LoseLink),
        at().prop_map(Mishap::ReplaceLink),
        Just(Mishap::CutCable),
        (at(), 1280..2000u32, any::<bool>(), any::<bool>())
            .prop_map(|(i, m, a, u)| Mishap::SetLink(i, m, a, u)),
        at().prop_map(Mishap::LoseAddress),
        (at(), 1..9u8).prop_map(|(i, last)| Mishap::AddAddress(i, last)),
        at().prop_map(Mishap::LoseRoute),
        (at(), 1..9u8).prop_map(|(i, last)| Mishap::ChangeRoute(i, last)),
        (0..9u8, any::<bool>()).prop_map(|(third, ours)| Mishap::AddRoute(third, ours)),
        Just(Mishap::LoseRules),
        (0..3u32, any::<bool>()).prop_map(|(priority, ours)| Mishap::AddRule(priority, ours)),
        (at(), -1..3i64).prop_map(|(i, value)| Mishap::SetSysctl(i, value)),
        at().prop_map(Mishap::LoseSysctl),
    ]
}

fn happen(kernel: &mut Observed, mishap: &Mishap) {
    let nth = |at: &Index, len: usize| (len > 0).then(|| at.index(len.max(1)));
    let name = |kernel: &Observed, at: &Index| {
        nth(at, kernel.links.len()).and_then(|at| kernel.links.keys().nth(at).cloned())
    };
    let protocol = |ours| if ours { PROTOCOL } else { 4 };
    match mishap {
        Mishap::LoseLink(at) => {
            if let Some(name) = name(kernel, at) {
                delete(kernel, &name);
            }
        }
        Mishap::ReplaceLink(at) => {
            if let Some(link) = name(kernel, at).and_then(|name| kernel.links.get_mut(&name)) {
                link.kind = LinkKind::Bridge;
            }
        }
        Mishap::CutCable => {
            kernel.links.iter_mut().for_each(|(_, link)| link.peer = None);
        }
        Mishap::SetLink(at, mtu, arp, up) => {
            let Some(name) = name(kernel, at) else { return };
            let link = kernel.links.get_mut(&name).unwrap();
            (link.mtu, link.arp, link.up) = (*mtu, *arp, *up);
            if !up {
                // linux: fib_sync_down_dev
                kernel.routes.retain(|(route, _)| route.device() != Some(&name));
            }
        }
        Mishap::LoseAddress(at) => {
            if let Some(at) = nth(at, kernel.addresses.len()) {
                kernel.addresses.swap_remove(at);
            }
        }
        Mishap::AddAddress(at, last) => {
            let Some(device) = name(kernel, at) else { return };
            let addr = [10, 0, 1, 20 + last].into();
            if !kernel.addresses.iter().any(|have| have.addr == addr) {
                kernel.addresses.push(Address { addr, len: 32, scope: Scope::Global, device });
            }
        }
        Mishap::LoseRoute(at) => {
            if let Some(at) = nth(at, kernel.routes.len()) {
                kernel.routes.remove(at);
            }
        }
        Mishap::ChangeRoute(at, last) => {
            if let Some((route, _)) = nth(at, kernel.routes.len()).and_then(|at| kernel.routes.get_mut(at)) {
                let gateway = format!("172.18.0.{last}");
                let (other, _) = super::route("0.0.0.0/0", &device("eth0"), Some(&gateway), Scope::Global, 0);
                // The key stays, and one in our table is no leak of our making.
                if route.table == MAIN {
                    route.hop = other.hop;
                }
            }
        }
        Mishap::AddRoute(third, ours) => {
            let to = format!("10.0.{third}.0/24");
            if !kernel.routes.iter().any(|(have, _)| have.destination == prefix(&to)) {
                let gateway = Some("172.18.0.5");
                kernel.routes.push(route(&to, &device("eth0"), gateway, Scope::Global, protocol(*ours)));
            }
        }
        Mishap::LoseRules => kernel.rules.clear(),
        Mishap::AddRule(priority, ours) => {
            let Some(mut rule) = Desired::of(&worker()).rules.first().copied() else { return };
            (rule.priority, rule.mask) = (*priority, 0xff00);
            let known = |(have, _): &(Rule, u8)| *have == rule;
            if !kernel.rules.iter().any(known) {
                kernel.rules.push((rule, protocol(*ours)));
            }
        }
        Mishap::SetSysctl(at, value) => {
            if let Some(at) = nth(at, kernel.sysctls.len()) {
                *kernel.sysctls.values_mut().nth(at).unwrap() = *value;
            }
        }
        Mishap::LoseSysctl(at) => {
            if let Some(at) = nth(at, kernel.sysctls.len()) {
                let sysctl = kernel.sysctls.keys().nth(at).unwrap().clone();
                kernel.sysctls.remove(&sysctl);
            }
        }
    }
}

/// Settles as the daemon does, watching every step.
fn settle(desired: &Desired, kernel: &mut Observed) -> Result<Difference, TestCaseError> {
    for _ in 0..3 {
        let difference = Difference::between(desired, kernel);
        if difference.changes.is_empty() {
            return Ok(difference);
        }
        let mut was_closed = !is_leaking(kernel);
        for change in &difference.changes {
            model::apply(kernel, change).map_err(TestCaseError::fail)?;
            let is_closed = !is_leaking(kernel);
            prop_assert!(desired.rules.is_empty() || is_closed || !was_closed, "{change} opens");
            was_closed = is_closed;
        }
    }
    Err(TestCaseError::fail(format!("restless: {:?}", Difference::between(desired, kernel).changes)))
}

proptest! {
    #[test]
    fn whatever_happened_is_mended_or_told(
        is_new in any::<bool>(),
        was_encrypted in any::<bool>(),
        encryption in any::<bool>(),
        mishaps in prop::collection::vec(mishap(), 0..8),
    ) {
        let before = Desired::of(&Intent { encryption: was_encrypted, ..worker() });
        let desired = Desired::of(&Intent { encryption, ..worker() });
        let mut kernel = if is_new { bare(&before) } else { ideal(&before) };
        for mishap in &mishaps {
            happen(&mut kernel, mishap);
        }
        let others = |kernel: &Observed| {
            let routes = kernel.routes.iter().filter(|(_, protocol)| *protocol != PROTOCOL);
            routes.cloned().collect::<Vec<_>>()
        };
        let theirs = others(&kernel);
        let difference = settle(&desired, &mut kernel)?;
        prop_assert!(difference.changes.is_empty());
        // Nothing of others went, but with a device of ours or an address of its.
        for route in theirs {
            let is_left = others(&kernel).contains(&route);
            let was_ours = route.0.device().is_some_and(|device| device.as_str().starts_with("cilium_"));
            prop_assert!(is_left || was_ours, "{route:?} is gone");
        }
        if encryption {
            prop_assert!(!is_leaking(&kernel) || !difference.findings.is_empty());
        } else {
            let ours = kernel.rules.iter().filter(|(_, protocol)| *protocol == PROTOCOL).count();
            prop_assert_eq!(ours, 0);
        }
    }
}
