//! Random files, against a model that keeps plain lists.

use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone, PartialEq)]
enum Entry {
    Static(u8),
    Remote(u8),
    /// With the preshared key right behind, if any.
    Ephemeral(u8, Option<u8>),
    Loose(u8),
    Transport(u8),
    Noise,
}

fn entry() -> impl Strategy<Value = Entry> {
    // Few different keys, so that they meet again.
    prop_oneof![
        (1_u8..9).prop_map(Entry::Static),
        (1_u8..9).prop_map(Entry::Remote),
        (9_u8..14, proptest::option::of(20_u8..24)).prop_map(|(key, psk)| Entry::Ephemeral(key, psk)),
        (20_u8..30).prop_map(Entry::Loose),
        (1_u8..9).prop_map(Entry::Transport),
        Just(Entry::Noise),
    ]
}

fn text_of(entries: &[Entry]) -> String {
    let line = |entry: &Entry| match entry {
        Entry::Static(seed) => format!("LOCAL_STATIC_PRIVATE_KEY = {}\n", b64(*seed)),
        Entry::Remote(seed) => format!("REMOTE_STATIC_PUBLIC_KEY = {}\n", private(*seed).public()),
        Entry::Ephemeral(seed, None) => format!("LOCAL_EPHEMERAL_PRIVATE_KEY = {}\n", b64(*seed)),
        Entry::Ephemeral(seed, Some(psk)) => {
            format!("LOCAL_EPHEMERAL_PRIVATE_KEY = {}\nPRESHARED_KEY = {}\n", b64(*seed), b64(*psk))
        }
        Entry::Loose(seed) => format!("PresharedKey = {}\n", b64(*seed)),
        Entry::Transport(seed) => format!("0x{seed:x} {}\n", b64(*seed)),
        Entry::Noise => "# noise\nNOISE\n\n".to_owned(),
    };
    entries.iter().map(line).collect()
}

/// What the set has to hold, found by walking the whole list for each question.
fn model(entries: &[Entry]) -> BTreeSet<String> {
    let mut content = BTreeSet::new();
    for entry in entries {
        match *entry {
            Entry::Static(seed) => {
                let public = private(seed).public();
                content.insert(format!("static {public}"));
                content.insert(format!("pair {public} true false"));
            }
            Entry::Remote(seed) => {
                content.insert(format!("static {}", private(seed).public()));
            }
            Entry::Ephemeral(seed, psk) => {
                let public = private(seed).public();
                content.insert(format!("pair {public} false true"));
                if let Some(psk) = psk {
                    content.insert(format!("{public} psk {}", b64(psk)));
                    content.insert(format!("psk {}", b64(psk)));
                }
            }
            Entry::Loose(seed) => {
                content.insert(format!("psk {}", b64(seed)));
            }
            Entry::Transport(seed) => {
                content.insert(format!("0x{seed:08x} {}\n", b64(seed)));
            }
            Entry::Noise => {}
        }
    }
    content
}

fn shuffled() -> impl Strategy<Value = (Vec<Entry>, Vec<Entry>)> {
    proptest::collection::vec(entry(), 0..40)
        .prop_flat_map(|entries| (Just(entries.clone()), Just(entries).prop_shuffle()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_set_is_what_the_model_says_in_any_order((entries, shuffled) in shuffled()) {
        let (secrets, complaints) = read(&text_of(&entries));
        prop_assert_eq!(content(&secrets), model(&entries));
        if !secrets.is_empty() {
            let noise = entries.iter().filter(|entry| **entry == Entry::Noise).count();
            prop_assert_eq!(complaints.len(), noise.min(21));
        }
        prop_assert_eq!(content(&read(&text_of(&shuffled)).0), content(&secrets));
    }

    #[test]
    fn reading_in_pieces_and_merging_is_reading_at_once(
        entries in proptest::collection::vec(entry(), 0..30),
        at in any::<prop::sample::Index>(),
    ) {
        let (head, tail) = entries.split_at(at.index(entries.len() + 1));
        let mut merged = read(&text_of(head)).0;
        prop_assert_eq!(merged.merge(read(&text_of(tail)).0), 0);
        prop_assert_eq!(content(&merged), content(&read(&text_of(&entries)).0));
    }
}

proptest! {
    #[test]
    fn random_bytes_never_panic(text in proptest::collection::vec(any::<u8>(), 0..600)) {
        let complaints = Secrets::new().add(&text, "x");
        prop_assert!(complaints.len() <= 21);
    }

    #[test]
    fn no_complaint_shows_a_piece_of_a_key(
        lines in proptest::collection::vec(
            "(LOCAL_STATIC_PRIVATE_KEY|PRESHARED_KEY|PrivateKey|OTHER|0x[0-9a-f]{1,9}|\\[Peer\\]|)( = | |=|)\
             [A-Za-z0-9+/]{40,44}=?( send| t=[0-9.]{1,12}| peer=[A-Za-z]{9}|)[\r\t ]?",
            1..12,
        ),
    ) {
        let text = lines.join("\n");
        for complaint in Secrets::new().add(text.as_bytes(), "x") {
            let told = complaint.to_string();
            prop_assert_eq!(told.lines().count(), 1);
            for piece in text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|piece| piece.len() >= 20) {
                prop_assert!(!told.contains(piece), "{}", told);
            }
        }
    }
}
