//! What is left of labs.

use std::path::Path;

use wgtrace_lab::Lab;
use wgtrace_lab::remains;
use wgtrace_testbed::within;

/// Everything by which labs can be seen from outside.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Remains(remains::Remains);

/// A lab's namespaces.
pub(crate) struct Namespaces(remains::Namespaces);

impl Remains {
    /// Of the labs below a directory.
    pub(crate) fn of(directory: &Path) -> Self {
        Self(remains::Remains::of(directory).unwrap())
    }

    /// Waits until there is no more than before.
    pub(crate) fn wait_for(&self, directory: &Path) {
        within(&format!("nothing more than {self:?}"), || {
            Self::of(directory).0.beyond(&self.0).is_empty().then_some(())
        });
    }

    /// Whether it sees the processes of a lab.
    pub(crate) fn sees_processes(&self) -> bool {
        self.0.processes.len() >= 4
    }
}

impl Namespaces {
    /// Those of a lab that runs.
    pub(crate) fn of(lab: &Lab) -> Self {
        Self(remains::Namespaces::of(lab).unwrap())
    }

    /// How many processes use them.
    pub(crate) fn users(&self) -> usize {
        self.0.users().unwrap().len()
    }

    /// Waits until there are none.
    pub(crate) fn wait_unused(&self) {
        within("nobody uses the lab's namespaces", || self.0.users().unwrap().is_empty().then_some(()));
    }
}
