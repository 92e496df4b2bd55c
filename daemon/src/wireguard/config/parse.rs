use std::collections::BTreeMap;
use std::num::NonZeroU16;
use std::str::FromStr;

use wgtrace_decrypt::key::{self, PresharedKey, PrivateKey, PublicKey};
use wgtrace_tunnel::Prefix;
use zeroize::Zeroizing;

use super::{Config, ConfigFault, Endpoint, Interface, InterfaceAddress, ParseError, Peer};

impl FromStr for Config {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let mut reading = Reading::default();
        for (number, line) in (1..).zip(text.trim_start_matches('\u{feff}').lines()) {
            reading.number = number;
            reading.line(line)?;
        }
        reading.end_section()?;
        Ok(reading.config)
    }
}

#[derive(Default)]
struct Reading {
    config: Config,
    section: Section,
    /// Line and column of the section's heading.
    heading: (usize, usize),
    /// The line at hand, from 1.
    number: usize,
    /// Settings of this section and their lines.
    seen: BTreeMap<&'static str, usize>,
    peers: BTreeMap<PublicKey, usize>,
}

#[derive(Default)]
enum Section {
    #[default]
    None,
    Interface,
    Peer(Draft),
}

#[derive(Default)]
struct Draft {
    public_key: Option<PublicKey>,
    preshared_key: Option<PresharedKey>,
    endpoint: Option<Endpoint>,
    persistent_keepalive: Option<NonZeroU16>,
    allowed_ips: Vec<Prefix>,
}

impl Reading {
    fn line(&mut self, line: &str) -> Result<(), ParseError> {
        let number = self.number;
        let at = |part: &str, fault| ParseError { line: number, column: column_of(line, part), fault };
        let text = line.split('#').next().unwrap_or_default().trim();
        if text.is_empty() {
            return Ok(());
        }
        if text.starts_with('[') {
            let is = |name: &str| text.eq_ignore_ascii_case(name);
            let next = match (is(INTERFACE), is(PEER)) {
                (true, _) => Section::Interface,
                (_, true) => Section::Peer(Draft::default()),
                _ => return Err(at(text, ConfigFault::UnknownSection)),
            };
            self.end_section()?;
            self.heading = (number, column_of(line, text));
            self.seen.clear();
            self.section = next;
            return Ok(());
        }
        let (name, value) = text.split_once('=').ok_or_else(|| at(text, ConfigFault::NotASetting))?;
        let (name, value) = (name.trim(), value.trim());
        let known = match self.section {
            Section::None => return Err(at(name, ConfigFault::OutsideSection)),
            Section::Interface => find(&IN_INTERFACE, name),
            Section::Peer(_) => find(&IN_PEER, name),
        };
        let Some(name) = known else { return Err(at(name, self.unknown(name))) };
        // Lists grow, as with wg.
        if !LISTS.contains(&name)
            && let Some(first) = self.seen.insert(name, number)
        {
            return Err(at(text, ConfigFault::Repeated { name, first }));
        }
        match &mut self.section {
            Section::None => Ok(()),
            Section::Interface => set_interface(&mut self.config.interface, name, value),
            Section::Peer(draft) => set_peer(draft, name, value),
        }
        .map_err(|(part, need)| at(part, ConfigFault::BadValue { name, need }))?;
        if let Section::Peer(Draft { public_key: Some(key), .. }) = self.section
            && name == "PublicKey"
            && let Some(first) = self.peers.insert(key, number)
        {
            return Err(at(value, ConfigFault::RepeatedPeer { first }));
        }
        Ok(())
    }

    /// What the section lacks is told where it begins.
    fn end_section(&mut self) -> Result<(), ParseError> {
        let Section::Peer(draft) = std::mem::take(&mut self.section) else { return Ok(()) };
        let (line, column) = self.heading;
        let lacking = ParseError { line, column, fault: ConfigFault::NoPublicKey };
        let public_key = draft.public_key.ok_or(lacking)?;
        let Draft { preshared_key, endpoint, persistent_keepalive, allowed_ips, .. } = draft;
        self.config.peers.push(Peer {
            public_key,
            preshared_key,
            endpoint,
            persistent_keepalive,
            allowed_ips,
        });
        Ok(())
    }

    fn unknown(&self, name: &str) -> ConfigFault {
        match (&self.section, find(&WG_QUICK, name)) {
            (Section::Interface, Some(name)) => ConfigFault::WgQuickOnly(name),
            (Section::Peer(_), _) => ConfigFault::UnknownName { section: PEER, known: KNOWN_IN_PEER },
            (Section::None | Section::Interface, _) => {
                ConfigFault::UnknownName { section: INTERFACE, known: KNOWN_IN_INTERFACE }
            }
        }
    }
}

/// The part of the value that is wrong, and what would be right.
type Need<'t> = (&'t str, &'static str);

fn set_interface<'t>(interface: &mut Interface, name: &str, value: &'t str) -> Result<(), Need<'t>> {
    match name {
        "PrivateKey" => interface.private_key = Some(PrivateKey::from_bytes(*key(value)?)),
        "ListenPort" => interface.listen_port = Some(number(value).ok_or((value, PORT))?),
        "FwMark" => interface.fwmark = Some(fwmark(value).ok_or((value, FWMARK))?),
        "MTU" => {
            let mtu = number(value).filter(|mtu| *mtu >= LEAST_MTU);
            interface.mtu = Some(mtu.ok_or((value, MTU))?);
        }
        _ => {
            for item in items(value) {
                interface.addresses.push(interface_address(item).ok_or((item, ADDRESS))?);
            }
        }
    }
    Ok(())
}

