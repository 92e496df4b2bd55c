//! The committed object against the crate that both sides are compiled with.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail by panicking")]

#[path = "object/btf.rs"]
mod btf;

use std::collections::BTreeSet;
use std::mem::offset_of;

use btf::Btf;
use object::{Object as _, ObjectSection as _, ObjectSymbol as _, SymbolKind};
use wgtrace_abi::forward::{Endpoint, Metric, Origin, Place, Settings};
use wgtrace_abi::{Filter, Gate, Hook, HookCounters, PacketEvent, PortRange, Prefix, Rule, names};

macro_rules! same_layout {
    ($btf:expr, $type:ident: $($field:ident),+ $(,)?) => {
        let (size, members) = $btf.layout(stringify!($type)).expect(stringify!($type));
        assert_eq!(size, size_of::<$type>(), stringify!($type));
        let fields = vec![$((stringify!($field).to_owned(), offset_of!($type, $field))),+];
        assert_eq!(members, fields, stringify!($type));
    };
}

#[test]
fn everything_that_crosses_the_line_is_laid_out_alike_on_both_sides() {
    let btf = Btf::new(&section(".BTF"));
    same_layout!(
        btf, PacketEvent: version, kind, hook, flags, ifindex, sequence, time, len, captured, gso_size, gso_segs,
        vlan_tci, vlan_protocol, protocol, verdict, drop_reason, packet_type, reserved, mark, hash,
        ingress_ifindex, sampling, netns,
    );
    same_layout!(
        btf, HookCounters: produced, filtered, sampled_out, unheard, lost_full, lost_busy, lost_other, last_error,
    );
    same_layout!(btf, Gate: state, filter, snaplen, sampling);
    same_layout!(btf, Filter: count, rules);
    same_layout!(
        btf, Rule: source, destination, source_ports, destination_ports, ethertype, protocol, flags,
    );
    same_layout!(btf, Prefix: address, mask);
    same_layout!(btf, PortRange: low, high);
    same_layout!(
        btf, Settings: node, router, host_ifindex, wireguard_ifindex, native_ifindex, wireguard_port, flags,
    );
    same_layout!(btf, Endpoint: ifindex, mac, host_mac);
    same_layout!(btf, Origin: ipv4, ipv6, host_mac, reserved);
    same_layout!(btf, Place: node, kind, reserved);
    same_layout!(btf, Metric: packets, bytes);
}

#[test]
fn programs_and_maps_have_the_names_that_user_space_looks_for() {
    let tracers = Hook::ALL.into_iter().map(names::program);
    let programs: BTreeSet<_> =
        tracers.chain(Hook::ALL.into_iter().filter_map(names::forwarder)).map(str::to_owned).collect();
    // the last are the programs' own
    let events = [names::EVENTS, names::GATES, names::COUNTERS, names::FILTERS, names::L3_DEVICES];
    let maps: BTreeSet<_> =
        events.into_iter().chain(names::STATE).chain(["SCRATCH", "OUTCOMES"]).map(str::to_owned).collect();
    let file = object::File::parse(wgtrace_bpf::OBJECT).unwrap();
    let named = |section: &str, kind| -> BTreeSet<String> {
        let index = file.section_by_name(section).unwrap().index();
        let inside = file.symbols().filter(|it| it.section_index() == Some(index) && it.kind() == kind);
        inside.map(|symbol| symbol.name().unwrap().to_owned()).collect()
    };
    let (tc, socket) = (named("classifier", SymbolKind::Text), named("socket", SymbolKind::Text));
    assert_eq!(socket, [names::program(Hook::TapIn).to_owned()].into());
    assert_eq!(&tc | &socket, programs);
    assert_eq!(named(".maps", SymbolKind::Data), maps);
    assert_eq!(named(".rodata", SymbolKind::Data), [names::NETNS.to_owned()].into());
}

#[test]
fn the_object_says_which_version_its_events_have() {
    let event = section(&format!(".rodata.{}", wgtrace_bpf::BLANK_EVENT));
    assert_eq!(event.len(), size_of::<PacketEvent>());
    assert_eq!(event[offset_of!(PacketEvent, version)], wgtrace_abi::ABI_VERSION);
    assert_eq!(event[offset_of!(PacketEvent, kind)], PacketEvent::KIND);
}

#[test]
fn the_object_is_small_and_aligned() {
    assert!(wgtrace_bpf::OBJECT.as_ptr().addr().is_multiple_of(8));
    assert!(wgtrace_bpf::OBJECT.len() < 250_000, "{} bytes", wgtrace_bpf::OBJECT.len());
}

fn section(name: &str) -> Vec<u8> {
    let file = object::File::parse(wgtrace_bpf::OBJECT).unwrap();
    file.section_by_name(name).unwrap().data().unwrap().to_vec()
}
