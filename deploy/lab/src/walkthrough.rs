//! The walkthrough, replayed on a lab step by step: what the document says beside what is.
//!
//! ```text
//! table (each line of the document, and how the lab may differ from it)
//!   -> step (runs what the document runs, in a lab) -> compare -> Outcome -> report
//! ```
//!
//! [`table`], [`mask`], [`compare`] and [`report`] are pure; the steps read and talk.

pub mod compare;
pub mod mask;
pub mod outcome;
pub mod report;
pub mod table;

pub use self::compare::Order;
pub use self::outcome::{Outcome, Verdict};
pub use self::table::{Table, TableError};
