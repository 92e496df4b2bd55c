use super::*;

#[test]
fn a_short_record_is_refused() {
    assert_eq!(decode(&[0; 63]).unwrap_err(), DecodeError::Short { need: 64, have: 63 });
}
