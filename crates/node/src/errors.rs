//! Error replies, counted by their code.

use std::collections::BTreeMap;
use std::sync::Mutex;

/// Codes kept apart at most; what comes after is counted as an overflow.
const ERROR_CODES_MAX: usize = 128;
/// Bytes of an error that may hold its code.
const CODE_BYTES_MAX: usize = 32;
const OVERFLOW: &str = "ERRORSTATS_OVERFLOW";

/// `errorstat_*` of INFO. Errors are rare: one lock for all.
#[derive(Default)]
pub struct ErrorCounts {
    counts: Mutex<BTreeMap<String, u64>>,
}

impl ErrorCounts {
    /// Counts an encoded error reply (`-CODE text\r\n`).
    pub fn count(&self, reply: &[u8]) {
        let Ok(mut counts) = self.counts.lock() else { return };
        let code = code_of(reply);
        let code =
            if counts.len() < ERROR_CODES_MAX || counts.contains_key(&code) { &code } else { OVERFLOW };
        *counts.entry(code.to_owned()).or_default() += 1;
    }

    /// Codes and counts, by code.
    pub fn all(&self) -> Vec<(String, u64)> {
        self.counts.lock().map(|c| c.iter().map(|(k, n)| (k.clone(), *n)).collect()).unwrap_or_default()
    }

    /// CONFIG RESETSTAT.
    pub fn reset(&self) {
        if let Ok(mut counts) = self.counts.lock() {
            counts.clear();
        }
    }
}

/// The code word: up to the first space of the first 32 bytes, else ERR.
fn code_of(reply: &[u8]) -> String {
    let text = reply.strip_prefix(b"-").unwrap_or(reply);
    let head = &text[..text.len().min(CODE_BYTES_MAX)];
    match head.iter().position(|b| *b == b' ') {
        Some(end) => String::from_utf8_lossy(&head[..end]).into_owned(),
        None => "ERR".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes() {
        assert_eq!(code_of(b"-MOVED 1 a:1\r\n"), "MOVED");
        assert_eq!(code_of(b"-ERR syntax error\r\n"), "ERR");
        assert_eq!(code_of(b"-averyveryveryverylongcodewithoutanyspaceinit x\r\n"), "ERR");
        let counts = ErrorCounts::default();
        for i in 0..200 {
            counts.count(format!("-C{i} x\r\n").as_bytes());
        }
        assert_eq!(counts.all().len(), ERROR_CODES_MAX + 1);
    }
}
