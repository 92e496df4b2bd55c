use wgtrace_abi::Mark;

use super::{Decision, Meta, Sink};

/// What came out of the tunnel.
///
/// It goes on through the host's stack, which has to see both directions of what it tracks and translates (answers of
/// a pod that was handed its packets directly are dropped as invalid, or masqueraded). The mark tells rules, and whoever
/// watches, that it was encrypted on its way: no rule of ours asks for it, none may switch tracking off by it, and
/// `cilium_host` takes it off. Whose addresses it may have was decided by the tunnel's allowed IPs.
#[inline(always)]
pub fn from_wireguard<S: Sink>(_: &Meta, sink: &mut S) {
    sink.put(Decision::Pass(Mark(Mark::DECRYPT)));
}

/// What goes into the tunnel: it has no other way out.
#[inline(always)]
pub fn to_wireguard<S: Sink>(meta: &Meta, sink: &mut S) {
    sink.put(Decision::Pass(meta.mark));
}
