//! Who the nodes of the cluster are.
//!
//! What is read here decides whom packets are encrypted for, so nothing of it is believed that contradicts what is
//! known: an entry that claims another node's key, address or pods is refused with a reason, and the others are kept.

pub mod directory;
mod entry;
mod name;
mod refusal;
pub mod roster;

use std::future::Future;
use std::io;
use std::path::PathBuf;

use thiserror::Error;

pub use self::directory::Directory;
pub use self::entry::{Entry, EntryError};
pub use self::name::{Name, NameError};
pub use self::refusal::Refusal;
pub use self::roster::{Policy, Roster};

/// A place where nodes tell each other who they are.
pub trait Registry {
    /// The other nodes of the moment; whatever happens after comes from [`next`](Self::next).
    fn roster(&self) -> &Roster;

    /// The next thing that becomes of a node. Cancel-safe.
    ///
    /// # Errors
    /// When nothing can be heard; what is known stays. It may be asked again, after a while.
    fn next(&mut self) -> impl Future<Output = Result<Event, RegistryError>> + Send;

    /// Tells the others who this node is, unless they know.
    ///
    /// # Errors
    /// When it cannot be written.
    fn publish(&mut self, own: Entry) -> Result<(), RegistryError>;
}

/// What became of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// It is gone. Told before others that may take its place.
    Removed(Entry),
    /// It is another.
    Changed {
        /// As it was.
        before: Entry,
        /// As it is.
        now: Entry,
    },
    /// It is new.
    Added(Entry),
    /// An entry is not believed; a node of that name stays as it was.
    Refused {
        /// The file, or whatever names the entry; without control characters.
        entry: String,
        /// Why.
        refusal: Refusal,
    },
    /// An entry that was not believed is there no more, or says again what the node of that name is.
    Withdrawn {
        /// The file, or whatever named the entry.
        entry: String,
    },
}

/// Why there is nothing to be known of other nodes.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// No directory.
    #[error("there is no registry directory {}: make it (`mkdir -p -m 755 {}`), the same on every node", .0.display(), .0.display())]
    Missing(PathBuf),
    /// Something else than a directory.
    #[error("{} is no directory, or a symbolic link to one: name the directory itself as registry.directory", .0.display())]
    NotADirectory(PathBuf),
    /// Somebody else's.
    #[error("registry directory {} belongs to user {uid}, who could pretend to be any node: `chown root {}`", path.display(), path.display())]
    Owner {
        /// The directory.
        path: PathBuf,
        /// Its owner.
        uid: u32,
    },
    /// Open to others.
    #[error("registry directory {} may be written by others than its owner: `chmod go-w {}`", .0.display(), .0.display())]
    Writable(PathBuf),
    /// It was removed or renamed while it was watched.
    #[error("registry directory {} was removed or renamed: the nodes known stay; make it again and restart", .0.display())]
    Gone(PathBuf),
    /// The kernel does not let us.
    #[error("cannot {what} {}: {error}", path.display())]
    Io {
        /// What we were doing.
        what: &'static str,
        /// With what.
        path: PathBuf,
        /// What the kernel said.
        error: io::ErrorKind,
    },
}

#[cfg(test)]
mod tests;
