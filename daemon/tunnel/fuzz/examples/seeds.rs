//! Writes the first inputs of the corpus: `cargo run --example seeds DIRECTORY`.

use std::path::Path;

fn main() -> std::io::Result<()> {
    let dir = std::env::args().nth(1).unwrap_or_else(|| "corpus/peer".to_owned());
    let dir = Path::new(&dir);
    std::fs::create_dir_all(dir)?;
    for (name, seed) in peer() {
        std::fs::write(dir.join(name), seed)?;
    }
    Ok(())
}

type Seeds = Vec<(String, Vec<u8>)>;

/// Scripts: options, then steps by the numbers that `step` gives them.
fn peer() -> Seeds {
    const SEND: [u8; 5] = [0, 0, 0, 1, 25];
    const BACK: [u8; 5] = [0, 1, 0, 0, 25];
    const SETTLE: u8 = 5;
    let mut seeds = Seeds::new();
    let mut add = |name: &str, options: u8, steps: &[&[u8]]| {
        seeds.push((name.to_owned(), [&[options][..], &steps.concat()].concat()));
    };
    let connected = [&SEND[..], &[SETTLE]].concat();
    add("nothing", 0, &[]);
    add("once-each-way", 0, &[&connected, &BACK, &[SETTLE]]);
    add("three-with-psk-and-stranger", 0x31, &[&connected, &BACK, &[SETTLE]]);
    for (name, load) in [("loaded-at-two", 2), ("always-loaded", 4), ("hardly-anything", 12)] {
        add(name, load, &[&SEND, &[8, 30], &BACK, &[8, 30]]);
    }
    add("rekey", 0, &[&connected, &[8, 119], &connected, &[8, 10], &SEND, &BACK, &[8, 200]]);
    add("silence", 0, &[&connected, &[10, 110], &connected, &[10, 110]]);
    add("lost", 0, &[&SEND, &[9, 100], &BACK, &[9, 200], &SEND, &[8, 20]]);
    add("both-at-once", 1, &[&SEND, &BACK, &[3, 0, 0], &[3, 0, 0], &[SETTLE], &[8, 10]]);
    for fate in 0..8 {
        add(
            &format!("fate-{fate}"),
            0,
            &[&SEND, &[3, fate, 0, 1], &SEND, &[3, fate, 0, 1], &BACK, &[3, fate, 1, 0, 8, 20]],
        );
    }
    for shape in (0..64).step_by(5) {
        add(
            &format!("again-{shape}"),
            0,
            &[&connected, &[13, 1, shape, 0, 3, 2, 1, 0, 5, 13, 0, shape, 1, 3, 2, 1, 0, 5, 8, 20], &BACK],
        );
    }
    for what in 0..12 {
        let change = [18, 1, what, 0, 1, 2, 3, 4, 5, 6];
        add(
            &format!("change-{what}"),
            0x20,
            &[&connected, &change[..4], &SEND, &[SETTLE], &change, &connected, &[8, 60]],
        );
    }
    let frame = [23, 0, 3, 1, 30, 5, 3, 1];
    add("frame", 0, &[&connected, &frame, &[0; 24], &[26, 0, 1, 0, 26, 0, 3, 0, 28, 0, 0, 29, 0], &[SETTLE]]);
    add(
        "frame-late",
        0,
        &[&connected, &frame, &[0; 24], &[8, 200], &[24, 0, 0, 1, 9, 3, 2], &[0; 20], &[8, 20]],
    );
    for far in 0..5 {
        add(
            &format!("jump-{far}"),
            0,
            &[&connected, &[30, 0, 0, 0, far, 1, 1], &SEND, &SEND, &[8, 30], &BACK, &[8, 30]],
        );
    }
    let stranger = [16, 0, 64, 9, SETTLE];
    for shape in (0..128).step_by(9) {
        add(
            &format!("stranger-{shape}"),
            0x20,
            &[&stranger, &[17, 0, shape, 0, 20, 1, SETTLE], &stranger, &[17, 1, shape, 1, 9, 9, 8, 30]],
        );
    }
    add("stranger-loaded", 0x24, &[&stranger, &stranger, &[17, 0, 0, 0, 20, 1, SETTLE]]);
    add(
        "travels",
        0,
        &[&connected, &[31, 0, 1, 1], &connected, &[31, 1, 1, 2], &BACK, &[8, 30, 31, 0, 0, 90], &connected],
    );
    const RETURNED: [u8; 4] = [6, 0, 0x10, 0];
    add("said-to-be-gone", 0, &[&connected, &RETURNED, &SEND, &SEND, &[SETTLE], &BACK, &[SETTLE]]);
    add("gone-and-back", 0, &[&connected, &RETURNED, &SEND, &[9, 20], &SEND, &[SETTLE], &BACK, &[8, 30]]);
    add("gone-for-good", 0, &[&connected, &RETURNED, &SEND, &[9, 200], &SEND, &[8, 30]]);
    add("returned", 0, &[&connected, &SEND, &[6, 1, 0, 0], &SEND, &[SETTLE], &RETURNED, &[8, 200]]);
    add("sleeps", 0, &[&connected, &[11, 250, 11, 250, 12, 0], &SEND, &[11, 250, 8, 90]]);
    add("many-wait", 0, &[&[0, 0, 0xf8, 1, 25, 0, 0, 0xf8, 1, 250, 8, 20]]);
    seeds
}
