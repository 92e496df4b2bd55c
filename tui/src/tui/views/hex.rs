//! Bytes as a person reads them.

/// Lines of sixteen bytes: where they begin, what they are, and which of them are letters.
pub(super) fn lines(bytes: &[u8]) -> impl Iterator<Item = String> {
    (0usize..).step_by(LINE).zip(bytes.chunks(LINE)).map(|(at, line)| {
        let mut text = format!("{at:04x} ");
        for place in 0..LINE {
            if place == LINE / 2 {
                text.push(' ');
            }
            match line.get(place) {
                Some(byte) => text.extend([format!(" {byte:02x}")]),
                None => text.push_str("   "),
            }
        }
        text.push_str("  ");
        let letter =
            |byte: &u8| if byte.is_ascii_graphic() || *byte == b' ' { char::from(*byte) } else { '.' };
        text.extend(line.iter().map(letter));
        text
    })
}

const LINE: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixteen_bytes_a_line() {
        let bytes: Vec<u8> = (0x3c..0x50).chain([0x1b]).collect();
        let lines: Vec<String> = lines(&bytes).collect();
        assert_eq!(lines[0], "0000  3c 3d 3e 3f 40 41 42 43  44 45 46 47 48 49 4a 4b  <=>?@ABCDEFGHIJK");
        assert_eq!(lines[1], format!("{:<56}LMNO.", "0010  4c 4d 4e 4f 1b"));
    }
}
