//! The scripts that EVALSHA finds.

use hashbrown::HashMap;
use script::Script;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Forty lower-case hexadecimal digits.
pub type Sha = [u8; 40];

/// Scripts that EVAL brought. When there are more, the one that was not run for the longest time goes.
pub const EVAL_SCRIPTS_MAX: usize = 500;

/// The time of a script's last run, if it came by SCRIPT LOAD: it stays.
const FOR_GOOD: u64 = u64::MAX;

/// What brought a script.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Origin {
    /// SCRIPT LOAD: it stays until SCRIPT FLUSH.
    Load,
    /// EVAL: it may make room for others.
    Eval,
}

/// Scripts by digest.
#[derive(Default)]
pub struct Cache {
    shelf: RwLock<Shelf>,
    /// Counts up as scripts run that may go.
    clock: AtomicU64,
    bytes: AtomicU64,
    count: AtomicU64,
    flushes: AtomicU64,
    evictions: AtomicU64,
}

#[derive(Default)]
struct Shelf {
    scripts: HashMap<Sha, Entry>,
    /// Those that may go, each once, by when they ran last; a time may be too early, never too late.
    evictable: BinaryHeap<Reverse<(u64, Sha)>>,
    /// How many of them may go.
    evals: usize,
}

struct Entry {
    script: Arc<Script>,
    /// When it ran last, or [`FOR_GOOD`].
    used: AtomicU64,
}

impl Cache {
    /// The script with a digest, in either case of its letters, for a run.
    pub fn get(&self, sha: &[u8]) -> Option<Arc<Script>> {
        let shelf = self.read();
        let entry = shelf.find(sha)?;
        // A script that runs again and again writes nothing.
        let used = entry.used.load(Relaxed);
        if used != FOR_GOOD && used != self.clock.load(Relaxed) {
            entry.used.store(self.tick(), Relaxed);
        }
        Some(Arc::clone(&entry.script))
    }

    /// The script with a digest, for a look at it.
    pub fn peek(&self, sha: &[u8]) -> Option<Arc<Script>> {
        self.read().find(sha).map(|entry| Arc::clone(&entry.script))
    }

    /// Keeps a script; the one that was there before wins. Returns it, and how many had to go.
    pub fn insert(&self, script: Arc<Script>, origin: Origin) -> (Arc<Script>, usize) {
        let Ok(key) = Sha::try_from(script.sha.as_bytes()) else { return (script, 0) };
        let mut shelf = self.write();
        if let Some(known) = shelf.scripts.get(&key) {
            let known = Arc::clone(&known.script);
            if origin == Origin::Load {
                shelf.keep(&key);
            }
            return (known, 0);
        }
        let used = if origin == Origin::Load { FOR_GOOD } else { self.tick() };
        self.bytes.fetch_add(bytes_of(&script), Relaxed);
        self.count.fetch_add(1, Relaxed);
        shelf.scripts.insert(key, Entry { script: Arc::clone(&script), used: AtomicU64::new(used) });
        if origin == Origin::Eval {
            shelf.evals += 1;
            shelf.evictable.push(Reverse((used, key)));
        }
        let gone = shelf.make_room();
        self.bytes.fetch_sub(gone.iter().map(|script| bytes_of(script)).sum(), Relaxed);
        self.count.fetch_sub(gone.len() as u64, Relaxed);
        self.evictions.fetch_add(gone.len() as u64, Relaxed);
        drop(shelf);
        (script, gone.len())
    }

