use wgtrace_flow::put::{Put as _, hex_digit};

/// Writes bytes sixteen a line, in hexadecimal and as characters.
pub(in crate::trace) fn hexdump(bytes: &[u8], out: &mut Vec<u8>) {
    for (row, chunk) in bytes.chunks(16).enumerate() {
        out.push(b'\t');
        out.hex(u64::try_from(row).unwrap_or(u64::MAX).saturating_mul(16), 4);
        out.text(": ");
        for at in 0..16 {
            if at % 2 == 0 {
                out.push(b' ');
            }
            match chunk.get(at) {
                Some(byte) => out.extend([byte >> 4, byte & 0xf].map(hex_digit)),
                None => out.text("  "),
            }
        }
        out.text("  ");
        out.extend(chunk.iter().map(|byte| if byte.is_ascii_graphic() { *byte } else { b'.' }));
        out.push(b'\n');
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn short_rows_keep_their_columns() {
        let mut out = Vec::new();
        super::hexdump(b"0123456789abcdef\x00A", &mut out);
        let expected = "\t0x0000:  3031 3233 3435 3637 3839 6162 6364 6566  0123456789abcdef\n\
                        \t0x0010:  0041                                     .A\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
