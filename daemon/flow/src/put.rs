//! Text into a reused buffer, without allocating.

use std::fmt;
use std::io::Write as _;
use std::net::IpAddr;

use wgtrace_wire::Mac;

/// What lines and objects are made of.
pub trait Put {
    /// As it is.
    fn text(&mut self, text: &str);

    /// In decimal.
    fn number(&mut self, number: impl itoa::Integer);

    /// In hexadecimal with `0x`, at least `digits` of them.
    fn hex(&mut self, number: impl Into<u64>, digits: usize);

    /// By its own words.
    fn display(&mut self, value: impl fmt::Display);

    /// An address.
    fn address(&mut self, address: IpAddr);

    /// A hardware address.
    fn mac(&mut self, mac: Mac);

    /// A string of JSON, quotes included.
    fn quoted(&mut self, text: &str);
}

impl Put for Vec<u8> {
    fn text(&mut self, text: &str) {
        self.extend_from_slice(text.as_bytes());
    }

    fn number(&mut self, number: impl itoa::Integer) {
        self.text(itoa::Buffer::new().format(number));
    }

    fn hex(&mut self, number: impl Into<u64>, digits: usize) {
        let number = number.into();
        self.display(format_args!("0x{number:0digits$x}"));
    }

    fn display(&mut self, value: impl fmt::Display) {
        // a vector takes everything
        let _ = write!(self, "{value}");
    }

    fn address(&mut self, address: IpAddr) {
        let IpAddr::V4(v4) = address else { return self.display(address) };
        for (at, octet) in v4.octets().into_iter().enumerate() {
            if at != 0 {
                self.push(b'.');
            }
            self.number(octet);
        }
    }

    fn mac(&mut self, mac: Mac) {
        for (at, byte) in mac.0.into_iter().enumerate() {
            if at != 0 {
                self.push(b':');
            }
            self.extend([byte >> 4, byte & 0xf].map(hex_digit));
        }
    }

    fn quoted(&mut self, text: &str) {
        self.push(b'"');
        for character in text.chars() {
            match character {
                '"' => self.text("\\\""),
                '\\' => self.text("\\\\"),
                c if c.is_control() => self.display(format_args!("\\u{:04x}", u32::from(c))),
                c => self.text(c.encode_utf8(&mut [0; 4])),
            }
        }
        self.push(b'"');
    }
}

/// The digit for a value below 16.
pub fn hex_digit(value: u8) -> u8 {
    if value < 10 { b'0' | value } else { b'a'.wrapping_add(value.wrapping_sub(10)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn addresses_are_as_the_standard_library_has_them() {
        for text in ["10.0.1.203", "255.255.255.255", "fe80::1", "::ffff:10.0.0.1"] {
            let address: IpAddr = text.parse().unwrap();
            assert_eq!(put(|out| out.address(address)), address.to_string());
        }
        let mac = Mac([0x02, 0, 0xab, 0xcd, 0x9f, 0xf0]);
        assert_eq!(put(|out| out.mac(mac)), mac.to_string());
    }

    #[test]
    fn strings_stay_whole_in_json() {
        for text in ["eth0", "a\"b", "a\\b", "a\u{7}b\n", "ähm", "\u{7f}"] {
            let parsed: String = serde_json::from_str(&put(|out| out.quoted(text))).unwrap();
            assert_eq!(parsed, text);
        }
    }

    #[test]
    fn hexadecimals_are_filled_up() {
        assert_eq!(put(|out| out.hex(0xe00_u32, 0)), "0xe00");
        assert_eq!(put(|out| out.hex(0x1a_u32, 8)), "0x0000001a");
    }
}
