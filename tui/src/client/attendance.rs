//! Who is there, for a command that goes on while daemons come and go.

use std::collections::BTreeSet;

use anyhow::{Result, bail, ensure};
use wgtrace_api::v1::Told;
use wgtrace_api::v1::told::What;

use crate::io;

/// Tells a person who came and went, and knows when it is no use to go on.
#[derive(Debug)]
pub(crate) struct Attendance {
    servers: usize,
    /// What the command cannot do without.
    stream: &'static str,
    present: BTreeSet<String>,
    gone: BTreeSet<String>,
    refused: BTreeSet<String>,
}

impl Attendance {
    /// Nobody came yet.
    pub(crate) fn new(servers: usize, stream: &'static str) -> Self {
        let (present, gone, refused) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        Self { servers, stream, present, gone, refused }
    }

    /// Notes what is about coming and going.
    ///
    /// # Errors
    /// When no daemon ever came, or every one refuses what the command is about.
    pub(crate) fn note(&mut self, told: &Told) -> Result<()> {
        match &told.what {
            Some(What::Hello(_)) => {
                if self.gone.remove(&told.from) {
                    io::say(format_args!("{}: connected again", told.from));
                }
                self.present.insert(told.from.clone());
            }
            Some(What::Gone(reason)) => {
                io::say(reason);
                self.gone.insert(told.from.clone());
                ensure!(
                    !self.present.is_empty() || self.gone.len() < self.servers,
                    "nobody to ask: {}",
                    if self.servers == 1 { "the daemon is not there" } else { "no daemon is there" }
                );
            }
            Some(What::Refused(refused)) => {
                io::say(format_args!("{}: no {}: {}", told.from, refused.stream, refused.reason));
                if refused.stream == self.stream {
                    self.refused.insert(told.from.clone());
                }
                if self.refused.len() == self.servers {
                    bail!("nothing to show: {} are refused", self.stream);
                }
            }
            Some(
                What::Flows(_)
                | What::Packets(_)
                | What::Drops(_)
                | What::Session(_)
                | What::Ledger(_)
                | What::Peers(_)
                | What::Interfaces(_)
                | What::Nodes(_)
                | What::Status(_),
            )
            | None => {}
        }
        Ok(())
    }

    /// How many daemons can still say what the command is about.
    pub(crate) fn speaking(&self) -> usize {
        self.present.iter().filter(|node| !self.gone.contains(*node) && !self.refused.contains(*node)).count()
    }

    /// Whether every daemon came, or said why it does not.
    pub(crate) fn is_complete(&self) -> bool {
        let absent = self.gone.iter().filter(|from| !self.present.contains(*from)).count();
        self.present.len().saturating_add(absent) >= self.servers
    }
}
