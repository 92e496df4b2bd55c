//! Single words.

use super::Mask;

/// Where a word stands in its line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    /// How many words are in front of it.
    pub(super) at: usize,
    /// The word in front of it.
    pub(super) before: &'a str,
    /// The line's first word.
    pub(super) first: &'a str,
}

/// What stands in a word's place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Masked {
    /// This.
    Word(String),
    /// This, and nothing behind it in the line.
    Rest(String),
    /// Something with a number.
    Known { before: String, key: String, behind: String },
}

/// What a mask makes of a word, if it concerns it.
pub(super) fn masked(mask: Mask, word: &str, place: Place<'_>) -> Option<Masked> {
    let bare = word.trim_end_matches([',', ':', ']']);
    let tail = word.get(bare.len()..).unwrap_or_default();
    let plain = |text: &str| Some(Masked::Word(format!("{text}{tail}")));
    let known = || {
        let [before, key, behind] = ["", bare, tail].map(str::to_owned);
        Some(Masked::Known { before, key, behind })
    };
    match mask {
        Mask::Index if place.at == 0 && tail == ":" && is_number(bare) => plain("<index>"),
        Mask::Index => {
            let (name, index) = bare.split_once("@if")?;
            is_number(index).then(|| plain(&format!("{name}@if<index>")))?
        }
        Mask::Device => device(bare).and_then(|shown| plain(&shown)),
        Mask::Qdisc => (place.before == "qdisc").then(|| plain("<qdisc>"))?,
        Mask::Mac => (is_mac(bare) && !is_everybodys(bare)).then(known)?,
        Mask::Key => (bare.len() == 44 && bare.ends_with('=')).then(known)?,
        Mask::Namespace => match place.before {
            "link-netnsid" | "link-netns" => plain("<namespace>"),
            _ if matches!(bare, "link-netnsid" | "link-netns") => plain("link-netns"),
            _ => None,
        },
        Mask::Time => time(bare).and_then(|shown| plain(&shown)),
        Mask::Ago => (place.before == "handshake:").then(|| Masked::Rest("<ago>".to_owned())),
        Mask::Transfer => (place.before == "transfer:").then(|| Masked::Rest("<amounts>".to_owned())),
        Mask::Id => (place.before == "id" && is_number(bare)).then(|| plain("<id>"))?,
        Mask::Port => port(bare).and_then(|shown| plain(&shown)),
        Mask::Sequence => {
            let is_of = matches!(place.before, "seq" | "ack");
            (is_of && bare.split(':').all(is_number)).then(|| plain("<number>"))?
        }
        Mask::Window if place.before == "win" && is_number(bare) => plain("<window>"),
        Mask::Window => (place.before.ends_with("wscale") && is_number(bare)).then(|| plain("<shift>"))?,
        Mask::Clock => {
            let is_of = matches!(place.before, "val" | "ecr");
            let (number, rest) = bare.split_once(',').map_or((bare, ""), |(number, rest)| (number, rest));
            let comma = if rest.is_empty() { "" } else { "," };
            (is_of && is_number(number)).then(|| plain(&format!("<clock>{comma}{rest}")))?
        }
        Mask::Length => (place.before == "length" && is_number(bare)).then(|| plain("<length>"))?,
        Mask::Timeout => {
            let is_of = place.at == 2 && matches!(place.first, "tcp" | "udp" | "icmp");
            (is_of && is_number(bare)).then(|| plain("<timeout>"))?
        }
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_mac(text: &str) -> bool {
    text.len() == 17
        && text.split(':').count() == 6
        && text.split(':').all(|octet| octet.len() == 2 && octet.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn is_everybodys(mac: &str) -> bool {
    mac.chars().all(|c| matches!(c, 'f' | ':')) || mac.chars().all(|c| matches!(c, '0' | ':'))
}

/// `lxc` and digits, with what follows an `@`.
fn device(word: &str) -> Option<String> {
    let (name, rest) = word.split_once('@').map_or((word, None), |(name, rest)| (name, Some(rest)));
    let digits = name.strip_prefix("lxc")?;
    let is_one = digits.len() >= 12 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let rest = rest.map(|rest| {
        let index = rest.strip_prefix("if").filter(|index| is_number(index));
        if index.is_some() { "@if<index>".to_owned() } else { format!("@{rest}") }
    });
    is_one.then(|| format!("lxc<device>{}", rest.unwrap_or_default()))
}

/// A time of day, `time=..`, or a list of times between slashes.
fn time(word: &str) -> Option<String> {
    let is_decimal =
        |text: &str| text.split_once('.').is_some_and(|(whole, part)| is_number(whole) && is_number(part));
    let (clock, micros) = word.split_once('.').unwrap_or_default();
    if clock.len() == 8 && clock.split(':').count() == 3 && is_number(micros) {
        return Some("<time>".to_owned());
    }
    if word.strip_prefix("time=").is_some_and(is_decimal) {
        return Some("time=<time>".to_owned());
    }
    let parts = word.split('/').count();
    (parts == 3 && word.split('/').all(is_decimal)).then(|| "<times>".to_owned())
}

/// A port behind an address and a dot, or behind `sport=` or `dport=`.
fn port(word: &str) -> Option<String> {
    let (before, port) = match word.split_once("port=") {
        Some((side, port)) => (format!("{side}port="), port),
        None if word.split('.').count() == 5 && word.split('.').all(is_number) => {
            let (address, port) = word.rsplit_once('.')?;
            (format!("{address}."), port)
        }
        None => return None,
    };
    let is_chosen = port.parse::<u16>().is_ok_and(|port| port > SERVICES);
    is_chosen.then(|| format!("{before}<port>"))
}

/// The walkthrough's highest port that somebody chose; those that the kernel chooses begin at 32768.
const SERVICES: u16 = 32767;
