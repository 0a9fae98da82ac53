//! What is gone from the node's cache of scripts, or from its libraries, goes from the interpreters too.

use super::Origin;
use super::drive::runs_for;
use super::runner::{Job, Left, Say};
use crate::dispatch::Core;
use crate::mail::WorkerMail;
use crate::shared::Shared;
use script::{Engine, Script};
use std::sync::Arc;

/// Scripts that made room for others, and are still compiled in an interpreter.
const EVICTED_KEPT_MAX: u64 = 256;

impl Core {
    /// Keeps a script for EVALSHA; the one that was there before wins.
    pub(crate) fn keep_script(&self, script: Arc<Script>, origin: Origin) -> Arc<Script> {
        let (script, gone) = self.shared.scripts.cache.insert(script, origin);
        self.counters().evicted_scripts.add(gone as u64);
        script
    }

    /// Scripts or libraries are gone: idle interpreters forget them, those of other machines soon. Those at work do when they
    /// begin the next script.
    pub(crate) fn tidy_everywhere(&mut self) {
        self.tidy();
        for worker in (0..self.shared.workers).filter(|worker| *worker != self.index) {
            self.shared.outside.post.to_worker(worker, WorkerMail::Tidy);
        }
    }

    /// Idle interpreters of this machine forget what is gone.
    pub(crate) fn tidy(&mut self) {
        let running = runs_for(self.now.mono);
        for idle in &mut self.troupe().idle {
            let runner = &mut idle.runner;
            let left = runner.resume(Say::Start(Job::Tidy, Arc::clone(&running)), u64::MAX, &mut |_| {});
            if let Left::End { reply, .. } = left {
                runner.reuse(reply);
            }
        }
    }
}

/// What an interpreter knows of what is gone.
pub(super) struct Tidied {
    flushes: u64,
    evictions: u64,
    libraries: u64,
}

impl Tidied {
    /// As of now.
    pub fn new(shared: &Shared) -> Tidied {
        let cache = &shared.scripts.cache;
        let libraries = shared.libraries.changes();
        Tidied { flushes: cache.flushes(), evictions: cache.evictions(), libraries }
    }

    /// Lets an interpreter forget what went since.
    pub fn catch_up(&mut self, shared: &Shared, engine: &Engine) {
        let (now, cache) = (Tidied::new(shared), &shared.scripts.cache);
        if now.libraries != self.libraries {
            engine.forget_libraries_but(&shared.libraries.load_full());
            self.libraries = now.libraries;
        }
        if now.flushes != self.flushes || now.evictions - self.evictions >= EVICTED_KEPT_MAX {
            engine.forget_scripts_but(|sha| cache.peek(sha).is_some());
            (self.flushes, self.evictions) = (now.flushes, now.evictions);
        }
    }
}
