//! The plan of a new cluster: who serves which slots, with which first epoch.

use base::{SLOTS, Slot};

use crate::address::NodeAddr;
use crate::error::Error;

/// Nodes of one new cluster. Gossip and the agreement that is waited for grow with their square.
pub const PRIMARIES_MAX: usize = 1000;

/// A new cluster of primaries.
#[derive(Clone, PartialEq, Debug)]
pub struct CreatePlan {
    /// The first is the one that all others meet.
    pub primaries: Vec<PlannedPrimary>,
}

/// One node of the plan.
#[derive(Clone, PartialEq, Debug)]
pub struct PlannedPrimary {
    /// Where it is.
    pub addr: NodeAddr,
    /// Its first config epoch. All differ, so that no slot is ever claimed twice in one epoch.
    pub epoch: u64,
    /// The first slot that it serves.
    pub first: Slot,
    /// The last.
    pub last: Slot,
}

impl CreatePlan {
    /// All slots in even, adjoining ranges, in the order of `addrs`, with the borders that `redis-cli` draws.
    pub fn even(addrs: Vec<NodeAddr>) -> Result<CreatePlan, Error> {
        if !(1..=PRIMARIES_MAX).contains(&addrs.len()) {
            return Err(Error::Usage(format!(
                "a cluster has 1 to {PRIMARIES_MAX} primaries, not {}",
                addrs.len()
            )));
        }
        let mut distinct: Vec<&NodeAddr> = addrs.iter().collect();
        distinct.sort();
        if let Some(twice) = distinct.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(Error::Usage(format!("{} is given twice", twice[0])));
        }
        let count = addrs.len();
        let primaries = addrs.into_iter().enumerate().map(|(index, addr)| PlannedPrimary {
            addr,
            epoch: index as u64 + 1,
            first: border(index, count),
            last: before(border(index + 1, count)),
        });
        Ok(CreatePlan { primaries: primaries.collect() })
    }
}

/// Where the share of node `index` begins: 16384 × index / count, rounded half up.
fn border(index: usize, count: usize) -> Slot {
    let border = (2 * SLOTS * index + count) / (2 * count);
    Slot::from_low_bits(border as u64)
}

/// Slots are a ring here: the last border is 16384, which is slot 0.
fn before(slot: Slot) -> Slot {
    Slot::from_low_bits((slot.index() + SLOTS - 1) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(count: u16) -> CreatePlan {
        CreatePlan::even((0..count).map(|n| NodeAddr::new("h", 7000 + n)).collect()).unwrap()
    }

    fn check(count: u16, expect: &str) {
        let ranges: Vec<String> =
            plan(count).primaries.iter().map(|node| format!("{}-{}", node.first, node.last)).collect();
        assert_eq!(ranges.join(" "), expect);
    }

    #[test]
    fn slots_are_shared_out_as_redis_cli_does() {
        check(1, "0-16383");
        check(2, "0-8191 8192-16383");
        check(3, "0-5460 5461-10922 10923-16383");
        check(4, "0-4095 4096-8191 8192-12287 12288-16383");
        check(5, "0-3276 3277-6553 6554-9829 9830-13106 13107-16383");
        check(6, "0-2730 2731-5460 5461-8191 8192-10922 10923-13652 13653-16383");
    }

    #[test]
    fn every_slot_has_one_owner_and_every_node_its_own_epoch() {
        for count in 1..=300 {
            let mut next = 0;
            for (index, node) in plan(count).primaries.iter().enumerate() {
                assert_eq!(node.epoch, index as u64 + 1);
                assert_eq!(node.first.index(), next);
                assert!(node.last >= node.first);
                next = node.last.index() + 1;
            }
            assert_eq!(next, SLOTS);
        }
    }

    #[test]
    fn impossible_plans_are_refused() {
        assert!(CreatePlan::even(vec![]).is_err());
        let twice =
            CreatePlan::even(vec![NodeAddr::new("h", 1), NodeAddr::new("i", 1), NodeAddr::new("h", 1)]);
        assert_eq!(twice.unwrap_err().to_string(), "h:1 is given twice");
    }
}
