use std::net::IpAddr;

use super::draft::Draft;
use crate::datapath::change::Change;
use crate::datapath::finding::Finding;
use crate::datapath::state::{Hop, MAIN, PROTOCOL, Route, TABLE};
use crate::wireguard::DeviceName;

impl<'a> Draft<'a> {
    pub(super) fn rules(&mut self) {
        let (desired, observed) = (self.desired, self.observed);
        for want in &desired.rules {
            if !observed.rules.iter().any(|(have, _)| have == want) {
                self.marking.push(Change::AddRule(*want));
            }
        }
        let ours = observed.rules.iter().filter(|(_, protocol)| *protocol == PROTOCOL);
        let stale = ours.filter(|(have, _)| !desired.rules.contains(have));
        self.stale_rules.extend(stale.map(|(have, _)| Change::DeleteRule(*have)));
    }

    pub(super) fn routes(&mut self) {
        let desired = self.desired;
        let remaining = self.remaining();
        let mut replaced = Vec::new();
        for want in &desired.routes {
            let mut same = remaining.iter().filter(|(have, _)| have.key() == want.key()).peekable();
            if !self.can_leave_by(&want.hop) || same.clone().any(|(have, _)| have == want) {
                continue;
            }
            let exists = same.peek().is_some();
            if let Some((have, protocol)) = same.find(|(_, protocol)| *protocol != PROTOCOL) {
                let (want, have, protocol) = (want.clone(), have.clone(), *protocol);
                self.findings.push(Finding::RouteTaken { want, have, protocol });
                continue;
            }
            if let Some((node, addr, device)) = self.unreachable_gateway(want) {
                self.findings.push(Finding::NotReachable { node, addr, device, route: want.clone() });
                continue;
            }
            let stage = if want.hop == Hop::Unreachable { &mut self.closing } else { &mut self.routes };
            if exists {
                stage.push(Change::ReplaceRoute(want.clone()));
                replaced.push(want.key());
            } else {
                stage.push(Change::AddRoute(want.clone()));
            }
        }
        // By a device that is somebody else's nothing leaves that is to be encrypted.
        let is_barred = |have: &Route| have.table == TABLE && !self.can_leave_by(&have.hop);
        let is_stale = |(have, protocol): &&(Route, u8)| {
            let is_wanted = desired.routes.contains(have) && !is_barred(have);
            *protocol == PROTOCOL && !is_wanted && !replaced.contains(&have.key())
        };
        let stale: Vec<_> = remaining.into_iter().filter(is_stale).collect();
        self.stale_routes.extend(stale.into_iter().map(|(have, _)| Change::DeleteRoute(have.clone())));
        self.foreign_routes();
    }

    /// The routes that are still there when devices that cannot stay are gone.
    fn remaining(&self) -> Vec<&'a (Route, u8)> {
        let is_gone = |route: &Route| route.device().is_some_and(|device| self.fresh.contains(device));
        self.observed.routes.iter().filter(|(route, _)| !is_gone(route)).collect()
    }

    /// The gateway of a route to another node, if it is not on the link. The kernel would refuse the route, too, but not
    /// say why.
    fn unreachable_gateway(&self, route: &Route) -> Option<(String, IpAddr, DeviceName)> {
        let Hop::Device { device, gateway: Some(gateway), .. } = &route.hop else { return None };
        let node = self.desired.nodes.get(gateway)?;
        let is_on_link = |(have, _): &(Route, u8)| {
            matches!(&have.hop, Hop::Device { device: by, gateway: None, .. } if by == device)
                && have.table == MAIN
                && have.destination.contains(*gateway)
        };
        let is_reachable = self.observed.routes.iter().any(is_on_link);
        (!is_reachable).then(|| (node.clone(), *gateway, device.clone()))
    }

    /// Routes of others that lead packets elsewhere.
    fn foreign_routes(&mut self) {
        let (desired, observed) = (self.desired, self.observed);
        let foreign = observed.routes.iter().filter(|(_, protocol)| *protocol != PROTOCOL);
        for (have, protocol) in foreign.filter(|(have, _)| !desired.routes.contains(have)) {
            let (have, protocol) = (have.clone(), *protocol);
            if have.table == TABLE && !desired.rules.is_empty() {
                if !self.is_told(&have) {
                    self.findings.push(Finding::InOurTable { have, protocol });
                }
                continue;
            }
            let within = |want: &&Route| {
                want.table == have.table
                    && want.destination.len() > 0
                    && want.destination.len() < have.destination.len()
                    && want.destination.contains(have.destination.addr())
            };
            let is_pods = have.device().is_some_and(|device| device.as_str().starts_with("lxc"));
            if let Some(want) = desired.routes.iter().find(within)
                && !is_pods
            {
                self.findings.push(Finding::Shadowed { want: want.clone(), have, protocol });
            }
        }
    }

    /// Whether a route stands where ours is to be, which has been told.
    fn is_told(&self, route: &Route) -> bool {
        let told = |finding: &Finding| matches!(finding, Finding::RouteTaken { have, .. } if have == route);
        self.findings.iter().any(told)
    }
}
