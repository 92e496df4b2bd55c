//! `SETTINGS`, `ORIGINS`, `ENDPOINTS` and `IPCACHE`: what user space knows of the node and the cluster.
#![expect(unsafe_code, reason = "values of hash maps, which user space replaces meanwhile")]

use aya_ebpf::bindings::BPF_F_NO_PREALLOC;
use aya_ebpf::btf_maps::lpm_trie::Key;
use aya_ebpf::btf_maps::{Array, HashMap, LpmTrie};
use aya_ebpf::macros::btf_map;
use wgtrace_abi::Address;
use wgtrace_abi::forward::{Endpoint, MAX_ENDPOINTS, MAX_PREFIXES, Origin, Place, Settings};
use wgtrace_bpf::forward::Tables;

const ON_DEMAND: usize = BPF_F_NO_PREALLOC as usize;

#[btf_map]
static SETTINGS: Array<Settings, 1> = Array::new();

#[btf_map]
static ORIGINS: HashMap<u32, Origin, MAX_ENDPOINTS, ON_DEMAND> = HashMap::new();

#[btf_map]
static ENDPOINTS: HashMap<Address, Endpoint, MAX_ENDPOINTS, ON_DEMAND> = HashMap::new();

#[btf_map]
static IPCACHE: LpmTrie<Address, Place, MAX_PREFIXES> = LpmTrie::new();

/// The maps of the instance.
pub(super) struct Maps;

impl Tables for Maps {
    #[inline(always)]
    fn settings(&self) -> Option<&Settings> {
        SETTINGS.get(0)
    }

    #[inline(always)]
    fn origin(&self, ifindex: u32) -> Option<&Origin> {
        // SAFETY: without preallocation a value lives on until the program is over; user space puts a new one in
        // its place and does not write to it.
        unsafe { ORIGINS.get(ifindex) }
    }

    #[inline(always)]
    fn endpoint(&self, address: &Address) -> Option<&Endpoint> {
        // SAFETY: as above.
        unsafe { ENDPOINTS.get(address) }
    }

    #[inline(always)]
    fn place(&self, address: &Address) -> Option<&Place> {
        IPCACHE.get(&Key::new(u128::BITS, *address))
    }
}
