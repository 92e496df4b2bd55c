//! Conditions that hold together, and the rules that say the same to the kernel.

use wgtrace_abi::{PortRange, Prefix, Rule};

/// Every condition of one alternative; two of a kind are narrowed to what meets both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Conditions {
    pub(super) source: Prefix,
    pub(super) destination: Prefix,
    pub(super) source_ports: Option<Ports>,
    pub(super) destination_ports: Option<Ports>,
    pub(super) ethertype: Option<u16>,
    pub(super) protocol: Option<u8>,
    pub(super) wireguard: bool,
}

/// Ports from the first to the second, both included.
pub(super) type Ports = (u16, u16);

impl Conditions {
    /// What meets both, if anything can.
    pub(super) fn and(&self, other: &Self) -> Result<Self, Never> {
        Ok(Self {
            source: narrower(self.source, other.source).ok_or(Never)?,
            destination: narrower(self.destination, other.destination).ok_or(Never)?,
            source_ports: both(self.source_ports, other.source_ports, overlap)?,
            destination_ports: both(self.destination_ports, other.destination_ports, overlap)?,
            ethertype: both(self.ethertype, other.ethertype, same)?,
            protocol: both(self.protocol, other.protocol, same)?,
            wireguard: self.wireguard || other.wireguard,
        })
    }

    fn rule(&self) -> Rule {
        let ports = |ports: Option<Ports>| {
            ports.map_or_else(PortRange::default, |(low, high)| PortRange { low, high })
        };
        let protocol = if self.protocol.is_some() { Rule::PROTOCOL } else { 0 };
        let wireguard = if self.wireguard { Rule::WIREGUARD } else { 0 };
        Rule {
            source: self.source,
            destination: self.destination,
            source_ports: ports(self.source_ports),
            destination_ports: ports(self.destination_ports),
            ethertype: self.ethertype.unwrap_or(0),
            protocol: self.protocol.unwrap_or(0),
            flags: protocol | wireguard,
        }
    }
}

/// The rules for alternatives: none twice, and one for both ways where its mirror image is there too.
pub(super) fn rules(alternatives: &[Conditions]) -> Vec<Rule> {
    let mut rules: Vec<Rule> = Vec::new();
    for rule in alternatives.iter().map(Conditions::rule) {
        let mirrored = mirror(&rule);
        if rules.iter().any(|known| same_or_both_ways(known, &rule)) {
            continue;
        }
        match rules.iter_mut().find(|known| **known == mirrored) {
            Some(known) => known.flags |= Rule::BOTH_WAYS,
            None => rules.push(rule),
        }
    }
    rules
}

fn same_or_both_ways(known: &Rule, rule: &Rule) -> bool {
    let one_way = Rule { flags: known.flags & !Rule::BOTH_WAYS, ..*known };
    one_way == *rule || (known.flags != one_way.flags && one_way == mirror(rule))
}

fn mirror(rule: &Rule) -> Rule {
    Rule {
        source: rule.destination,
        destination: rule.source,
        source_ports: rule.destination_ports,
        destination_ports: rule.source_ports,
        ..*rule
    }
}

/// What both ask, if they do; [`Never`] when they exclude each other.
fn both<T: Copy>(a: Option<T>, b: Option<T>, meet: fn(T, T) -> Option<T>) -> Result<Option<T>, Never> {
    match (a, b) {
        (Some(a), Some(b)) => meet(a, b).map(Some).ok_or(Never),
        (a, b) => Ok(a.or(b)),
    }
}

/// No packet meets two conditions.
pub(super) struct Never;

fn same<T: PartialEq + Copy>(a: T, b: T) -> Option<T> {
    if a == b { Some(a) } else { None }
}

fn overlap(a: Ports, b: Ports) -> Option<Ports> {
    let (low, high) = (a.0.max(b.0), a.1.min(b.1));
    (low <= high).then_some((low, high))
}

/// The prefix that lies in the other.
fn narrower(a: Prefix, b: Prefix) -> Option<Prefix> {
    let bits = |prefix: &Prefix| (u128::from_be_bytes(prefix.address), u128::from_be_bytes(prefix.mask));
    let ((a_address, a_mask), (b_address, b_mask)) = (bits(&a), bits(&b));
    let common = a_mask & b_mask;
    (a_address & common == b_address & common).then_some(if a_mask == common { b } else { a })
}
