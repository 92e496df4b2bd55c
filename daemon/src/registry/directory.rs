//! A directory with a file for each node, the same on every node.

mod read;
mod watch;
mod write;

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use self::watch::Watch;
use super::{Entry, Event, Policy, Registry, RegistryError, Roster};

/// A registry in a directory: `NAME.json` for each node, see [`Entry`].
///
/// The directory and its files have to be root's (or this process's user's) and nobody else's to write. Files that begin
/// with a dot are not looked at.
#[derive(Debug)]
pub struct Directory {
    path: PathBuf,
    roster: Roster,
    pending: VecDeque<Event>,
    /// A notice came, and what it was about has not been looked at yet.
    stale: bool,
    watch: Watch,
}

impl Directory {
    /// Watches a directory, and reads what is in it: [`roster`](Registry::roster) has the nodes of the moment, and
    /// refusals come as events.
    ///
    /// # Errors
    /// When it is not there, or others may write it.
    pub fn open(path: &Path, policy: Policy, own: Entry) -> Result<Self, RegistryError> {
        read::directory(path)?;
        // Before it is read: what comes meanwhile is heard of.
        let watch = Watch::over(path)?;
        let (roster, pending) = (Roster::new(policy, own), VecDeque::new());
        let mut directory = Self { path: path.into(), roster, pending, stale: true, watch };
        directory.scan()?;
        directory.pending.retain(|event| matches!(event, Event::Refused { .. }));
        Ok(directory)
    }

    /// Reads a directory once, without watching it.
    ///
    /// # Errors
    /// When it is not there, or others may write it.
    pub fn read(path: &Path, policy: Policy, own: Entry) -> Result<Roster, RegistryError> {
        let mut roster = Roster::new(policy, own);
        let (found, refused) = read::entries(path)?;
        roster.replace(found, refused);
        Ok(roster)
    }

    fn scan(&mut self) -> Result<(), RegistryError> {
        let (found, refused) = read::entries(&self.path)?;
        self.pending.extend(self.roster.replace(found, refused));
        self.stale = false;
        Ok(())
    }
}

impl Registry for Directory {
    fn roster(&self) -> &Roster {
        &self.roster
    }

    async fn next(&mut self) -> Result<Event, RegistryError> {
        loop {
            if let Some(event) = self.pending.pop_front() {
                return Ok(event);
            }
            if !self.stale {
                self.watch.changed().await?;
                self.stale = true;
            }
            // Which files the notices were about does not matter: some may be lost, and entries depend on each other.
            self.scan()?;
        }
    }

    fn publish(&mut self, own: Entry) -> Result<(), RegistryError> {
        write::entry(&self.path, &own)?;
        self.roster.set_own(own);
        self.scan()
    }
}
