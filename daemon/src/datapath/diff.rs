//! The difference between what there is and what there is to be.

mod draft;
mod links;
mod routes;

use self::draft::Draft;
use super::change::Change;
use super::desired::Desired;
use super::finding::Finding;
use super::observed::Observed;

/// The steps from one to the other, and what is off beyond them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Difference {
    /// Steps, in an order in which nothing is ever sent in clear that was not before.
    ///
    /// First what makes marked packets unreachable where no tunnel is, then the rule that leads them there; then
    /// devices, addresses and routes; then forwarding; and only then is anything removed.
    pub changes: Vec<Change>,
    /// What somebody else has to mend.
    pub findings: Vec<Finding>,
}

impl Difference {
    /// Compares. Without a difference there is nothing to do and nothing off.
    pub fn between(desired: &Desired, observed: &Observed) -> Self {
        let mut draft = Draft::new(desired, observed);
        draft.links();
        draft.node();
        draft.sysctls();
        draft.addresses();
        draft.routes();
        draft.rules();
        draft.finish()
    }

    /// Whether all is as it is to be.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.findings.is_empty()
    }
}
