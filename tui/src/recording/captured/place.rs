//! What an interface of a capture is.

use wgtrace_abi::Hook;
use wgtrace_api::v1;
use wgtrace_decrypt::capture::{Direction, Interface, LinkType};

/// An interface of the file.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// Which of the capture's nodes it is of.
    pub(super) node: usize,
    pub(super) name: String,
    /// Its number in the file, from 1.
    pub(super) index: u32,
    /// The hook that the file says it is.
    hook: Option<Hook>,
    role: Role,
    /// Frames of it did not say which way they went.
    pub(super) is_unsure: bool,
}

/// What a device is for, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Pod,
    Host,
    Wireguard,
    Native,
}

impl Place {
    /// By what the file says of it, and the name of its node; `file` is the name of what says neither.
    pub(super) fn of(interface: &Interface, number: usize, file: &str) -> (String, Self) {
        let (first, rest) = interface.description.split_once(", ").unwrap_or((&interface.description, ""));
        let hook = Hook::ALL.into_iter().find(|hook| hook.name() == first);
        let node = if hook.is_some() && !rest.is_empty() { rest } else { file };
        let stem = file.split_once('.').map_or(file, |(stem, _)| stem);
        let name = match (interface.name.as_str(), number) {
            ("", 0) => stem.to_owned(),
            ("", number) => format!("{stem} {number}"),
            (name, _) => name.to_owned(),
        };
        let role = role(&name, interface.link);
        let index = u32::try_from(number).unwrap_or(u32::MAX).saturating_add(1);
        (node.to_owned(), Self { node: 0, name, index, hook, role, is_unsure: false })
    }

    /// Where a frame was seen that went this way; what is not known is taken to have come in.
    pub(super) fn hook(&mut self, direction: Option<Direction>) -> Hook {
        if let Some(hook) = self.hook {
            return hook;
        }
        self.is_unsure |= direction.is_none();
        match (self.role, direction == Some(Direction::Outbound)) {
            (Role::Pod, false) => Hook::FromContainer,
            (Role::Pod, true) => Hook::ToContainer,
            (Role::Host, false) => Hook::ToHost,
            (Role::Host, true) => Hook::FromHost,
            (Role::Wireguard, false) => Hook::FromWireguard,
            (Role::Wireguard, true) => Hook::ToWireguard,
            (Role::Native, false) => Hook::TapIn,
            (Role::Native, true) => Hook::TapOut,
        }
    }

    /// As a daemon would list it.
    pub(super) fn told(&self) -> v1::Interface {
        let role = match self.role {
            Role::Pod => "pod",
            Role::Host => "host",
            Role::Wireguard => "wireguard",
            Role::Native => "native",
        };
        v1::Interface {
            name: self.name.clone(),
            index: self.index,
            role: role.to_owned(),
            up: true,
            ..v1::Interface::default()
        }
    }
}

/// As the datapath names its devices; what has no link layer is a tunnel.
fn role(name: &str, link: LinkType) -> Role {
    match name {
        "cilium_host" | "cilium_net" => Role::Host,
        name if name.starts_with("lxc") || name.starts_with("veth") => Role::Pod,
        name if name.contains("wg") || RAW.contains(&link.0) => Role::Wireguard,
        _ => Role::Native,
    }
}

pub(super) const ETHERNET: LinkType = LinkType(1);
/// Link types of bare IP packets.
const RAW: [u16; 3] = [101, 228, 229];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_what_devices_are() {
        let of = |name, link| role(name, LinkType(link));
        assert_eq!([of("lxc12ab", 1), of("cilium_wg0", 101)], [Role::Pod, Role::Wireguard]);
        assert_eq!(
            [of("eth0", 1), of("tun0", 101), of("any", 113)],
            [Role::Native, Role::Wireguard, Role::Native]
        );
    }
}
