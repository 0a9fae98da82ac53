//! What a node asks of the outside, answered with nothing.

use node::mail::{ControlMail, Post, WorkerMail};
use node::shared::{Level, Log, Outside, Process};
use std::sync::Arc;

/// An outside in which nothing happens.
pub fn nothing() -> Outside {
    Outside { post: Arc::new(Nothing), log: Arc::new(Nothing), process: Arc::new(Nothing), journal: None }
}

struct Nothing;

impl Post for Nothing {
    fn to_worker(&self, _worker: usize, _mail: WorkerMail) {}
    fn to_control(&self, _mail: ControlMail) {}
}

impl Log for Nothing {
    fn log(&self, _level: Level, _text: &str) {}
}

impl Process for Nothing {
    fn pid(&self) -> u32 {
        1
    }
    fn allocator(&self) -> (u64, u64, u64) {
        (0, 0, 0)
    }
    fn resident(&self) -> u64 {
        0
    }
    fn total_memory(&self) -> u64 {
        0
    }
    fn cpu(&self) -> (u64, u64) {
        (0, 0)
    }
    fn executable(&self) -> String {
        String::new()
    }
    fn config_file(&self) -> String {
        String::new()
    }
    fn os(&self) -> String {
        String::new()
    }
    fn raise_clients(&self, wanted: u32) -> u32 {
        wanted
    }
    fn ticks_ns(&self) -> u64 {
        0
    }
}
