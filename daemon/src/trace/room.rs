//! One network namespace that is traced: its links, and the programs on them.

use std::collections::BTreeMap;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context as _, Result};
use wgtrace_abi::hook::Attachment;
use wgtrace_abi::{Hook, HookCounters};

use super::names::Naming;
use super::reader::Shared;
use crate::filter::Filters;
use crate::netns::Netns;
use crate::probe::instance::Instance;
use crate::probe::links::{Link, LinkEvent};
use crate::probe::ring::Rings;
use crate::probe::role::{Role, Selection};
use crate::probe::{Interface, ProbeError};

/// What is wanted of every namespace.
pub(super) struct Wishes {
    /// Which interfaces.
    pub(super) selection: Selection,
    /// Which hooks of them.
    pub(super) hooks: Vec<Hook>,
    /// Which packets.
    pub(super) filters: Filters,
    /// How much of each.
    pub(super) snaplen: u16,
    /// One of how many.
    pub(super) sampling: u32,
}

/// A namespace with our programs in it.
pub(super) struct Room {
    netns: Netns,
    wishes: Arc<Wishes>,
    instance: Shared,
    news: Sender<Naming>,
    /// What is attached, by index.
    traced: BTreeMap<u32, Role>,
}

impl Room {
    /// Loads programs for the namespace; nothing is attached yet, and no gate is open.
    pub(super) fn load(
        netns: Netns,
        wishes: Arc<Wishes>,
        rings: &Rings,
        news: Sender<Naming>,
    ) -> Result<Self> {
        let mut instance = Instance::load(netns.inode()).context("cannot load the programs")?;
        instance.connect(rings).context("cannot connect the rings")?;
        for hook in &wishes.hooks {
            instance.set_filter(*hook, wishes.filters.of(*hook)).context("cannot set the filter")?;
        }
        Ok(Self { netns, wishes, instance: Arc::new(Mutex::new(instance)), news, traced: BTreeMap::new() })
    }

    /// The namespace.
    pub(super) fn netns(&self) -> &Netns {
        &self.netns
    }

    /// The programs, for who reads their events.
    pub(super) fn instance(&self) -> Shared {
        Arc::clone(&self.instance)
    }

    /// How many interfaces are traced.
    pub(super) fn traced(&self) -> usize {
        self.traced.len()
    }

    /// Has the kernel verify the programs of interfaces that may appear: that can take a second each, and an
    /// interface is to be traced as soon as it is there.
    pub(super) fn prepare(&self) -> Result<()> {
        let mut instance = self.lock();
        for hook in self.wishes.selection.expected().flat_map(Role::hooks) {
            if self.wishes.hooks.contains(&hook) {
                instance.verify(hook).context("cannot load the programs")?;
            }
        }
        Ok(())
    }

    /// Lets events come.
    pub(super) fn open(&self) -> Result<()> {
        let mut instance = self.lock();
        for hook in &self.wishes.hooks {
            instance
                .open_gate(*hook, self.wishes.snaplen, self.wishes.sampling)
                .with_context(|| format!("cannot ask for events of {}", hook.name()))?;
        }
        Ok(())
    }

    /// Lets no more events come: what is in the rings when this returns is all there is.
    pub(super) fn close(&self) -> Result<()> {
        Ok(self.lock().close_gates()?)
    }

    /// What the programs counted.
    pub(super) fn counters(&self) -> Result<Vec<(u32, Hook, HookCounters)>> {
        self.lock().counters().context("cannot read the counters")
    }

    /// Does what a link's fate asks for; trouble with one link is no trouble for the others.
    pub(super) fn follow(&mut self, event: &LinkEvent) {
        let result = match event {
            LinkEvent::Appeared(link) | LinkEvent::Changed { now: link, .. } => self.consider(link),
            LinkEvent::Vanished(link) => self.forget(link),
        };
        if let Err(error) = result {
            let netns = self.netns.name();
            tracing::warn!(netns, "{error:#}");
        }
    }

    /// Traces a link if it is wanted, as what it is wanted, and no longer if it is not.
    ///
    /// # Errors
    /// When programs cannot be attached, for any reason but that the link is gone.
    pub(super) fn consider(&mut self, link: &Link) -> Result<()> {
        let naming = Naming { netns: self.netns.inode(), ifindex: link.index, name: link.name.clone() };
        // the reader ends after everybody else
        let _ = self.news.send(naming);
        let role = self.wishes.selection.role(link);
        if self.traced.get(&link.index).copied() == role {
            return Ok(());
        }
        if self.traced.contains_key(&link.index) {
            self.forget(link)?;
        }
        let Some(role) = role else { return Ok(()) };
        tracing::info!(netns = self.netns.name(), link = link.name, role = role.name(), "tracing");
        match self.attach(link, role) {
            Ok(()) => {
                self.traced.insert(link.index, role);
                Ok(())
            }
            Err(ProbeError::Gone(_)) => Ok(()),
            Err(error) => {
                // half of a role would be a trace with holes in it
                self.lock().detach(link.index)?;
                Err(error).with_context(|| {
                    format!("cannot trace {} in network namespace {}", link.name, self.netns.name())
                })
            }
        }
    }

    fn attach(&self, link: &Link, role: Role) -> Result<(), ProbeError> {
        let interface = Interface { name: link.name.clone(), index: link.index };
        let wanted = |hook: &Hook| self.wishes.hooks.contains(hook);
        self.netns.within(|| {
            let mut instance = self.lock();
            instance.set_l3(link.index, link.is_l3())?;
            for hook in role.hooks().into_iter().filter(wanted) {
                let attached = instance.attach(&interface, hook)?;
                tracing::debug!(link = link.name, hook = hook.name(), ?attached, "attached");
            }
            if self.wishes.hooks.iter().any(|hook| hook.attachment() == Attachment::Socket) {
                instance.tap(&interface)?;
            }
            Ok(())
        })?
    }

    fn forget(&mut self, link: &Link) -> Result<()> {
        if self.traced.remove(&link.index).is_some() {
            tracing::info!(netns = self.netns.name(), link = link.name, "no longer tracing");
            let (netns, instance) = (&self.netns, &self.instance);
            netns
                .within(|| lock(instance).detach(link.index))?
                .with_context(|| format!("cannot detach from {}", link.name))?;
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Instance> {
        lock(&self.instance)
    }
}

/// A panic elsewhere leaves the instance as usable as it was.
fn lock(instance: &Shared) -> MutexGuard<'_, Instance> {
    instance.lock().unwrap_or_else(PoisonError::into_inner)
}
