//! One file for each attach point; each other file owns a map, or is the one that touches what it names.

mod copied;
mod counters;
mod devices;
mod event;
mod filters;
mod forward;
mod from_host;
mod from_lxc;
mod from_net;
mod from_wg;
mod gates;
mod license;
mod redirect;
mod ring;
mod scratch;
mod skb;
mod tap;
mod to_host;
mod to_lxc;
mod to_net;
mod to_wg;
mod trace;
