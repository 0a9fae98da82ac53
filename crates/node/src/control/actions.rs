//! What control asks of the outside, and what comes of it.

use super::Control;
use crate::config::{Config, Settings};
use crate::mail::WorkerMail;
use base::Now;
use std::sync::Arc;
use std::time::Duration;

/// Something that only the outside can do. Those marked (answered) end with [`Control::handle_outcome`].
pub enum Action {
    /// End the process with this code.
    Exit(i32),
    /// Do nothing at all for so long, heartbeats included: DEBUG SLEEP (answered).
    Freeze(Duration),
    /// Listen where the configuration says now (answered).
    Listen(Arc<Config>),
    /// Take over what concerns the log and the process.
    Apply(Arc<Config>),
    /// Rewrite the configuration file from these values (answered).
    Rewrite(Box<Settings>),
}

/// How an action ended; the error is for the client.
pub type Outcome = Result<(), String>;

impl Control {
    /// An action ended.
    pub fn handle_outcome(&mut self, outcome: Outcome, now: Now) {
        self.begin(now);
        if let Some((mut held, undo)) = self.state.acting.take() {
            if let Err(error) = outcome {
                if let Some(before) = undo {
                    self.restore(before);
                }
                held.done.reply.clear();
                resp::Reply::new(&mut held.done.reply, held.done.session.proto).error(&error);
                self.core.count_error(&held.done.reply);
            }
            self.deliver(held);
        }
        self.settle(now);
    }

    pub(super) fn deliver(&self, held: super::state::Held) {
        // Whoever acts next must find the answer's effects: the permit goes back first.
        drop(held.exclusive);
        self.core.shared.outside.post.to_worker(held.worker, WorkerMail::Done(Box::new(held.done)));
    }
}
