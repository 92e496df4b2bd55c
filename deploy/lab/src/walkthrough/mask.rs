//! What two texts may differ in and still say the same.

mod words;

use std::collections::HashMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// Something that is another one each time: it is replaced by its name on both sides before they are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mask {
    /// Numbers of devices: at the beginning of a line, and behind `@if`.
    Index,
    /// Names of pods' devices on the node.
    Device,
    /// What queues packets where the machine chooses.
    Qdisc,
    /// Link-layer addresses but for those of nobody and everybody; the first is told from the second.
    Mac,
    /// Public keys; the first is told from the second.
    Key,
    /// Numbers and names of other namespaces.
    Namespace,
    /// Times of day, and how long something took.
    Time,
    /// How long ago something was.
    Ago,
    /// How much was received and sent.
    Transfer,
    /// Identifiers of echo requests.
    Id,
    /// Ports above those of services.
    Port,
    /// Sequence and acknowledgment numbers.
    Sequence,
    /// Windows, and how far they are shifted.
    Window,
    /// TCP's timestamps.
    Clock,
    /// Lengths of what a program sent, and of the packets around it.
    Length,
    /// Seconds until a connection is forgotten.
    Timeout,
}

impl fmt::Display for Mask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Index => "indices",
            Self::Device => "device names",
            Self::Qdisc => "queueing disciplines",
            Self::Mac => "MACs",
            Self::Key => "keys",
            Self::Namespace => "namespaces",
            Self::Time | Self::Ago => "times",
            Self::Transfer => "amounts",
            Self::Id => "ids",
            Self::Port => "ports",
            Self::Sequence => "sequence numbers",
            Self::Window => "windows",
            Self::Clock => "timestamps",
            Self::Length => "lengths",
            Self::Timeout => "timeouts",
        })
    }
}

/// Masks one side; remembers which MAC and which key came first.
#[derive(Debug, Clone, Default)]
pub struct Masker {
    known: HashMap<(Mask, String), usize>,
}

impl Masker {
    /// A text with everything replaced that does not count; blanks count once.
    pub fn apply(&mut self, text: &str, masks: &[Mask]) -> String {
        let lines: Vec<String> = text.lines().map(|line| self.line(line, masks)).collect();
        lines.join("\n")
    }

    fn line(&mut self, line: &str, masks: &[Mask]) -> String {
        let words: Vec<&str> = line.split_whitespace().collect();
        let mut out: Vec<String> = Vec::with_capacity(words.len());
        let mut at = 0;
        while let Some(word) = words.get(at) {
            let before = at.checked_sub(1).and_then(|at| words.get(at)).copied().unwrap_or_default();
            let place = words::Place { at, before, first: words.first().copied().unwrap_or_default() };
            // the name of a pod's device says more than the index at its end
            let device = masks.iter().filter(|mask| **mask == Mask::Device);
            let masked = |mask: &Mask| words::masked(*mask, word, place).map(|found| (*mask, found));
            let found = device.chain(masks).find_map(masked);
            match found {
                None => out.push((*word).to_owned()),
                Some((_, words::Masked::Word(word))) => out.push(word),
                Some((_, words::Masked::Rest(word))) => {
                    out.push(word);
                    break;
                }
                Some((mask, words::Masked::Known { before, key, behind })) => {
                    let number = self.number(mask, key);
                    out.push(format!("{before}<{mask} {number}>{behind}"));
                }
            }
            at += 1;
        }
        out.join(" ")
    }

    /// Which of its kind something is, in the order of their first appearance.
    fn number(&mut self, mask: Mask, key: String) -> usize {
        let next = self.known.keys().filter(|(of, _)| *of == mask).count() + 1;
        *self.known.entry((mask, key)).or_insert(next)
    }
}

#[cfg(test)]
mod tests;
