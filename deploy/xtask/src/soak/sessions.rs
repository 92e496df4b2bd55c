//! Rekeys, as daemons tell of their sessions.

use std::collections::BTreeMap;

use wgtrace_api::v1::Peer;

/// Processes of daemons, by node.
pub(super) type Daemons = BTreeMap<String, u32>;

/// Sessions that were seen last, and how often they were renewed.
#[derive(Debug, Clone, Default)]
pub(super) struct Sessions {
    last: BTreeMap<Ends, Last>,
    rekeys: BTreeMap<Ends, u64>,
}

/// Who tells, and of whom.
type Ends = (String, String);

#[derive(Debug, Clone, Copy)]
struct Last {
    index: u32,
    /// In nanoseconds.
    age: u64,
    processes: [u32; 2],
}

impl Sessions {
    /// Takes in what the daemon of a node says of its peers. A session is renewed when another one is in its place, it had
    /// its time, and at both ends the daemons are those that had it.
    pub(super) fn take(&mut self, node: &str, peers: &[Peer], daemons: &Daemons) {
        for peer in peers {
            let ends = (node.to_owned(), peer.node.clone());
            let processes = [node, &peer.node].map(|name| daemons.get(name).copied());
            let (Some(session), [Some(near), Some(far)]) = (&peer.session, processes) else {
                self.last.remove(&ends);
                continue;
            };
            let now = Last { index: session.local_index, age: session.age, processes: [near, far] };
            let before = self.last.insert(ends.clone(), now);
            let is_rekey = before.is_some_and(|before| {
                before.index != now.index && before.processes == now.processes && before.age >= LEAST
            });
            if is_rekey {
                *self.rekeys.entry(ends).or_default() += 1;
            }
        }
    }

    /// How often a session of these two was renewed, as the first has it.
    pub(super) fn rekeys(&self, node: &str, other: &str) -> u64 {
        self.rekeys.get(&(node.to_owned(), other.to_owned())).copied().unwrap_or_default()
    }
}

/// Whitepaper 6.2: `REKEY_AFTER_TIME` is 120 s; they are looked at once a second, or less often on a busy machine.
const LEAST: u64 = 110 * 1_000_000_000;

#[cfg(test)]
mod tests {
    use wgtrace_api::v1::Session;

    use super::*;

    fn peer(index: u32, age: u64) -> [Peer; 1] {
        let session = Session { local_index: index, age: age * 1_000_000_000, ..Session::default() };
        [Peer { node: "b".into(), session: Some(session), ..Peer::default() }]
    }

    fn daemons(a: u32, b: u32) -> Daemons {
        [("a".to_owned(), a), ("b".to_owned(), b)].into()
    }

    fn rekeys(told: &[([Peer; 1], Daemons)]) -> u64 {
        let mut sessions = Sessions::default();
        for (peers, daemons) in told {
            sessions.take("a", peers, daemons);
        }
        sessions.rekeys("a", "b")
    }

    #[test]
    fn another_session_after_its_time_between_the_same_daemons_is_a_rekey() {
        let same = daemons(1, 2);
        assert_eq!(rekeys(&[(peer(7, 119), same.clone()), (peer(8, 0), same.clone())]), 1);
        assert_eq!(rekeys(&[(peer(7, 119), same.clone()), (peer(7, 120), same.clone())]), 0);
        assert_eq!(rekeys(&[(peer(7, 20), same.clone()), (peer(8, 0), same.clone())]), 0);
        for other in [daemons(1, 3), daemons(4, 2)] {
            assert_eq!(rekeys(&[(peer(7, 119), same.clone()), (peer(8, 0), other)]), 0);
        }
        let none = [Peer { node: "b".into(), ..Peer::default() }];
        assert_eq!(rekeys(&[(peer(7, 119), same.clone()), (none, same.clone()), (peer(8, 0), same)]), 0);
    }
}
