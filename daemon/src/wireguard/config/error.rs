use thiserror::Error;

/// Why a text is no configuration. Shows names, never keys.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("line {line}, column {column}: {fault}")]
pub struct ParseError {
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// What is wrong there.
    pub fault: ConfigFault,
}

/// What is wrong at some place of a configuration.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ConfigFault {
    /// A heading that is none of the two.
    #[error("unknown section: there are [Interface] and [Peer]")]
    UnknownSection,
    /// A line without an equals sign.
    #[error("neither a section nor `Name = value`")]
    NotASetting,
    /// A setting in front of the first heading.
    #[error("a setting in front of the first section")]
    OutsideSection,
    /// A name that the section does not have.
    #[error("no such setting in {section}; it has {known}")]
    UnknownName {
        /// The section's heading.
        section: &'static str,
        /// The names there are.
        known: &'static str,
    },
    /// A setting that commands around wg-quick understand, and this does not.
    #[error("{0} is wg-quick's own: remove it here, and do its work beside the device")]
    WgQuickOnly(&'static str),
    /// The same setting twice in one section.
    #[error("{name} is here twice, first in line {first}")]
    Repeated {
        /// The setting.
        name: &'static str,
        /// Where it was first.
        first: usize,
    },
    /// A value that cannot be one.
    #[error("{name}: {need}")]
    BadValue {
        /// The setting.
        name: &'static str,
        /// What would be one.
        need: &'static str,
    },
    /// A section without the peer's key.
    #[error("a [Peer] without PublicKey")]
    NoPublicKey,
    /// Two sections for one peer.
    #[error("this PublicKey has a [Peer] already, in line {first}: put both into one")]
    RepeatedPeer {
        /// The line of the first one's key.
        first: usize,
    },
}
