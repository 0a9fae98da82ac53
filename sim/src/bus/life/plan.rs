//! What a life is made of, most of it chosen by its seed.

use crate::bus::world::Family;
use base::Rng;

/// What the caller decides.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Decides everything else.
    pub seed: u64,
    /// Nodes at the beginning; the seed chooses if there is none.
    pub nodes: Option<usize>,
    /// How long it lasts, as the simulated clocks count it: seconds.
    pub seconds: u64,
    /// `cluster-node-timeout`, milliseconds; the seed chooses if there is none.
    pub timeout_ms: Option<u64>,
    /// Whose programs run; the seed chooses if there is none.
    pub mix: Option<Mix>,
    /// Print every line of the trace as it happens.
    pub loud: bool,
}

/// Which families are in a cluster.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mix {
    /// Only ours.
    Ours,
    /// Ours, and models of one other family.
    With(Family),
    /// All four.
    All,
}

/// What the seed decides.
pub struct Choice {
    /// Nodes at the beginning.
    pub nodes: usize,
    /// Hosts that may join later.
    pub spares: usize,
    /// `cluster-node-timeout`, milliseconds.
    pub timeout_ms: u64,
    /// `cluster-require-full-coverage`.
    pub full_coverage: bool,
    /// `cluster-blacklist-ttl`, seconds.
    pub blacklist_s: u64,
    /// The families.
    pub mix: Mix,
}

impl Choice {
    /// Small clusters meet every kind of trouble soonest; now and then one is larger.
    pub fn new(plan: &Plan, rng: &mut Rng) -> Choice {
        let size = match rng.below(20) {
            0..=11 => 3 + rng.below(4),
            12..=16 => 7 + rng.below(4),
            17 | 18 => 11 + rng.below(10),
            _ => 21 + rng.below(15),
        };
        let mix = match rng.below(8) {
            0..=2 => Mix::Ours,
            3 => Mix::With(Family::Redis7),
            4 => Mix::With(Family::Redis8),
            5 | 6 => Mix::With(Family::Valkey9),
            _ => Mix::All,
        };
        let nodes = plan.nodes.unwrap_or(size as usize);
        // Large clusters have the long timeouts in life too; with short ones they would do nothing but ping.
        let timeouts: &[u64] = match nodes {
            0..=6 => &[1000, 2000, 5000, 15_000],
            7..=10 => &[2000, 5000, 15_000],
            _ => &[15_000],
        };
        let timeout_ms = timeouts[rng.below(timeouts.len() as u64) as usize];
        Choice {
            nodes,
            spares: 3,
            timeout_ms: plan.timeout_ms.unwrap_or(timeout_ms),
            full_coverage: rng.below(4) != 0,
            blacklist_s: [10, 30, 60][rng.below(3) as usize],
            mix: plan.mix.unwrap_or(mix),
        }
    }

    /// The program of the `n`th host. At least every second is ours.
    pub fn family(&self, n: usize, rng: &mut Rng) -> Family {
        let chance = n.is_multiple_of(2) || rng.one_in(3);
        match self.mix {
            _ if chance => Family::Ours,
            Mix::Ours => Family::Ours,
            Mix::With(family) => family,
            Mix::All => [Family::Redis7, Family::Redis8, Family::Valkey9][rng.below(3) as usize],
        }
    }
}
