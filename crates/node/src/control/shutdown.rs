//! The end of the process.

use super::{Action, Control};
use crate::shared::Level;
use base::Now;

/// A shutdown on its way: what it still waits for.
pub struct Exit {
    code: i32,
    save: Option<cluster::SaveId>,
    /// A signal asked for it: it begins with the next round of background work, and can be taken back until then.
    by_signal: bool,
}

impl super::State {
    /// Begins to end the process; the cluster's configuration is saved first.
    pub fn shut_down(&mut self, by_signal: bool, now: Now) {
        let save = self.cluster.as_mut().map(|cluster| cluster.save_config(now));
        self.exit = Some(Exit { code: 0, save, by_signal });
    }

    /// Whether the process is about to end.
    pub fn is_shutting_down(&self) -> bool {
        self.exit.is_some()
    }

    /// Takes back a shutdown that a signal asked for. False if there is none, or if it is too late.
    pub fn abort_shutdown(&mut self) -> bool {
        let too_late = self.actions.iter().any(|action| matches!(action, Action::Exit(_)));
        !too_late && self.exit.take_if(|exit| exit.by_signal).is_some()
    }
}

impl Control {
    /// SIGTERM or SIGINT arrived. A SIGINT during a shutdown is somebody at a terminal who will not wait; service managers
    /// may well send SIGTERM twice.
    pub fn handle_signal(&mut self, name: &str, now: Now) {
        self.begin(now);
        let shared = &self.core.shared;
        let begun = self.state.is_shutting_down();
        if begun && name == "SIGINT" {
            shared.log(Level::Warning, "You insist... exiting now.");
            self.exit_at_once(1);
            return;
        }
        shared.log(Level::Warning, &format!("Received {name} scheduling shutdown..."));
        if !begun {
            self.state.shut_down(true, now);
        }
        self.settle(now);
    }

    pub(super) fn exit_at_once(&mut self, code: i32) {
        self.state.actions.push_back(Action::Exit(code));
    }

    /// Ends the process once all is saved.
    pub(super) fn settle_exit(&mut self, _now: Now) {
        let Some(exit) = &self.state.exit else { return };
        if exit.by_signal && self.core.shared.switches.cron_paused() {
            return;
        }
        let unsaved = self.state.cluster.as_ref().and_then(cluster::Cluster::unsaved);
        if exit.save.is_some() && unsaved.is_some() {
            return;
        }
        let code = exit.code;
        if !self.state.actions.iter().any(|a| matches!(a, Action::Exit(_))) {
            self.core.shared.log(Level::Notice, "User requested shutdown...");
            self.core.shared.log(Level::Warning, "Handfast is now ready to exit, bye bye...");
            self.exit_at_once(code);
        }
    }
}
