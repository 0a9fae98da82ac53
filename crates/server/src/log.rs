//! Log lines in Redis's form, to standard output or appended to a file that is opened for each line, so
//! that rotating it needs no signal.

use crate::sys;
use node::shared::{Level, Log};
use std::fs::OpenOptions;
use std::io::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};
use std::time::{SystemTime, UNIX_EPOCH};

/// Longest line, in bytes; longer ones are cut.
const LINE_BYTES_MAX: usize = 1024;

/// The log of a process.
pub struct Logger {
    level: AtomicU8,
    path: Mutex<String>,
}

impl Logger {
    /// Lines at `level` and above; an empty path is standard output.
    pub fn new(level: Level, path: &str) -> Logger {
        Logger { level: AtomicU8::new(level as u8), path: Mutex::new(path.into()) }
    }

    /// Changes what is written and where.
    pub fn configure(&self, level: Level, path: &str) {
        self.level.store(level as u8, Relaxed);
        if let Ok(mut current) = self.path.lock() {
            path.clone_into(&mut current);
        }
    }
}

impl Log for Logger {
    fn log(&self, level: Level, text: &str) {
        if (level as u8) < self.level.load(Relaxed) {
            return;
        }
        let mark = match level {
            Level::Debug => '.',
            Level::Verbose => '-',
            Level::Notice => '*',
            Level::Warning | Level::Nothing => '#',
        };
        let mut cut = text.len().min(LINE_BYTES_MAX);
        while !text.is_char_boundary(cut) {
            cut -= 1;
        }
        let line = format!("{}:M {} {mark} {}\n", std::process::id(), timestamp(), &text[..cut]);
        let Ok(path) = self.path.lock() else { return };
        // A log that cannot be written must not stop the server.
        let _ = if path.is_empty() {
            std::io::stdout().lock().write_all(line.as_bytes())
        } else {
            OpenOptions::new()
                .append(true)
                .create(true)
                .open(&*path)
                .and_then(|mut f| f.write_all(line.as_bytes()))
        };
    }
}

/// Local time as `23 Nov 2026 03:15:22.123`.
fn timestamp() -> String {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    #[expect(clippy::disallowed_methods, reason = "log lines carry the time of their writing")]
    let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let t = sys::local_time(unix.as_secs() as i64);
    format!(
        "{:02} {} {} {:02}:{:02}:{:02}.{:03}",
        t.day,
        MONTHS[t.month % 12],
        t.year,
        t.hour,
        t.minute,
        t.second,
        unix.subsec_millis()
    )
}
