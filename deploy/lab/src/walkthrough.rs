//! The walkthrough, replayed on a lab step by step: what the document says beside what is.
//!
//! ```text
//! table (each line of the document, and how the lab may differ from it)
//!   -> step (runs what the document runs, in a lab) -> compare -> Outcome -> report
//! ```
//!
//! [`table`], [`mask`], [`compare`] and [`report`] are pure; the steps read and talk.

pub mod compare;
pub mod inner;
pub mod mask;
mod neighbour;
pub mod opened;
pub mod outcome;
pub mod report;
mod routed;
mod run;
mod silence;
pub mod stage;
mod steps;
pub mod table;
mod traffic;
pub mod wire;
mod written;

pub use self::compare::Order;
pub use self::outcome::{Outcome, Verdict};
pub(crate) use self::run::chosen;
pub use self::run::{Args, run};
pub(crate) use self::silence::Silence;
pub use self::stage::Stage;
pub use self::steps::{STEPS, Step};
pub use self::table::{Table, TableError};
