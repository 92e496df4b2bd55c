use wgtrace_abi::Hook;
use wgtrace_abi::hook::Attachment;

/// A set of hooks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Hooks(u16);

impl Hooks {
    /// None.
    pub const NONE: Self = Self(0);
    /// Every hook.
    pub const ALL: Self = Self((1 << Hook::COUNT) - 1);

    /// The hooks with these names; all of them if there are none.
    ///
    /// # Errors
    /// A name that no hook has, and those that there are.
    pub fn named(names: &[String]) -> Result<Self, String> {
        if names.is_empty() {
            return Ok(Self::ALL);
        }
        names.iter().try_fold(Self::NONE, |hooks, name| {
            let hook = Hook::ALL.into_iter().find(|hook| hook.name() == name);
            let hook = hook.ok_or_else(|| {
                let all = Hook::ALL.map(Hook::name).join(", ");
                format!("there is no hook `{}`: there are {all}", name.escape_debug())
            })?;
            Ok(hooks.with(hook))
        })
    }

    /// These and one more.
    #[must_use]
    pub fn with(self, hook: Hook) -> Self {
        Self(self.0 | 1 << hook.number())
    }

    /// These and those.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether it is one of them.
    pub fn has(self, hook: Hook) -> bool {
        self.0 & 1 << hook.number() != 0
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Those that are on a packet socket.
    pub fn is_tapped(self) -> bool {
        self.iter().any(|hook| hook.attachment() == Attachment::Socket)
    }

    /// Each of them.
    pub fn iter(self) -> impl Iterator<Item = Hook> {
        Hook::ALL.into_iter().filter(move |hook| self.has(*hook))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hooks_are_asked_for_by_name() {
        let names = |names: &[&str]| Hooks::named(&names.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(names(&[]), Ok(Hooks::ALL));
        let hooks = names(&["tap-out", "from-container"]).unwrap();
        assert_eq!(hooks.iter().collect::<Vec<_>>(), [Hook::FromContainer, Hook::TapOut]);
        assert!(hooks.is_tapped() && !hooks.has(Hook::TapIn) && !Hooks::NONE.is_tapped());
        let told = names(&["tap-out", "eth0\n"]).unwrap_err();
        assert!(told.starts_with("there is no hook `eth0\\n`: there are from-container, "), "{told}");
    }
}
