//! What there is, as the kernel tells it.

use std::collections::BTreeMap;

use super::state::{Address, Route, Rule, Setting, Sysctl};
use crate::probe::links::LinkKind;
use crate::wireguard::DeviceName;

/// What there is of what [`Desired`](super::Desired) speaks of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Observed {
    /// Every device.
    pub links: BTreeMap<DeviceName, Link>,
    /// Every address.
    pub addresses: Vec<Address>,
    /// The routes of the main table and ours, with their protocols, in the order they are asked in.
    pub routes: Vec<(Route, u8)>,
    /// The rules that look at the mark and nothing else, with their protocols.
    pub rules: Vec<(Rule, u8)>,
    /// The settings that were asked for; those of devices that are not there are missing.
    pub sysctls: BTreeMap<Sysctl, i64>,
}

/// A device.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a setting by itself")]
pub struct Link {
    /// Its index.
    pub index: u32,
    /// What made it.
    pub kind: LinkKind,
    /// Its link-layer address, if it has one.
    pub mac: Option<[u8; 6]>,
    /// Whether its packets start with their IP header.
    pub l3: bool,
    /// Largest packet, in bytes.
    pub mtu: u32,
    /// Whether neighbours are looked for.
    pub arp: bool,
    /// Packets that wait to be sent, at most.
    pub tx_queue_len: u32,
    /// Whether it gives itself an IPv6 address; not where the kernel or the device has no IPv6.
    pub automatic_address: bool,
    /// Whether it is up.
    pub up: bool,
    /// Index of its other end, if that is in this namespace.
    pub peer: Option<u32>,
}

impl Link {
    /// Whether it is like that.
    pub fn has(&self, setting: Setting) -> bool {
        match setting {
            Setting::Mtu(mtu) => self.mtu == mtu,
            Setting::Arp(arp) => self.arp == arp,
            Setting::TxQueueLen(len) => self.tx_queue_len == len,
            Setting::NoAutomaticAddress => !self.automatic_address,
            Setting::Up => self.up,
        }
    }
}
