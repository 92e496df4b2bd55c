use super::draft::Draft;
use crate::datapath::change::Change;
use crate::datapath::desired::{Link, Origin};
use crate::datapath::finding::Finding;
use crate::datapath::observed;
use crate::datapath::state::Setting;
use crate::probe::links::LinkKind;
use crate::wireguard::DeviceName;

impl<'a> Draft<'a> {
    pub(super) fn links(&mut self) {
        let desired = self.desired;
        for Link { name, origin, .. } in &desired.links {
            match origin {
                Origin::VethWith(peer) => self.pair(name, peer),
                Origin::PeerOf(_) => {}
                Origin::Tunnel => self.expect(name, origin, &[LinkKind::Tun, LinkKind::Wireguard]),
                Origin::Pod { index } => {
                    self.expect(name, origin, &[LinkKind::Veth]);
                    self.same(name, *index);
                }
                Origin::Native => self.expect(name, origin, &[]),
            }
        }
        for link in &desired.links {
            self.settings(link);
        }
    }

    /// Two ends of one cable, or a new cable.
    fn pair(&mut self, name: &'a DeviceName, peer: &'a DeviceName) {
        let [one, other] = [name, peer].map(|name| self.observed.links.get(name));
        let is_foreign = |link: Option<&observed::Link>| link.is_some_and(|link| link.kind != LinkKind::Veth);
        if is_foreign(one) || is_foreign(other) {
            for (device, link) in [(name, one), (peer, other)] {
                self.absent.insert(device);
                if let Some(link) = link.filter(|link| link.kind != LinkKind::Veth) {
                    let have = link.kind.clone();
                    self.findings.push(Finding::OtherKind { device: device.clone(), have });
                }
            }
            return;
        }
        if let (Some(one), Some(other)) = (one, other)
            && one.peer == Some(other.index)
        {
            return;
        }
        let there = [(name, one), (peer, other)].into_iter().filter(|(_, link)| link.is_some());
        self.links.extend(there.map(|(name, _)| Change::DeleteLink(name.clone())));
        self.links.push(Change::AddVeth { name: name.clone(), peer: peer.clone() });
        self.fresh.extend([name, peer]);
    }

    /// A device that somebody else makes; of one of these kinds, if any are given.
    fn expect(&mut self, name: &'a DeviceName, origin: &Origin, kinds: &[LinkKind]) {
        let finding = match self.observed.links.get(name) {
            None => Finding::Missing { device: name.clone(), origin: origin.clone() },
            Some(link) if !kinds.is_empty() && !kinds.contains(&link.kind) => {
                Finding::OtherKind { device: name.clone(), have: link.kind.clone() }
            }
            Some(_) => return,
        };
        self.absent.insert(name);
        self.findings.push(finding);
    }

    fn same(&mut self, name: &'a DeviceName, index: Option<u32>) {
        if let (Some(need), Some(have)) = (index, self.observed.links.get(name).map(|link| link.index))
            && have != need
            && self.absent.insert(name)
        {
            self.findings.push(Finding::OtherDevice { device: name.clone(), have, need });
        }
    }

    fn settings(&mut self, link: &'a Link) {
        if self.absent.contains(&link.name) {
            return;
        }
        let is_fresh = self.fresh.contains(&link.name);
        let have = self.observed.links.get(&link.name).filter(|_| !is_fresh);
        for setting in &link.settings {
            if have.is_none_or(|have| !have.has(*setting)) {
                let stage = if *setting == Setting::Up { &mut self.ups } else { &mut self.settings };
                stage.push(Change::SetLink(link.name.clone(), *setting));
            }
        }
        if link.origin == Origin::Native && have.is_some_and(|have| !have.up) {
            self.findings.push(Finding::Down(link.name.clone()));
            // The kernel takes no route by it.
            self.absent.insert(&link.name);
        }
    }

    /// The node's own address.
    pub(super) fn node(&mut self) {
        let Some((addr, device)) = &self.desired.node else { return };
        let mut addresses = self.observed.addresses.iter();
        let is_there = addresses.any(|have| have.addr == *addr && have.device == *device);
        if !is_there && self.observed.links.contains_key(device) {
            self.findings.push(Finding::NotOurAddress { addr: *addr, device: device.clone() });
        }
    }
}
