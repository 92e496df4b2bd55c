//! Why packets cannot be seen.

use std::io;

use aya::{EbpfError, maps::MapError, programs::ProgramError, programs::tc::TcError};
use rustix::io::Errno;
use thiserror::Error;

use super::{Interface, circumstances::Circumstances, ring::RingError};
use crate::netns::NetnsError;

/// Why programs cannot be loaded, attached or talked to.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ProbeError {
    /// The kernel allows it to others.
    #[error("not allowed to {what} ({errno}): {because}")]
    Forbidden {
        /// What was asked.
        what: String,
        /// What the kernel said.
        errno: Errno,
        /// What may be behind it, and the way out.
        because: String,
    },
    /// The embedded object is not what this was written for.
    #[error("the embedded bpf object does not fit this program: {0}; rebuild it with `cargo xtask bpf`")]
    Object(String),
    /// The kernel's verifier refused a program.
    #[error("the kernel refuses program {program} ({errno}): {log}")]
    Program {
        /// Its name.
        program: &'static str,
        /// What the kernel said.
        errno: Errno,
        /// The last lines of the verifier's log.
        log: String,
    },
    /// The interface went away meanwhile.
    #[error("interface {0} is gone")]
    Gone(Interface),
    /// Called outside the namespace that it is about.
    #[error("interfaces of namespace {expected} cannot be reached from namespace {found}: enter it first")]
    WrongNamespace {
        /// Inode of the instance's.
        expected: u32,
        /// Inode of the one this thread is in.
        found: u32,
    },
    /// The namespace cannot be entered.
    #[error(transparent)]
    Namespace(#[from] NetnsError),
    /// The CPUs cannot be learnt.
    #[error(transparent)]
    Ring(#[from] RingError),
    /// Anything else that the kernel refuses.
    #[error("cannot {what}: {errno}")]
    Call {
        /// What was asked.
        what: String,
        /// What the kernel said.
        errno: Errno,
    },
    /// Anything else.
    #[error("cannot {what}: {reason}")]
    Other {
        /// What was asked.
        what: String,
        /// What was wrong with it.
        reason: String,
    },
}

impl ProbeError {
    pub(crate) fn call(what: impl Into<String>, errno: Errno) -> Self {
        let what = what.into();
        if matches!(errno, Errno::PERM | Errno::ACCESS) {
            return Self::Forbidden { what, errno, because: Circumstances::now().to_string() };
        }
        Self::Call { what, errno }
    }

    pub(crate) fn io(what: impl Into<String>, error: &io::Error) -> Self {
        match Errno::from_io_error(error) {
            Some(errno) => Self::call(what, errno),
            None => Self::Other { what: what.into(), reason: error.to_string() },
        }
    }

    pub(crate) fn map(what: impl Into<String>, error: &MapError) -> Self {
        if let MapError::CreateError { name, io_error } = error {
            return Self::io(format!("create map {name}"), io_error);
        }
        if let MapError::SyscallError(error) = error {
            return Self::io(what, &error.io_error);
        }
        Self::Object(error.to_string())
    }

    pub(super) fn object(error: &EbpfError) -> Self {
        if let EbpfError::MapError(error) = error {
            return Self::map("create maps", error);
        }
        Self::Object(with_causes(error))
    }

    /// Of loading `program`.
    pub(super) fn load(program: &'static str, error: &ProgramError) -> Self {
        if let ProgramError::LoadError { io_error, verifier_log } = error {
            let errno = Errno::from_io_error(io_error).unwrap_or(Errno::IO);
            let log = last_lines(&verifier_log.to_string());
            // a refusal without a word of the verifier is about who asks
            if log.is_empty() {
                return Self::call(format!("load program {program}"), errno);
            }
            return Self::Program { program, errno, log };
        }
        Self::program(format!("load program {program}"), error)
    }

    pub(crate) fn program(what: impl Into<String>, error: &ProgramError) -> Self {
        match errno_of(error) {
            Some(errno) => Self::call(what, errno),
            None => Self::Other { what: what.into(), reason: with_causes(error) },
        }
    }

    pub(super) fn errno(&self) -> Option<Errno> {
        match self {
            Self::Forbidden { errno, .. } | Self::Program { errno, .. } | Self::Call { errno, .. } => {
                Some(*errno)
            }
            Self::Object(_)
            | Self::Gone(_)
            | Self::WrongNamespace { .. }
            | Self::Namespace(_)
            | Self::Ring(_)
            | Self::Other { .. } => None,
        }
    }
}

/// What the kernel said, wherever aya put it.
fn errno_of(error: &ProgramError) -> Option<Errno> {
    if let ProgramError::TcError(error) = error {
        return errno_of_tc(error);
    }
    if let ProgramError::NetlinkError(error) = error {
        return error.raw_os_error().map(Errno::from_raw_os_error);
    }
    cause(error)
}

pub(crate) fn errno_of_tc(error: &TcError) -> Option<Errno> {
    if let TcError::NetlinkError(error) = error {
        return error.raw_os_error().map(Errno::from_raw_os_error);
    }
    if let TcError::IoError(error) = error {
        return Errno::from_io_error(error);
    }
    cause(error)
}

/// The first system error among an error's causes.
fn cause(error: &(dyn std::error::Error + 'static)) -> Option<Errno> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return Errno::from_io_error(error);
        }
        next = error.source();
    }
    None
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        text.push_str(": ");
        text.push_str(&error.to_string());
        next = error.source();
    }
    text
}

/// The end of a verifier's log, where the reason is.
fn last_lines(log: &str) -> String {
    let lines: Vec<_> = log.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    lines.get(lines.len().saturating_sub(LOG_LINES)..).unwrap_or_default().join("\n")
}

const LOG_LINES: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_log_is_kept() {
        let log = (0..20).map(|line| format!("line {line}")).collect::<Vec<_>>().join("\n");
        assert_eq!(last_lines(&log).lines().next(), Some("line 12"));
        assert_eq!(last_lines(&log).lines().last(), Some("line 19"));
        assert_eq!(last_lines("one\n\n"), "one");
        assert_eq!(last_lines(""), "");
    }

    #[test]
    fn system_errors_are_found_below_others() {
        let error = ProgramError::TcError(TcError::IoError(io::Error::from_raw_os_error(19)));
        assert_eq!(errno_of(&error), Some(Errno::NODEV));
        let error = ProgramError::SyscallError(aya::sys::SyscallError {
            call: "bpf_link_create",
            io_error: io::Error::from_raw_os_error(22),
        });
        assert_eq!(ProbeError::program("attach", &error).errno(), Some(Errno::INVAL));
    }

    #[test]
    fn a_refusal_says_what_was_asked() {
        let said = ProbeError::call("create map EVENTS", Errno::PERM).to_string();
        assert!(said.starts_with("not allowed to create map EVENTS ("), "{said}");
    }
}