fn set_peer<'t>(draft: &mut Draft, name: &str, value: &'t str) -> Result<(), Need<'t>> {
    match name {
        "PublicKey" => draft.public_key = Some(PublicKey::from_bytes(*key(value)?)),
        "PresharedKey" => {
            // All zero says none, as with wg.
            let psk = PresharedKey::from_bytes(*key(value)?);
            draft.preshared_key = (!psk.is_zero()).then_some(psk);
        }
        "Endpoint" => draft.endpoint = Some(endpoint(value).ok_or((value, ENDPOINT))?),
        "PersistentKeepalive" => {
            let seconds = if value.eq_ignore_ascii_case("off") { Some(0) } else { number(value) };
            draft.persistent_keepalive = NonZeroU16::new(seconds.ok_or((value, KEEPALIVE))?);
        }
        _ => {
            for item in items(value) {
                draft.allowed_ips.push(item.parse().map_err(|_| (item, ALLOWED_IP))?);
            }
        }
    }
    Ok(())
}

fn key(value: &str) -> Result<Zeroizing<[u8; 32]>, Need<'_>> {
    // The length leaves base64 alone.
    Some(value).filter(|value| value.len() == 44).and_then(key::parse).ok_or((value, KEY))
}

/// `u16::from_str` takes a sign.
fn number(value: &str) -> Option<u16> {
    value.bytes().all(|byte| byte.is_ascii_digit()).then(|| value.parse().ok())?
}

fn fwmark(value: &str) -> Option<u32> {
    if value.eq_ignore_ascii_case("off") {
        return Some(0);
    }
    let hexadecimal = value.strip_prefix("0x").or_else(|| value.strip_prefix("0X"));
    let (digits, radix) = hexadecimal.map_or((value, 10), |digits| (digits, 16));
    // `from_str_radix` takes a sign.
    digits.starts_with(|c: char| c.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, radix).ok())?
}

fn interface_address(item: &str) -> Option<InterfaceAddress> {
    let prefix: Prefix = item.parse().ok()?;
    let addr = item.split('/').next()?.parse().ok()?;
    Some(InterfaceAddress { addr, len: prefix.len() })
}

fn endpoint(value: &str) -> Option<Endpoint> {
    if let Ok(addr) = value.parse() {
        return Some(Endpoint::Addr(addr));
    }
    let (host, port) = value.rsplit_once(':')?;
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    let is_name = (1..=253).contains(&host.len()) && host.chars().all(allowed);
    // Only digits and dots: an address that was mistyped, not to be looked up.
    let is_number = host.chars().all(|c| c.is_ascii_digit() || c == '.');
    (is_name && !is_number).then(|| Some(Endpoint::Name { host: host.to_owned(), port: number(port)? }))?
}

/// The parts of a list, which may be empty.
fn items(value: &str) -> impl Iterator<Item = &str> {
    value.split(',').map(str::trim).filter(move |_| !value.is_empty())
}

fn find(names: &[&'static str], name: &str) -> Option<&'static str> {
    names.iter().copied().find(|known| known.eq_ignore_ascii_case(name))
}

/// Where `part` begins in `line`, which it is a part of, in characters from 1.
fn column_of(line: &str, part: &str) -> usize {
    let offset = (part.as_ptr().addr()).saturating_sub(line.as_ptr().addr());
    line.get(..offset).map_or(0, |front| front.chars().count()) + 1
}

const INTERFACE: &str = "[Interface]";
const PEER: &str = "[Peer]";
const IN_INTERFACE: [&str; 5] = ["PrivateKey", "ListenPort", "FwMark", "Address", "MTU"];
const IN_PEER: [&str; 5] = ["PublicKey", "PresharedKey", "Endpoint", "PersistentKeepalive", "AllowedIPs"];
const LISTS: [&str; 2] = ["Address", "AllowedIPs"];
const WG_QUICK: [&str; 7] = ["DNS", "Table", "PreUp", "PostUp", "PreDown", "PostDown", "SaveConfig"];
const KNOWN_IN_INTERFACE: &str = "PrivateKey, ListenPort, FwMark, Address and MTU";
const KNOWN_IN_PEER: &str = "PublicKey, PresharedKey, Endpoint, PersistentKeepalive and AllowedIPs";

const KEY: &str = "not a key, which is 44 characters of base64";
const PORT: &str = "not a port, which is a number up to 65535";
const FWMARK: &str = "not a mark, which is a number of 32 bits (hexadecimal with 0x), or off";
const MTU: &str = "not an MTU, which is a number from 1280 to 65535";
const ADDRESS: &str = "not an address with its network's length, like 10.0.0.1/24";
const ALLOWED_IP: &str = "not a network, like 10.0.0.0/24 or fd00::/64";
const ENDPOINT: &str = "not an endpoint, like 192.0.2.1:51820, [2001:db8::1]:51820 or vpn.example.org:51820";
const KEEPALIVE: &str = "not a number of seconds up to 65535, or off";
/// What IPv6 demands of any link (RFC 8200 5).
const LEAST_MTU: u16 = 1280;
