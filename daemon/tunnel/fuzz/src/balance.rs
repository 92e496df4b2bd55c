//! Counters before and after one call: nothing is lost that is not counted, and nothing counted twice.

use std::collections::BTreeMap;
use std::time::Instant;

use wgtrace_tunnel::{Device, DropCause, DropCounts, PeerId};

/// The counters of a device and of its peers.
pub struct Balance {
    own: DropCounts,
    peers: BTreeMap<PeerId, Account>,
}

/// What is known of a peer.
struct Account {
    drops: DropCounts,
    staged: u64,
    /// Copies of what was sent to it, while it is said to be gone.
    copies: Option<u64>,
}

/// What one call did, as seen from outside.
#[derive(Debug, Default)]
pub struct Deed {
    /// Why the call's input was refused.
    pub refused: Option<DropCause>,
    /// Inner packets taken.
    pub taken: u64,
    /// Inner packets sealed by the device and sent.
    pub sent: u64,
}

impl Balance {
    pub fn of(device: &Device, now: Instant) -> Self {
        let status = |id| device.status(now, id).expect("a peer of its own list");
        let peers = device.peers().map(|id| {
            let status = status(id);
            let number = |count| u64::try_from(count).expect("few");
            let (staged, copies) = (number(status.staged), status.copies.map(number));
            (id, Account { drops: status.drops, staged, copies })
        });
        Self { own: device.drops(), peers: peers.collect() }
    }

    /// Packets that wait in all.
    pub fn staged(&self) -> u64 {
        self.peers.values().map(|account| account.staged).sum()
    }

    /// Holds this against the state `after` a call; peers that came or went in between are left out.
    pub fn check(&self, after: &Self, deed: &Deed) {
        let mut raised: BTreeMap<DropCause, u64> = BTreeMap::new();
        let both = self.peers.iter().filter_map(|(id, before)| Some((before, after.peers.get(id)?)));
        let (mut had, mut has) = (deed.taken, deed.sent);
        let mut freed = None;
        for (before, now) in both {
            (had, has) = (had + before.staged, has + now.staged);
            raise(&mut raised, &before.drops, &now.drops);
            if let (Some(copies), None) = (before.copies, now.copies) {
                freed = Some(freed.unwrap_or(0) + copies);
            }
        }
        raise(&mut raised, &self.own, &after.own);
        if let Some(cause) = deed.refused {
            let count = raised.get_mut(&cause).unwrap_or_else(|| panic!("{cause:?} is not counted"));
            *count -= 1;
        }
        raised.retain(|_, count| *count > 0);
        // Sent once already: copies are counted when they are given up, and those that newer ones pushed out with the rest.
        assert!(
            raised.remove(&DropCause::PeerGone).is_none() || freed.is_some(),
            "{deed:?}: copies are still kept"
        );
        // What else was lost was packets that waited.
        assert!(raised.keys().all(|cause| OF_WAITING.contains(cause)), "{deed:?} raised {raised:?}");
        has += raised.values().sum::<u64>();
        // To a peer that is back all copies are sent again, or none.
        let again = had + freed.unwrap_or(0);
        assert!(
            has == had || has == again,
            "{deed:?}: waiting packets vanish, or double: {had}, {has}: {raised:?}"
        );
    }
}

fn raise(raised: &mut BTreeMap<DropCause, u64>, before: &DropCounts, after: &DropCounts) {
    for ((cause, before), (_, after)) in before.iter().zip(after.iter()) {
        let more = after.checked_sub(before).unwrap_or_else(|| panic!("{cause:?} falls"));
        if more > 0 {
            *raised.entry(cause).or_default() += more;
        }
    }
}

/// Why a packet that waits for a session can be lost.
const OF_WAITING: [DropCause; 4] = [
    DropCause::StagedOverflow,
    DropCause::NoHandshake,
    DropCause::SessionExpired,
    DropCause::CountersExhausted,
];
