//! From chunks of a capture to inner packets, in three steps that a program may spread over threads.
//!
//! [`Front`] goes first and in order: it reads, dissects, learns handshakes, and says for every
//! message which keys may open it. [`Batch::open`] does the work, needs nobody else and may run on
//! any thread. [`Report`] takes the opened batches in order again and counts. Before it, also in
//! order, [`Nest`] opens the tunnels inside tunnels, of which there are few.
//!
//! Handshakes anywhere in the capture count: the first message that nothing opens makes [`Front`]
//! read the whole capture once for handshakes and secrets, and only then go on.

mod batch;
mod encode;
mod front;
mod inner;
mod nest;
mod open;
mod report;
mod split;
mod track;

pub use self::batch::{Batch, Event, Failure, Job, Outcome, Slot};
pub use self::encode::{Encoder, Format};
pub use self::front::{Counts, Front, Reopen};
pub use self::nest::{MAX_DEPTH, Nest, NestCounts};
pub use self::open::Late;
pub use self::report::{DirectionReport, FailureGroup, Ledger, Report, SessionReport, Tally, Totals};
pub use self::track::CounterTrack;
