//! Saves: what is said when they succeed, and what happens when they do not.

use crate::conf::Step;
use crate::core::Core;
use crate::event::{Event, Level, SaveId};
use crate::news;
use crate::recorder::What;
use crate::report::nodes;
use crate::saver::{OpId, Progress};
use base::Mono;
use std::time::Duration;

/// Failed saves are complained about so often when they do not end the process.
const COMPLAINT_EVERY: Duration = Duration::from_secs(30);

/// What failed saves left to be done.
#[derive(Clone, Copy, Default)]
pub(crate) struct Complaints {
    last: Option<Mono>,
    retry: bool,
}

/// The pause after the first of a row of lazy saves; each is twice as long as the one before.
const LAZY_PAUSE_MIN: Duration = Duration::from_millis(100);
const LAZY_PAUSE_MAX: Duration = Duration::from_millis(3200);
/// What can wait does not wait for longer, newcomers or not.
const LAZY_PATIENCE: Duration = Duration::from_secs(2);

/// Something worth saving that can wait.
#[derive(Clone, Copy, Default)]
pub(crate) struct LazySave {
    wanted: Option<Mono>,
    not_before: Mono,
    pause: Duration,
}

impl LazySave {
    /// Something changed.
    pub fn want(&mut self, now: Mono) {
        self.wanted.get_or_insert(now);
    }
}

/// Saves what could wait until now; asked by the cron. A mesh that forms changes the file with each packet, so a save waits
/// until no newcomers appear, and for longer the more there were in a row.
pub(crate) fn lazily(core: &mut Core) {
    let now = core.now.mono;
    let quiet = news::is_quiet(core);
    let lazy = &mut core.lazy_save;
    if now < lazy.not_before {
        return;
    }
    let Some(since) = lazy.wanted else {
        if now > lazy.not_before + lazy.pause {
            lazy.pause = Duration::ZERO;
        }
        return;
    };
    if quiet || now.since(since) >= LAZY_PATIENCE {
        lazy.pause = (lazy.pause * 2).clamp(LAZY_PAUSE_MIN, LAZY_PAUSE_MAX);
        lazy.not_before = now + lazy.pause;
        core.want_save();
    }
}

/// Puts the present state on its way.
pub(crate) fn start(core: &mut Core) {
    core.lazy_save.wanted = None;
    let promises = core.promises();
    let state = nodes::saved(core);
    if let Err((save, why)) = core.saver.start(promises, state) {
        core.log(Level::Warning, why.to_string());
        failed(core, save, why.to_string());
    }
}

/// A step was done, or not.
pub(crate) fn stepped(core: &mut Core, op: OpId, result: Result<(), String>) {
    match core.saver.done(op, result) {
        Progress::Going => {}
        Progress::Saved(save) => {
            core.complaints.last = None;
            core.outbox.release(save, true);
            core.outbox.event(Event::Saved { save, result: Ok(()) });
        }
        Progress::Failed(save, step, why) => {
            // Once is enough: the next attempts would say the same.
            core.record(What::SaveFailed, None, [("reason", why.as_str().into())]);
            if core.complaints.last.is_none() {
                core.log(Level::Warning, words(&step, &why));
            }
            failed(core, save, why);
        }
        Progress::CopyFailed(step, why) => core.log(Level::Warning, words(&step, &why)),
    }
}

fn failed(core: &mut Core, save: SaveId, why: String) {
    core.outbox.event(Event::Saved { save, result: Err(why) });
    if !core.settings.save_best_effort {
        core.log(Level::Warning, "Fatal: can't update cluster config file.".to_string());
        core.outbox.event(Event::Exit);
        return;
    }
    let promises = core.promises();
    core.saver.go_on_without(promises);
    core.outbox.release(save, false);
    let now = core.now.mono;
    core.complaints.retry = true;
    if core.complaints.last.is_none_or(|at| now.since(at) >= COMPLAINT_EVERY) {
        core.complaints.last = Some(now);
        let text = "Cluster config updated even though writing the cluster config file to disk failed.";
        core.log(Level::Warning, text.to_string());
    }
}

/// Tries again what failed; asked once a second.
pub(crate) fn retry(core: &mut Core) {
    if std::mem::take(&mut core.complaints.retry) {
        core.want_save();
    }
}

fn words(step: &Step, why: &str) -> String {
    match step {
        Step::Write { .. } => format!("Could not open temp cluster config file: {why}"),
        Step::Fsync { .. } => format!("Could not sync tmp cluster config file: {why}"),
        Step::Rename { .. } => format!("Could not rename tmp cluster config file: {why}"),
        Step::SyncDir => format!("Could not sync cluster config file dir: {why}"),
    }
}
