//! Traffic between all nodes, as long as it is wanted.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, Scope};
use std::time::Duration;

use anyhow::Result;
use wgtrace_lab::{Lab, Place, http, ping};

/// What is said again and again, and what became of it.
#[derive(Debug)]
pub(super) struct Traffic {
    ways: Vec<Way>,
    over: AtomicBool,
}

/// From one place to an address.
#[derive(Debug)]
pub(super) struct Way {
    pub(super) name: String,
    from: String,
    what: What,
    sent: AtomicU64,
    answered: AtomicU64,
}

#[derive(Debug, Clone, Copy)]
enum What {
    Ping(Ipv4Addr),
    Get(SocketAddr),
}

impl Traffic {
    /// Between pods of both workers both ways, of the first node with both, and of a pod with the service: so every two
    /// nodes have a session that is in use.
    pub(super) fn on(lab: &Lab) -> Result<Self> {
        let pings = |from: &str, pod: &str| -> Result<Way> {
            let to = lab.pod(pod)?.address();
            Ok(Way::new(format!("{from} pings {pod}"), from, What::Ping(to)))
        };
        let service: SocketAddr = SERVICE.parse()?;
        let mut ways = vec![
            pings(NET, FAR)?,
            pings(FAR, NET)?,
            Way::new(format!("{NET} asks {service}"), NET, What::Get(service)),
        ];
        if let Some(first) = lab.nodes().first() {
            ways.extend([pings(first.name(), NET)?, pings(first.name(), FAR)?]);
        }
        Ok(Self { ways, over: AtomicBool::new(false) })
    }

    /// Has it flow on threads of a scope.
    pub(super) fn start<'scope>(
        &'scope self,
        scope: &'scope Scope<'scope, '_>,
        lab: &'scope Lab,
    ) -> Result<()> {
        for way in &self.ways {
            let place = lab.place(&way.from)?;
            scope.spawn(move || {
                if let Err(error) = way.flow(place, &self.over) {
                    eprintln!("soak: {}: {error:#}", way.name);
                }
            });
        }
        Ok(())
    }

    /// Ends it; the threads end within seconds.
    pub(super) fn stop(&self) {
        self.over.store(true, Ordering::Relaxed);
    }

    /// What became of each, in words, and how many of those that flowed least were answered.
    pub(super) fn told(&self) -> (Vec<String>, u64) {
        let count = |of: &AtomicU64| of.load(Ordering::Relaxed);
        let told = |way: &Way| format!("{}: {} of {}", way.name, count(&way.answered), count(&way.sent));
        let least = self.ways.iter().map(|way| count(&way.answered)).min();
        (self.ways.iter().map(told).collect(), least.unwrap_or_default())
    }
}

impl Way {
    fn new(name: String, from: &str, what: What) -> Self {
        Self { name, from: from.to_owned(), what, sent: AtomicU64::new(0), answered: AtomicU64::new(0) }
    }

    fn flow(&self, place: &Place, over: &AtomicBool) -> Result<()> {
        place.run(|| {
            while !over.load(Ordering::Relaxed) {
                self.sent.fetch_add(1, Ordering::Relaxed);
                // while a daemon is away there is no answer
                let is_answered = match self.what {
                    What::Ping(to) => ping(to, 1).is_ok_and(|report| report.is_whole()),
                    What::Get(at) => http::get(at).is_ok(),
                };
                self.answered.fetch_add(u64::from(is_answered), Ordering::Relaxed);
                thread::sleep(PAUSE);
            }
        })
    }
}

const NET: &str = "net";
const FAR: &str = "cni-7n2f9";
const SERVICE: &str = "10.96.142.173:80";
const PAUSE: Duration = Duration::from_millis(25);
