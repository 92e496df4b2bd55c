//! What the fuzz targets do with their input: expressions of the filter language, and recordings.
//!
//! Each takes any bytes and panics only when something it states about the code under test does not hold.
//! `daemon/api/tests/corpora.rs` includes this file and runs the committed corpora through it.

use wgtrace_api::filter::{Filter, complete};
use wgtrace_api::recording::{Decoder, LONGEST, RecordingError, append};
use wgtrace_api::v1::{Flow, Packet, Told};

/// Reads `data` as an expression.
pub fn filter(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let characters = text.chars().count();
    match text.parse::<Filter>() {
        Ok(filter) => {
            let shown = filter.to_string();
            assert_eq!(shown.parse().as_ref(), Ok(&filter), "{shown:?} is read as another");
            assert!(!shown.contains(char::is_control) && shown.len() <= Filter::LONGEST);
            assert!(filter.is_empty() == shown.is_empty());
            let (packet, flow) = (Packet::default(), Flow::default());
            let opposite = if shown.is_empty() { "tcp !tcp".to_owned() } else { format!("!({shown})") };
            let opposite: Filter = opposite.parse().unwrap();
            assert_ne!(filter.matches(&packet), opposite.matches(&packet));
            assert_ne!(filter.matches(&flow), opposite.matches(&flow));
        }
        Err(error) => {
            let said = error.to_string();
            assert!((1..=characters + 1).contains(&error.column), "{said}");
            assert!(said.len() < 400 && !said.contains(char::is_control), "{said:?}");
        }
    }
    let cursor = data.first().map_or(0, |byte| usize::from(*byte) % (characters + 1));
    for suggestion in complete(&text, cursor) {
        assert!(
            suggestion.range.start <= suggestion.range.end && suggestion.range.end == cursor,
            "{suggestion:?}"
        );
    }
}

/// Reads `data` as a recording: behind its first byte, which says in what pieces it comes.
pub fn recording(data: &[u8]) {
    let Some((piece, file)) = data.split_first() else { return };
    let whole = read(file, file.len().max(1));
    assert_eq!(read(file, usize::from(*piece).max(1)), whole, "pieces make a difference");
    // What was read is written so that the same is read again.
    let mut again = wgtrace_api::recording::MAGIC.to_vec();
    for told in &whole.0 {
        append(told, &mut again).unwrap();
    }
    assert_eq!(read(&again, again.len()), (whole.0, Ok(())));
    match whole.1 {
        Ok(()) | Err(RecordingError::NoRecording) => {}
        Err(RecordingError::TooLong { offset, length }) => assert!(length > LONGEST && inside(offset, file)),
        Err(RecordingError::Malformed { offset }) => assert!(inside(offset, file)),
        Err(RecordingError::Cut { offset, left }) => assert_eq!(offset + left as u64, file.len() as u64),
        Err(other) => panic!("{other}"),
    }
}

fn inside(offset: u64, file: &[u8]) -> bool {
    offset < file.len() as u64
}

/// All that is told in a recording that comes in pieces, and how it ends.
pub fn read(file: &[u8], piece: usize) -> (Vec<Told>, Result<(), RecordingError>) {
    let (mut decoder, mut found) = (Decoder::default(), Vec::new());
    for piece in file.chunks(piece) {
        decoder.feed(piece);
        loop {
            match decoder.next() {
                Ok(Some(told)) => found.push(told),
                Ok(None) => break,
                Err(error) => return (found, Err(error)),
            }
        }
    }
    (found, decoder.finish())
}
