//! What somebody may have meant.

/// The candidate that takes the fewest changes of single characters, if they are few.
pub(super) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = word.chars().count();
    if length > LONGEST {
        return None;
    }
    let word = word.to_ascii_lowercase();
    let near =
        candidates.into_iter().map(|candidate| (distance(&word, &candidate.to_ascii_lowercase()), candidate));
    let (changes, candidate) = near.min_by_key(|(changes, _)| *changes)?;
    let longer = length.max(candidate.chars().count());
    // One in a word of three, two from five on.
    (changes <= longer.div_ceil(2).saturating_sub(1).min(2)).then_some(candidate)
}

/// Insertions, deletions, replacements and exchanges of neighbours (optimal string alignment).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=other.len()).collect();
    let mut earlier = None;
    for (row, character) in one.chars().enumerate() {
        let mut current = vec![row.saturating_add(1)];
        for (column, letter) in other.iter().enumerate() {
            let at = |line: &[usize], place: usize| line.get(place).copied().unwrap_or(usize::MAX);
            let replaced = at(&above, column).saturating_add(usize::from(character != *letter));
            let deleted = at(&above, column.saturating_add(1)).saturating_add(1);
            let inserted = at(&current, column).saturating_add(1);
            let mut least = replaced.min(deleted).min(inserted);
            let crossed = column
                .checked_sub(1)
                .filter(|left| earlier == Some(*letter) && other.get(*left) == Some(&character));
            if let Some(left) = crossed {
                least = least.min(at(&before, left).saturating_add(1));
            }
            current.push(least);
        }
        earlier = Some(character);
        before = std::mem::replace(&mut above, current);
    }
    above.last().copied().unwrap_or(0)
}

/// Nothing longer is near to anything.
const LONGEST: usize = 48;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_near_is_found_and_what_is_far_is_not() {
        let words = ["port", "pod", "proto", "peer", "drop"];
        for (word, near) in [("prot", "port"), ("Pdo", "pod"), ("portt", "port"), ("dorp", "drop")] {
            assert_eq!(nearest(word, words), Some(near), "{word}");
        }
        for word in ["x", "", "encrypted", &"p".repeat(100)] {
            assert_eq!(nearest(word, words), None, "{word}");
        }
    }
}
