//! More than there is room for.

use std::time::{Duration, Instant};

use wgtrace_api::v1::{DropsRequest, LedgerRequest};

use super::world::World;

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn totals_are_told_five_times_a_second_at_most() {
    let world = World::new("");
    let drops = world.runtime.block_on(world.client().drops(DropsRequest { interval: 1 })).unwrap();
    let ledger = world.runtime.block_on(world.client().ledger(LedgerRequest { interval: 1 })).unwrap();
    let (mut drops, mut ledger) = (drops.into_inner(), ledger.into_inner());
    for _ in 0..2 {
        // the first comes at once
        let (_, _) = (world.next(&mut drops), world.next(&mut ledger));
        let start = Instant::now();
        for _ in 0..5 {
            let (_, _) = (world.next(&mut drops), world.next(&mut ledger));
        }
        assert!(start.elapsed() > Duration::from_millis(850), "{:?}", start.elapsed());
    }
}
