use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// A network device's name as the kernel accepts it: 1 to 15 bytes, no slash, colon or white space.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DeviceName(String);

impl DeviceName {
    /// A name that stands in the code.
    pub(crate) fn known(name: &'static str) -> Self {
        debug_assert!(name.parse::<Self>().is_ok(), "{name} is no device name");
        Self(name.to_owned())
    }

    /// The name of a pod's device.
    pub(crate) fn pod(id: [u8; 6]) -> Self {
        Self(format!("lxc{}", id.map(|byte| format!("{byte:02x}")).concat()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for DeviceName {
    type Err = DeviceNameError;

    fn from_str(text: &str) -> Result<Self, DeviceNameError> {
        if !(1..=MOST).contains(&text.len()) {
            return Err(DeviceNameError::Length { have: text.len() });
        }
        // linux: net/core/dev.c, dev_valid_name; the kernel would put a number in place of %d.
        let allowed = |c: char| c.is_ascii_graphic() && !matches!(c, '/' | ':' | '%');
        if text == "." || text == ".." || !text.chars().all(allowed) {
            return Err(DeviceNameError::Character);
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for DeviceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a text is no device's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DeviceNameError {
    /// Empty, or longer than the kernel allows.
    #[error("a device name has 1 to {MOST} characters, this one {have}")]
    Length {
        /// Bytes given.
        have: usize,
    },
    /// A character that names cannot have.
    #[error("a device name has no white space, '/', ':' or '%', and is not '.' or '..'")]
    Character,
}

const MOST: usize = 15;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_the_kernel_takes() {
        for good in ["wg0", "cilium_wg0", "a", "abcdefghijklmno", "wg-0.1@x"] {
            assert_eq!(good.parse::<DeviceName>().unwrap().as_str(), good);
        }
        for bad in [".", "..", "a/b", "a b", "wg%d", "a:1", "é", "a\n"] {
            assert_eq!(bad.parse::<DeviceName>(), Err(DeviceNameError::Character), "{bad}");
        }
        assert_eq!("".parse::<DeviceName>(), Err(DeviceNameError::Length { have: 0 }));
        assert_eq!("abcdefghijklmnop".parse::<DeviceName>(), Err(DeviceNameError::Length { have: 16 }));
    }
}
