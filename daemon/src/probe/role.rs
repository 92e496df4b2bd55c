//! What an interface is in the node's datapath, and so which hooks it has.

mod pattern;

use wgtrace_abi::Hook;

pub use self::pattern::{Pattern, PatternError};
use crate::probe::links::{Link, LinkKind};

/// An interface's place in the datapath.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// The host's end of a pod's veth.
    Container,
    /// The host's own device, the router of its pods.
    Host,
    /// Where packets are encrypted and decrypted.
    Wireguard,
    /// A native device.
    Netdev,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 4] = [Self::Container, Self::Host, Self::Wireguard, Self::Netdev];

    /// What an interface is, by Cilium's names and its kind.
    pub fn of(link: &Link) -> Self {
        if link.kind == LinkKind::Wireguard { Self::Wireguard } else { Self::by_name(&link.name) }
    }

    fn by_name(name: &str) -> Self {
        match name {
            "cilium_host" => Self::Host,
            "cilium_wg0" => Self::Wireguard,
            _ if name.starts_with("lxc") => Self::Container,
            _ => Self::Netdev,
        }
    }

    /// The hooks of tc programs on such an interface.
    pub const fn hooks(self) -> [Hook; 2] {
        match self {
            Self::Container => [Hook::FromContainer, Hook::ToContainer],
            Self::Host => [Hook::FromHost, Hook::ToHost],
            Self::Wireguard => [Hook::FromWireguard, Hook::ToWireguard],
            Self::Netdev => [Hook::FromNetdev, Hook::ToNetdev],
        }
    }

    /// The name as it is typed.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Container => "container",
            Self::Host => "host",
            Self::Wireguard => "wireguard",
            Self::Netdev => "netdev",
        }
    }

    /// The role with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// Which interfaces are wanted, and as what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection(Vec<Pattern>);

impl Selection {
    /// Those that any of the patterns matches; the first that matches says the role.
    pub fn new(patterns: Vec<Pattern>) -> Self {
        Self(patterns)
    }

    /// As what an interface is wanted; `None` when it is not.
    pub fn role(&self, link: &Link) -> Option<Role> {
        let pattern = self.0.iter().find(|pattern| pattern.matches(&link.name))?;
        Some(pattern.role().unwrap_or_else(|| Role::of(link)))
    }

    /// The roles that interfaces are likely to have which appear later: one for each glob.
    pub fn expected(&self) -> impl Iterator<Item = Role> {
        let globs = self.0.iter().filter(|pattern| pattern.is_glob());
        globs.map(|pattern| pattern.role().unwrap_or_else(|| Role::by_name(pattern.text())))
    }

    /// The plain names that none of the links has. A glob may match nothing yet.
    pub fn missing<'a>(&'a self, links: &[&Link]) -> Vec<&'a str> {
        let plain = self.0.iter().filter(|pattern| !pattern.is_glob()).map(Pattern::text);
        plain.filter(|name| !links.iter().any(|link| link.name == *name)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(name: &str, kind: LinkKind) -> Link {
        Link { index: 9, name: name.into(), kind, hardware: 1, up: true, master: None }
    }

    fn selection(patterns: &[&str]) -> Selection {
        Selection::new(patterns.iter().map(|text| text.parse().unwrap()).collect())
    }

    #[test]
    fn names_and_kinds_tell_the_role() {
        assert_eq!(Role::of(&link("lxc12ab", LinkKind::Veth)), Role::Container);
        assert_eq!(Role::of(&link("cilium_host", LinkKind::Veth)), Role::Host);
        assert_eq!(Role::of(&link("cilium_net", LinkKind::Veth)), Role::Netdev);
        assert_eq!(Role::of(&link("cilium_wg0", LinkKind::Tun)), Role::Wireguard);
        assert_eq!(Role::of(&link("wg7", LinkKind::Wireguard)), Role::Wireguard);
        assert_eq!(Role::of(&link("eth0", LinkKind::Device)), Role::Netdev);
    }

    #[test]
    fn a_role_that_is_said_goes_before_the_name() {
        let wanted = selection(&["eth0=host", "lxc*"]);
        assert_eq!(wanted.role(&link("eth0", LinkKind::Veth)), Some(Role::Host));
        assert_eq!(wanted.role(&link("lxc1", LinkKind::Veth)), Some(Role::Container));
        assert_eq!(wanted.role(&link("eth1", LinkKind::Veth)), None);
    }

    #[test]
    fn globs_tell_what_to_expect() {
        let wanted = selection(&["eth0", "lxc*", "eth?=host", "*"]);
        assert!(wanted.expected().eq([Role::Container, Role::Host, Role::Netdev]));
    }

    #[test]
    fn only_plain_names_can_be_missing() {
        let wanted = selection(&["eth0", "lxc*", "eth9"]);
        assert_eq!(wanted.missing(&[&link("eth0", LinkKind::Device)]), ["eth9"]);
    }

    #[test]
    fn hooks_belong_to_one_role() {
        let mut hooks: Vec<Hook> = Role::ALL.into_iter().flat_map(Role::hooks).collect();
        hooks.extend([Hook::TapIn, Hook::TapOut]);
        hooks.sort();
        assert_eq!(hooks, Hook::ALL);
        assert!(Role::ALL.into_iter().all(|role| Role::from_name(role.name()) == Some(role)));
    }
}
