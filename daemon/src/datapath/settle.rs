use thiserror::Error;

use super::change::Change;
use super::desired::Desired;
use super::diff::Difference;
use super::finding::Finding;
use super::kernel::{Kernel, KernelError};

/// What was done, and what remains.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settled {
    /// The steps that were done, in order.
    pub applied: Vec<Change>,
    /// What is still off and not ours to mend.
    pub findings: Vec<Finding>,
}

/// Makes what there is what there is to be, and looks again until it is so.
///
/// # Errors
/// When the kernel does not answer, refuses a step (those behind it are not done: their order is what keeps packets from
/// leaving in clear), or something else undoes what was done.
pub async fn settle(kernel: &Kernel, desired: &Desired) -> Result<Settled, SettleError> {
    let mut settled = Settled::default();
    for _ in 0..ROUNDS {
        let observed = kernel.observe(desired).await?;
        let Difference { changes, findings } = Difference::between(desired, &observed);
        settled.findings = findings;
        if changes.is_empty() {
            return Ok(settled);
        }
        for change in changes {
            if let Err(error) = kernel.apply(&change).await {
                return Err(SettleError::Refused { error, settled });
            }
            tracing::debug!(%change, "applied");
            settled.applied.push(change);
        }
    }
    let observed = kernel.observe(desired).await?;
    let Difference { changes, findings } = Difference::between(desired, &observed);
    settled.findings = findings;
    match changes.into_iter().next() {
        None => Ok(settled),
        Some(change) => Err(SettleError::Restless { change: Box::new(change), settled }),
    }
}

/// Why the network is not as it is to be.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SettleError {
    /// Nothing is known.
    #[error(transparent)]
    Kernel(#[from] KernelError),
    /// A step could not be done.
    #[error("{error}")]
    Refused {
        /// The step and why.
        error: KernelError,
        /// What was done before.
        settled: Settled,
    },
    /// A step was done, and is to be done again.
    #[error(
        "`{change}` does not last: something else changes the network here; find out what, and stop one of the two"
    )]
    Restless {
        /// The step.
        change: Box<Change>,
        /// What was done before.
        settled: Settled,
    },
}

impl SettleError {
    /// The steps that were done in spite of it.
    pub fn applied(&self) -> &[Change] {
        match self {
            Self::Kernel(_) => &[],
            Self::Refused { settled, .. } | Self::Restless { settled, .. } => &settled.applied,
        }
    }
}

/// A step may bring another to light, such as a route that hid behind another.
const ROUNDS: usize = 3;
