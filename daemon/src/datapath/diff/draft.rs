use std::collections::BTreeSet;

use super::Difference;
use crate::datapath::change::Change;
use crate::datapath::desired::Desired;
use crate::datapath::finding::Finding;
use crate::datapath::observed::Observed;
use crate::datapath::state::{Address, Hop, Sysctl};
use crate::wireguard::DeviceName;

/// A difference in the making: its steps by when they are due.
pub(super) struct Draft<'a> {
    pub(super) desired: &'a Desired,
    pub(super) observed: &'a Observed,
    /// Devices that these steps make: nothing of what is there belongs to them.
    pub(super) fresh: BTreeSet<&'a DeviceName>,
    /// Devices that will not be there, or not be ours to use.
    pub(super) absent: BTreeSet<&'a DeviceName>,
    /// Routes that lead nowhere, and the rules that lead to them.
    pub(super) closing: Vec<Change>,
    pub(super) marking: Vec<Change>,
    pub(super) links: Vec<Change>,
    pub(super) settings: Vec<Change>,
    pub(super) sysctls: Vec<Change>,
    pub(super) ups: Vec<Change>,
    pub(super) addresses: Vec<Change>,
    pub(super) routes: Vec<Change>,
    pub(super) opening: Vec<Change>,
    pub(super) stale_rules: Vec<Change>,
    pub(super) stale_routes: Vec<Change>,
    pub(super) stale_addresses: Vec<Change>,
    pub(super) findings: Vec<Finding>,
}

impl<'a> Draft<'a> {
    pub(super) fn new(desired: &'a Desired, observed: &'a Observed) -> Self {
        Self {
            desired,
            observed,
            fresh: BTreeSet::new(),
            absent: BTreeSet::new(),
            closing: Vec::new(),
            marking: Vec::new(),
            links: Vec::new(),
            settings: Vec::new(),
            sysctls: Vec::new(),
            ups: Vec::new(),
            addresses: Vec::new(),
            routes: Vec::new(),
            opening: Vec::new(),
            stale_rules: Vec::new(),
            stale_routes: Vec::new(),
            stale_addresses: Vec::new(),
            findings: Vec::new(),
        }
    }

    pub(super) fn finish(self) -> Difference {
        let stages = [
            self.closing,
            self.marking,
            self.links,
            self.settings,
            self.sysctls,
            self.ups,
            self.addresses,
            self.routes,
            self.opening,
            self.stale_rules,
            self.stale_routes,
            self.stale_addresses,
        ];
        Difference { changes: stages.concat(), findings: self.findings }
    }

    /// Whether a hop can be taken, once the steps are done.
    pub(super) fn can_leave_by(&self, hop: &Hop) -> bool {
        match hop {
            Hop::Device { device, .. } => !self.absent.contains(device),
            Hop::Unreachable => true,
            Hop::Other => false,
        }
    }

    pub(super) fn sysctls(&mut self) {
        for (sysctl, want) in &self.desired.sysctls {
            let device = sysctl.device();
            if device.is_some_and(|device| self.absent.contains(device)) {
                continue;
            }
            let is_fresh = device.is_some_and(|device| self.fresh.contains(device));
            if is_fresh || self.observed.sysctls.get(sysctl) != Some(want) {
                let stage = if *sysctl == Sysctl::IP_FORWARD { &mut self.opening } else { &mut self.sysctls };
                stage.push(Change::SetSysctl(sysctl.clone(), *want));
            }
        }
    }

    pub(super) fn addresses(&mut self) {
        let (desired, observed) = (self.desired, self.observed);
        for want in &desired.addresses {
            if self.absent.contains(&want.device) {
                continue;
            }
            let is_here = |have: &&Address| have.device == want.device && !self.fresh.contains(&have.device);
            let same = |have: &&Address| have.addr == want.addr && have.len == want.len;
            if let Some(have) = observed.addresses.iter().filter(is_here).find(same) {
                if have != want {
                    // The kernel has no other way to change it.
                    self.addresses.push(Change::DeleteAddress(have.clone()));
                    self.addresses.push(Change::AddAddress(want.clone()));
                }
                continue;
            }
            let mut elsewhere = observed.addresses.iter().filter(|have| have.addr == want.addr);
            if let Some(have) = elsewhere.find(|have| have.device != want.device) {
                self.findings.push(Finding::AddressTaken(have.clone()));
                self.absent.insert(&want.device);
                continue;
            }
            self.addresses.push(Change::AddAddress(want.clone()));
        }
        let ours = desired.links.iter().filter(|link| link.origin.is_ours()).map(|link| &link.name);
        for device in ours.filter(|name| !self.fresh.contains(name) && !self.absent.contains(name)) {
            let on_it = observed.addresses.iter().filter(|have| have.device == *device);
            let is_stale = |have: &&Address| {
                let is_wanted = |want: &Address| {
                    (&want.device, want.addr, want.len) == (&have.device, have.addr, have.len)
                };
                !have.is_automatic() && !desired.addresses.iter().any(is_wanted)
            };
            self.stale_addresses.extend(on_it.filter(is_stale).cloned().map(Change::DeleteAddress));
        }
    }
}
