//! Names of interfaces with `*` and `?` in them, and a role perhaps.

use std::str::FromStr;

use thiserror::Error;

use super::Role;

/// What `--iface` takes: `NAME` or `NAME=ROLE`; `*` stands for anything, `?` for one character.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    text: String,
    role: Option<Role>,
}

impl Pattern {
    /// Whether an interface of this name is meant.
    pub fn matches(&self, name: &str) -> bool {
        glob(self.text.as_bytes(), name.as_bytes())
    }

    /// Whether it can match more than one name.
    pub fn is_glob(&self) -> bool {
        self.text.contains(['*', '?'])
    }

    /// The pattern without its role.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The role that was said.
    pub fn role(&self) -> Option<Role> {
        self.role
    }
}

impl FromStr for Pattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        let (name, role) = match text.split_once('=') {
            None => (text, None),
            Some((name, role)) => {
                let role = Role::from_name(role).ok_or_else(|| PatternError::Role(role.into()))?;
                (name, Some(role))
            }
        };
        // linux: `dev_valid_name` in net/core/dev.c
        let invalid = |c: char| c == '/' || c == ':' || c.is_whitespace();
        if name.is_empty() || name == "." || name == ".." || name.contains(invalid) {
            return Err(PatternError::Name(name.into()));
        }
        let pattern = Self { text: name.into(), role };
        if !pattern.is_glob() && name.len() > MAX_NAME {
            return Err(PatternError::Long { name: name.into(), len: name.len() });
        }
        Ok(pattern)
    }
}

/// What is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PatternError {
    /// A role that there is not.
    #[error("`{0}` is no role of an interface: expected container, host, wireguard or netdev")]
    Role(String),
    /// No interface can be called so.
    #[error("`{0}` cannot be the name of an interface")]
    Name(String),
    /// Longer than names are.
    #[error("`{name}` has {len} bytes: names of interfaces have at most {MAX_NAME}")]
    Long {
        /// The name.
        name: String,
        /// Its length in bytes.
        len: usize,
    },
}

/// Matches with one place to come back to: the last `*` (what it took before only grows).
fn glob(pattern: &[u8], name: &[u8]) -> bool {
    let (mut p, mut n) = (pattern, name);
    let mut star: Option<(&[u8], &[u8])> = None;
    loop {
        match (p, n) {
            ([b'*', behind @ ..], _) => {
                star = Some((behind, n));
                p = behind;
            }
            ([b'?', pattern @ ..], [_, name @ ..]) => (p, n) = (pattern, name),
            ([a, pattern @ ..], [b, name @ ..]) if a == b => (p, n) = (pattern, name),
            ([], []) => return true,
            _ => match star {
                Some((behind, [_, later @ ..])) => {
                    star = Some((behind, later));
                    (p, n) = (behind, later);
                }
                _ => return false,
            },
        }
    }
}

// linux: IFNAMSIZ, without the final zero
const MAX_NAME: usize = 15;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_and_marks_match_as_in_a_shell() {
        for (pattern, name, matches) in [
            ("lxc*", "lxc", true),
            ("lxc*", "lxc_health", true),
            ("lxc*", "xlxc", false),
            ("*", "eth0", true),
            ("eth?", "eth0", true),
            ("eth?", "eth10", false),
            ("*a*b", "xaxab", true),
            ("*a*b", "xaxabc", false),
            ("eth0", "eth0", true),
            ("eth0", "eth01", false),
        ] {
            assert_eq!(glob(pattern.as_bytes(), name.as_bytes()), matches, "{pattern} {name}");
        }
    }

    #[test]
    fn roles_and_names_are_checked_at_once() {
        assert_eq!("eth0=host".parse::<Pattern>().unwrap().role(), Some(Role::Host));
        assert_eq!("eth0=hsot".parse::<Pattern>(), Err(PatternError::Role("hsot".into())));
        assert_eq!("a/b".parse::<Pattern>(), Err(PatternError::Name("a/b".into())));
        assert!(matches!("sixteen_letters_".parse::<Pattern>(), Err(PatternError::Long { len: 16, .. })));
        assert!("".parse::<Pattern>().is_err() && "=host".parse::<Pattern>().is_err());
    }
}
