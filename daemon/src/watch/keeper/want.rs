use wgtrace_abi::{Gate, Hook, PacketEvent};

use crate::probe::instance::Instance;
use crate::watch::Hooks;

/// What somebody listens to, or what all do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Want {
    pub(super) hooks: Hooks,
    pub(super) snaplen: u16,
}

impl Want {
    /// What the gates are open for.
    pub(super) fn asked(instance: &Instance) -> Self {
        let asked = |want: Self, hook: Hook| match instance.asked(hook) {
            Some(snaplen) => want.or(Self { hooks: Hooks::NONE.with(hook), snaplen }),
            None => want,
        };
        Hook::ALL.into_iter().fold(Self::default(), asked)
    }

    pub(super) fn or(self, other: Self) -> Self {
        Self { hooks: self.hooks.or(other.hooks), snaplen: self.snaplen.max(other.snaplen) }
    }

    /// With as many bytes as gates are opened for.
    pub(super) fn within_bounds(self) -> Self {
        Self { snaplen: self.snaplen.clamp(Gate::DEFAULT_SNAPLEN, PacketEvent::MAX_CAPTURED), ..self }
    }

    /// Bytes of each packet at a hook; `None` for no events of it.
    pub(super) fn at(self, hook: Hook) -> Option<u16> {
        self.hooks.has(hook).then_some(self.snaplen)
    }
}
