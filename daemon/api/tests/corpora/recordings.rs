//! Recordings by themselves.

use proptest::prelude::*;
use wgtrace_api::recording::{MAGIC, RecordingError, append};
use wgtrace_api::v1::told::What;
use wgtrace_api::v1::{PacketsReply, Told};

use crate::fuzz::read;

fn told(number: u64) -> Told {
    let what = What::Packets(PacketsReply { seen: number, ..Default::default() });
    Told { from: "worker".repeat(usize::try_from(number % 40).unwrap()), time: 1, what: Some(what) }
}

fn file(count: u64) -> Vec<u8> {
    let mut file = MAGIC.to_vec();
    for number in 0..count {
        append(&told(number), &mut file).unwrap();
    }
    file
}

#[test]
fn a_hostile_length_is_refused_before_anything_is_held() {
    let mut file = file(1);
    let offset = u64::try_from(file.len()).unwrap();
    file.extend([0xff, 0xff, 0xff, 0xff, 0x0f]);
    let (found, end) = read(&file, 7);
    assert_eq!((found.len(), end), (1, Err(RecordingError::TooLong { offset, length: 0xffff_ffff })));
    let mut endless = MAGIC.to_vec();
    endless.extend([0xff; 12]);
    assert_eq!(read(&endless, 1).1, Err(RecordingError::Malformed { offset: 8 }));
}

#[test]
fn other_files_are_no_recordings() {
    for other in [&b""[..], b"WGTR", b"\x0a\x0d\x0d\x0a\x1c\0\0\0", b"WGTRACE\x02abc"] {
        assert_eq!(read(other, 3), (Vec::new(), Err(RecordingError::NoRecording)), "{other:?}");
    }
}

proptest! {
    #[test]
    fn a_cut_file_is_good_up_to_the_cut(count in 0..20_u64, cut in 0..2000_usize, piece in 1..64_usize) {
        let whole = file(count);
        let cut = whole.get(..cut).unwrap_or(&whole);
        let (found, end) = read(cut, piece);
        let number = u64::try_from(found.len()).unwrap();
        prop_assert_eq!(found, (0..number).map(told).collect::<Vec<_>>());
        let good = file(number);
        match end {
            Ok(()) => prop_assert_eq!(cut, &good),
            Err(RecordingError::NoRecording) => prop_assert!(cut.len() < 8),
            Err(error) => {
                let left = cut.len() - good.len();
                prop_assert_eq!(error, RecordingError::Cut { offset: good.len() as u64, left });
            }
        }
    }

    #[test]
    fn any_bytes_are_read_the_same_in_any_pieces(bytes in prop::collection::vec(any::<u8>(), 0..64), piece in 1..9_usize) {
        let file = [&MAGIC[..], &bytes].concat();
        prop_assert_eq!(read(&file, piece), read(&file, file.len()));
    }
}
