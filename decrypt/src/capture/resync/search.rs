//! The search for the next record that is likely one.

use super::{Format, Sight};

/// What a search came to.
pub(super) enum Scan {
    Found(usize),
    More { from: usize, need: usize },
    Nothing,
}

/// Looks for the first record at or behind the start of `rest`; at the `expected` place one will do.
pub(super) fn scan<F: Format>(format: &F, rest: &[u8], expected: Option<usize>, end: bool) -> Scan {
    for from in 0..=rest.len() {
        let proof = (expected == Some(from)).then_some(1);
        match chain(format, rest, from, 0, proof, end) {
            Chain::Holds => return Scan::Found(from),
            Chain::More(need) => return Scan::More { from, need: need.saturating_sub(from) },
            Chain::Breaks { .. } => {}
        }
    }
    Scan::Nothing
}

/// Looks for a record inside one of `len` bytes at the start of `rest` whose length may be a lie.
///
/// A packet may well carry a piece of another capture: only a chain that runs on behind the end of the
/// record tells. Linear, because a chain that breaks before is not entered again.
pub(super) fn buried<F: Format>(format: &F, rest: &[u8], len: usize, end: bool) -> Scan {
    let mut from = 1;
    while from < len.min(rest.len()) {
        match chain(format, rest, from, len, None, end) {
            Chain::Holds => return Scan::Found(from),
            Chain::More(need) => return Scan::More { from: 0, need },
            Chain::Breaks { at, proven: true } => from = at.max(from.saturating_add(1)),
            Chain::Breaks { proven: false, .. } => from = from.saturating_add(1),
        }
    }
    Scan::Nothing
}

enum Chain {
    Holds,
    More(usize),
    Breaks { at: usize, proven: bool },
}

/// Follows the records from `from`: enough of them, running on behind `beyond`, are proof. The end of the
/// capture stands for two records when it is exactly where the next is due, for one when it cuts it.
fn chain<F: Format>(
    format: &F,
    rest: &[u8],
    from: usize,
    beyond: usize,
    enough: Option<usize>,
    end: bool,
) -> Chain {
    let (mut at, mut count, mut proof, mut before) = (from, 0_usize, usize::MAX, None);
    loop {
        if count >= proof && at > beyond {
            return Chain::Holds;
        }
        let breaks = Chain::Breaks { at, proven: count >= proof };
        let sight = rest.get(at..).map_or(Sight::More(1), |rest| format.sight(rest, before));
        match sight {
            Sight::Likely { len, mark } => {
                if count == 0 {
                    proof = enough.unwrap_or_else(|| format.proof(mark));
                }
                count = count.saturating_add(1);
                at = at.saturating_add(len);
                before = Some(mark);
            }
            Sight::Unlikely => return breaks,
            Sight::More(need) if !end => return Chain::More(at.saturating_add(need)),
            Sight::More(_) => {
                let credit = if at == rest.len() { 2 } else { 1 };
                let holds = count > 0 && count.saturating_add(credit) >= proof;
                return if holds { Chain::Holds } else { breaks };
            }
        }
    }
}
