//! Who the nodes of the cluster are.

mod name;

pub use self::name::{Name, NameError};
