//! From step to step.

use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use rustix::termios::tcgetwinsize;

use super::keyboard::{Wish, forget, wish};
use super::page::{Page, Paper};
use super::words::AllWords;
use crate::Lab;
use crate::home::Home;
use crate::walkthrough::report::{exit_code, summary};
use crate::walkthrough::{Silence, Stage, Step, Table};

/// Who leads, through which steps.
#[derive(Debug)]
pub(super) struct Guide {
    pub(super) home: Home,
    pub(super) steps: Vec<&'static Step>,
    /// Whether somebody is there who says when to go on.
    pub(super) is_waiting: bool,
}

impl Guide {
    /// Leads; how it ended. Nobody has to listen to the end.
    pub(super) fn lead(&self, out: &mut impl Write) -> Result<ExitCode> {
        let led = self.through(out);
        let is_alone = |error: &anyhow::Error| {
            error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
        };
        if led.as_ref().is_err_and(is_alone) { Ok(ExitCode::SUCCESS) } else { led }
    }

    fn through(&self, out: &mut impl Write) -> Result<ExitCode> {
        let lab = Lab::attach_to(&self.home)?;
        let _silence = Silence::of(&lab)?;
        let stage = Stage::on(&lab);
        let table = Table::committed().context("the committed table")?;
        let words = AllWords::committed()?;
        self.welcome(out)?;
        let mut outcomes = Vec::new();
        for (number, step) in (1..).zip(&self.steps) {
            if self.asks(out, &format!("step {number} of {}: {}", self.steps.len(), step.name))? == Wish::Quit
            {
                writeln!(out, "the tour ends here, before step {number} of {}", self.steps.len())?;
                return Ok(ExitCode::SUCCESS);
            }
            let outcome = step.run(&stage, &table);
            let number = (number, self.steps.len());
            let page = Page { number, words: words.of(step.name)?, outcome: &outcome };
            write!(out, "{}", page.on(self.paper()))?;
            out.flush()?;
            outcomes.push(outcome);
        }
        writeln!(out, "{}", summary(&outcomes).replacen("walkthrough", "tour", 1))?;
        Ok(ExitCode::from(exit_code(&outcomes)))
    }

    fn welcome(&self, out: &mut impl Write) -> Result<()> {
        let mut text = String::new();
        for paragraph in WELCOME {
            self.paper().hang(&mut text, "", paragraph);
            text.push('\n');
        }
        write!(out, "{text}")?;
        Ok(())
    }

    /// What the learner wants, with the next thing in view.
    fn asks(&self, out: &mut impl Write, next: &str) -> Result<Wish> {
        if !self.is_waiting {
            return Ok(Wish::Next);
        }
        // what was pressed before it is asked for; what comes with the question in view counts
        forget()?;
        write!(out, "-- Enter: {next} -- q: end --")?;
        out.flush()?;
        let wish = wish()?;
        // nothing of the question stays
        write!(out, "\r\x1b[K")?;
        Ok(wish)
    }

    /// As it is now: windows change.
    fn paper(&self) -> Paper {
        let size = tcgetwinsize(io::stdout()).ok().filter(|size| size.ws_col > 0);
        let width = size.map_or(USUAL, |size| usize::from(size.ws_col));
        Paper { width, bold: self.is_waiting && std::env::var_os("NO_COLOR").is_none() }
    }
}

/// Columns, where nobody says how many there are.
const USUAL: usize = 80;
const WELCOME: [&str; 4] = [
    "This tour follows a document: somebody looked at a Kubernetes cluster whose nodes encrypt with WireGuard what pods \
     say to pods on other nodes (Cilium 1.13, native routing, kube-proxy). It uses a cluster of the same names and \
     addresses on this machine, in namespaces.",
    "Two nodes have pods: cilium-wireguard-worker (172.18.0.3) has `net` (10.0.1.203), which asks, and cni-vk8fx \
     (10.0.1.54); cilium-wireguard-worker2 (172.18.0.4) has cni-7n2f9 (10.0.2.194). The latter two are web servers \
     behind one service. The question throughout: on what way does a packet leave, and where can it be read?",
    "Each step runs what the document ran, and prints what it printed beside what is here: = equal, ~ equal but for what \
     is another one each time (numbers, times, keys), * other on purpose, with the reason. Then: what to look at, and \
     why it is so.",
    "Commands are those of the document. To try them yourself: `wgtrace lab up`, then `wgtrace lab exec net` or `wgtrace \
     lab exec cilium-wireguard-worker` for a shell there.",
];
