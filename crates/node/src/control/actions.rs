//! What control asks of the outside, and what comes of it.

use super::Control;
use super::state::Acting;
use crate::config::{Config, Settings};
use crate::mail::WorkerMail;
use base::Now;
use std::sync::Arc;
use std::time::Duration;

/// Names an action whose end control waits for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ActionId(pub u64);

/// Something that only the outside can do. Those with an id end with [`Control::handle_outcome`], in any order.
pub enum Action {
    /// End the process with this code.
    Exit(i32),
    /// Do nothing at all for so long, heartbeats included: DEBUG SLEEP.
    Freeze(ActionId, Duration),
    /// Listen where the configuration says now.
    Listen(ActionId, Arc<Config>),
    /// Take over what concerns the log and the process.
    Apply(ActionId, Arc<Config>),
    /// Find the addresses of a host. Ends with [`Control::handle_resolved`].
    Resolve(ActionId, String),
    /// Rewrite the configuration file.
    Rewrite {
        /// To be answered.
        id: ActionId,
        /// From these values.
        settings: Box<Settings>,
        /// Also those at their defaults.
        force_all: bool,
    },
}

/// How an action ended; the error is for the client.
pub type Outcome = Result<(), String>;

impl Control {
    /// An action ended.
    pub fn handle_outcome(&mut self, id: ActionId, outcome: Outcome, now: Now) {
        self.begin(now);
        self.end_action(id, outcome);
        self.settle(now);
    }

    /// What the client that waits for `id` is told, if all else that it waits for has ended.
    pub(super) fn end_action(&mut self, id: ActionId, outcome: Outcome) {
        let Some(at) = self.state.acting.iter().position(|acting| acting.awaits.contains(&id)) else {
            return;
        };
        let acting = &mut self.state.acting[at];
        acting.awaits.retain(|awaited| *awaited != id);
        if let Err(error) = outcome {
            let undo = acting.undo.take();
            acting.error.get_or_insert(error);
            if let Some(before) = undo {
                self.restore(before);
            }
        }
        self.finish_acting(at);
    }

    /// Sends an answer if all actions that it waited for have ended.
    fn finish_acting(&mut self, at: usize) {
        if !self.state.acting[at].awaits.is_empty() {
            return;
        }
        let Acting { mut held, error, .. } = self.state.acting.swap_remove(at);
        if let Some(error) = error {
            held.done.reply.clear();
            resp::Reply::new(&mut held.done.reply, held.done.session.proto).error(&error);
            self.core.count_error(&held.done.reply);
        }
        self.deliver(held);
    }

    pub(super) fn deliver(&self, held: super::state::Held) {
        // Whoever acts next must find the answer's effects: the permit goes back first.
        drop(held.exclusive);
        self.core.shared.outside.post.to_worker(held.worker, WorkerMail::Done(Box::new(held.done)));
    }
}
