//! The scripts that EVALSHA finds.

use script::Script;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Forty lower-case hexadecimal digits.
pub type Sha = [u8; 40];

/// Scripts by digest. They stay until SCRIPT FLUSH.
#[derive(Default)]
pub struct Cache {
    scripts: Mutex<HashMap<Sha, Arc<Script>>>,
    bytes: AtomicU64,
    count: AtomicU64,
}

impl Cache {
    /// The script with a digest, in either case of its letters.
    pub fn get(&self, sha: &[u8]) -> Option<Arc<Script>> {
        let sha: Sha = sha.to_ascii_lowercase().try_into().ok()?;
        self.scripts().get(&sha).cloned()
    }

    /// Keeps a script; the one that was there before wins.
    pub fn insert(&self, script: Arc<Script>) -> Arc<Script> {
        let Ok(key) = Sha::try_from(script.sha.as_bytes()) else { return script };
        let mut scripts = self.scripts();
        if let Some(known) = scripts.get(&key) {
            return Arc::clone(known);
        }
        self.bytes.fetch_add((size_of::<Script>() + script.body.len() + script.sha.len()) as u64, Relaxed);
        self.count.fetch_add(1, Relaxed);
        scripts.insert(key, Arc::clone(&script));
        script
    }

    /// SCRIPT FLUSH.
    pub fn clear(&self) {
        let mut scripts = self.scripts();
        self.bytes.store(0, Relaxed);
        self.count.store(0, Relaxed);
        let gone = std::mem::take(&mut *scripts);
        drop(scripts);
        drop(gone);
    }

    /// `number_of_cached_scripts`.
    pub fn count(&self) -> u64 {
        self.count.load(Relaxed)
    }

    /// Bytes of all bodies and what is kept beside them.
    pub fn memory(&self) -> u64 {
        self.bytes.load(Relaxed)
    }

    fn scripts(&self) -> MutexGuard<'_, HashMap<Sha, Arc<Script>>> {
        self.scripts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