    /// SCRIPT FLUSH.
    pub fn clear(&self) {
        let mut shelf = self.write();
        self.bytes.store(0, Relaxed);
        self.count.store(0, Relaxed);
        let gone = std::mem::take(&mut *shelf);
        self.flushes.fetch_add(1, Relaxed);
        drop(shelf);
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

    /// How often it was emptied.
    pub fn flushes(&self) -> u64 {
        self.flushes.load(Relaxed)
    }

    /// How many scripts have made room for others since the start.
    pub fn evictions(&self) -> u64 {
        self.evictions.load(Relaxed)
    }

    fn tick(&self) -> u64 {
        self.clock.fetch_add(1, Relaxed) + 1
    }

    fn read(&self) -> RwLockReadGuard<'_, Shelf> {
        self.shelf.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Shelf> {
        self.shelf.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shelf {
    fn find(&self, sha: &[u8]) -> Option<&Entry> {
        let mut sha: Sha = sha.try_into().ok()?;
        sha.make_ascii_lowercase();
        self.scripts.get(&sha)
    }

    /// A script that EVAL brought stays from now on.
    fn keep(&mut self, sha: &Sha) {
        let Some(entry) = self.scripts.get_mut(sha) else { return };
        if std::mem::replace(entry.used.get_mut(), FOR_GOOD) != FOR_GOOD {
            self.evals -= 1;
            self.evictable.retain(|Reverse((_, evictable))| evictable != sha);
        }
    }

    /// Takes out those that ran the longest time ago, until there are not too many.
    fn make_room(&mut self) -> Vec<Arc<Script>> {
        let mut gone = Vec::new();
        while self.evals > EVAL_SCRIPTS_MAX {
            let Some(Reverse((at, sha))) = self.evictable.pop() else { break };
            let Some(entry) = self.scripts.get_mut(&sha) else { continue };
            let used = *entry.used.get_mut();
            if used != at {
                // It ran since: its turn comes later.
                self.evictable.push(Reverse((used, sha)));
                continue;
            }
            self.evals -= 1;
            gone.extend(self.scripts.remove(&sha).map(|entry| entry.script));
        }
        gone
    }
}

fn bytes_of(script: &Script) -> u64 {
    (size_of::<Script>() + script.body.len() + script.sha.len()) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn script(n: usize) -> Arc<Script> {
        Arc::new(Script::parse(format!("return {n}").as_bytes()).expect("no shebang"))
    }

    fn sha(n: usize) -> String {
        script::sha1_hex(format!("return {n}").as_bytes())
    }

    fn known(cache: &Cache, n: usize) -> bool {
        cache.peek(sha(n).as_bytes()).is_some()
    }

    #[test]
    fn the_script_that_ran_the_longest_time_ago_goes() {
        let cache = Cache::default();
        let gone: usize = (0..EVAL_SCRIPTS_MAX).map(|n| cache.insert(script(n), Origin::Eval).1).sum();
        assert_eq!((gone, cache.count()), (0, 500));
        cache.insert(script(3), Origin::Load);
        assert!(cache.get(sha(0).to_uppercase().as_bytes()).is_some());
        assert_eq!(cache.insert(script(500), Origin::Eval).1, 0, "one of them stays for good");
        assert_eq!(cache.insert(script(501), Origin::Eval).1, 1);
        assert_eq!([0, 1, 2, 3, 4].map(|n| known(&cache, n)), [true, false, true, true, true]);
        for n in 502..1100 {
            cache.insert(script(n), Origin::Eval);
        }
        assert_eq!([0, 3, 599, 600].map(|n| known(&cache, n)), [false, true, false, true]);
        let bytes = cache.memory();
        cache.clear();
        assert_eq!((cache.count(), cache.memory(), cache.flushes(), bytes > 0), (0, 0, 1, true));
    }

    proptest! {
        /// Beside a list in order of last use.
        #[test]
        fn as_a_list_would_do_it(steps in prop::collection::vec((0_usize..700, 0..8), 0..3000)) {
            let cache = Cache::default();
            let (mut recent, mut kept): (Vec<usize>, Vec<usize>) = Default::default();
            for n in 0..EVAL_SCRIPTS_MAX {
                cache.insert(script(n), Origin::Eval);
                recent.push(n);
            }
            for (n, step) in steps {
                let at = recent.iter().position(|known| *known == n);
                match step {
                    0 => {
                        cache.insert(script(n), Origin::Load);
                        at.map(|at| recent.remove(at));
                        if !kept.contains(&n) {
                            kept.push(n);
                        }
                    }
                    1..5 => {
                        let found = cache.get(sha(n).as_bytes());
                        prop_assert_eq!(found.is_some(), at.is_some() || kept.contains(&n));
                        if let Some(at) = at {
                            recent.remove(at);
                            recent.push(n);
                        }
                    }
                    _ if at.is_none() && !kept.contains(&n) => {
                        cache.insert(script(n), Origin::Eval);
                        recent.push(n);
                        if recent.len() > EVAL_SCRIPTS_MAX {
                            recent.remove(0);
                        }
                    }
                    _ => {}
                }
            }
            prop_assert_eq!(cache.count() as usize, recent.len() + kept.len());
            prop_assert!(recent.iter().chain(&kept).all(|n| known(&cache, *n)));
        }
    }
}
