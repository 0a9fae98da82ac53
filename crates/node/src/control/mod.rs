//! Control: the one machine that decides for the whole node. It has the cluster, changes the configuration,
//! runs the commands that need either, and ends the process.
//!
//! It touches no file, socket or stripe: what it wants done outside comes out of `poll_file`, `poll_link`,
//! `poll_transmit` and `poll_action`.

mod actions;
mod bus;
mod jobs;
mod meetings;
mod settings;
pub use settings::{bus_port, cluster_settings};
mod shutdown;
mod state;

pub use actions::{Action, ActionId, Outcome};
pub use cluster::{DialError, FileOp, FileStep, LinkAction, LinkId, OpId, Transmit};
pub use meetings::{ADDRESSES_MAX, RESOLVE_TIME_MAX};
pub use state::State;

use crate::dispatch::Core;
use crate::mail::ControlMail;
use crate::samples::{QUIET_MEMORY_EVERY, RATES, SAMPLE_EVERY};
use crate::shared::Shared;
use base::{Mono, Now};
use cluster::Cluster;
use std::sync::Arc;

/// The control machine.
pub struct Control {
    core: Core,
    state: State,
    next_sample: Mono,
    /// The counters at the last sample.
    sampled: [u64; RATES],
    next_memory_sample: Mono,
    seen_generation: u64,
}

impl Control {
    /// Control of a node; `cluster` is its cluster machine, if it is part of one.
    pub fn new(shared: Arc<Shared>, cluster: Option<Cluster>, now: Now, seed: u64) -> Control {
        let index = shared.control_index();
        let mut control = Control {
            core: Core::new(index, shared, now, seed),
            state: State::new(cluster),
            next_sample: now.mono,
            sampled: [0; RATES],
            next_memory_sample: now.mono,
            seen_generation: 0,
        };
        control.settle(now);
        control
    }

    /// A letter from a worker.
    pub fn handle_mail(&mut self, mail: ControlMail, now: Now) {
        self.begin(now);
        match mail {
            ControlMail::Run(job) => self.run(*job),
            ControlMail::Publish(message) => self.publish(&message),
        }
        self.settle(now);
    }

    /// It is time for something; see [`Control::poll_timeout`].
    pub fn handle_timeout(&mut self, now: Now) {
        self.begin(now);
        if let Some(cluster) = &mut self.state.cluster {
            cluster.handle_timeout(now);
        }
        self.expire_resolving(now);
        if now.mono >= self.next_sample {
            self.next_sample = now.mono + SAMPLE_EVERY;
            self.sample(now);
        }
        self.settle(now);
    }

    /// When to call [`Control::handle_timeout`] next.
    pub fn poll_timeout(&self) -> Mono {
        let cluster = self.state.cluster.as_ref().and_then(Cluster::poll_timeout);
        cluster.map_or(self.next_sample, |at| at.min(self.next_sample))
    }

    /// Something that only the outside can do. Answer with [`Control::handle_outcome`].
    pub fn poll_action(&mut self) -> Option<Action> {
        self.state.actions.pop_front()
    }

    fn begin(&mut self, now: Now) {
        self.core.now = now;
        // Transactions that ran here: too rare to free what they removed bit by bit.
        self.core.effects.litter.clear();
        let generation = self.core.shared.generation.load(std::sync::atomic::Ordering::Acquire);
        if generation != self.seen_generation {
            self.seen_generation = generation;
            self.core.refresh();
        }
    }

    fn sample(&mut self, now: Now) {
        let shared = &self.core.shared;
        let values =
            [shared.total(|c| &c.commands), shared.total(|c| &c.net_input), shared.total(|c| &c.net_output)];
        // Reading the allocator is the dearest thing that an idle node does, and its memory hardly moves.
        let busy = values != self.sampled || now.mono >= self.next_memory_sample;
        let memory = busy.then(|| shared.outside.process.allocator().0);
        shared.samples.take(values, memory, now.mono);
        shared.outside.process.close_idle_links();
        self.sampled = values;
        if busy {
            self.next_memory_sample = now.mono + QUIET_MEMORY_EVERY;
        }
    }
}
