//! The shared registry: workers that have listeners, by channel and pattern.

use super::Kind;
use crate::mail::WorkerIdx;
use base::glob;
use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// How many clients of each worker listen to one name. Few workers: a list.
#[derive(Default)]
struct Counts(Vec<(WorkerIdx, u64)>);

impl Counts {
    fn total(&self) -> u64 {
        self.0.iter().map(|(_, n)| n).sum()
    }

    fn add(&mut self, worker: WorkerIdx) {
        match self.0.iter_mut().find(|(w, _)| *w == worker) {
            Some((_, n)) => *n += 1,
            None => self.0.push((worker, 1)),
        }
    }

    /// True if nobody is left.
    fn remove(&mut self, worker: WorkerIdx) -> bool {
        if let Some((_, n)) = self.0.iter_mut().find(|(w, _)| *w == worker) {
            *n -= 1;
        }
        self.0.retain(|(_, n)| *n > 0);
        self.0.is_empty()
    }
}

/// In order: what is listed must not depend on chance.
type Names = BTreeMap<Box<[u8]>, Counts>;

/// Who listens, node-wide. Written when clients subscribe, read when somebody publishes.
#[derive(Default)]
pub struct Hub {
    names: RwLock<[Names; 3]>,
}

/// Where a message goes.
#[derive(Default, PartialEq, Eq, Debug)]
pub struct Audience {
    /// Clients that get it; one that matches twice counts twice.
    pub receivers: u64,
    /// The workers that serve them.
    pub workers: Vec<WorkerIdx>,
}

impl Audience {
    fn include(&mut self, counts: &Counts) {
        self.receivers += counts.total();
        for (worker, _) in &counts.0 {
            if !self.workers.contains(worker) {
                self.workers.push(*worker);
            }
        }
    }
}

impl Hub {
    /// A client of this worker listens to a name from now on.
    pub fn add(&self, kind: Kind, name: &[u8], worker: WorkerIdx) {
        self.write()[kind as usize].entry(name.into()).or_default().add(worker);
    }

    /// It does no more.
    pub fn remove(&self, kind: Kind, name: &[u8], worker: WorkerIdx) {
        let names = &mut self.write()[kind as usize];
        if names.get_mut(name).is_some_and(|counts| counts.remove(worker)) {
            names.remove(name);
        }
    }

    /// Who gets a message.
    pub fn audience(&self, shard: bool, channel: &[u8]) -> Audience {
        let names = self.read();
        let mut audience = Audience::default();
        let kind = if shard { Kind::Shard } else { Kind::Channel };
        if let Some(counts) = names[kind as usize].get(channel) {
            audience.include(counts);
        }
        if !shard {
            let matching =
                names[Kind::Pattern as usize].iter().filter(|(p, _)| glob::matches(p, channel, false));
            matching.for_each(|(_, counts)| audience.include(counts));
        }
        audience
    }

    /// Names of a kind that somebody listens to, those that match the pattern if one is given.
    pub fn names(&self, kind: Kind, pattern: Option<&[u8]>) -> Vec<Box<[u8]>> {
        let names = self.read();
        let wanted = |name: &[u8]| pattern.is_none_or(|p| glob::matches(p, name, false));
        names[kind as usize].keys().filter(|name| wanted(name)).cloned().collect()
    }

    /// How many names of a kind somebody listens to.
    pub fn count(&self, kind: Kind) -> usize {
        self.read()[kind as usize].len()
    }

    /// How many clients listen to a name.
    pub fn listeners(&self, kind: Kind, name: &[u8]) -> u64 {
        self.read()[kind as usize].get(name).map_or(0, Counts::total)
    }

    fn read(&self) -> RwLockReadGuard<'_, [Names; 3]> {
        // A panic ends the process; a poisoned lock is never seen outside of tests.
        self.names.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, [Names; 3]> {
        self.names.write().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_goes_to_each_worker_once_and_counts_each_match() {
        let hub = Hub::default();
        hub.add(Kind::Channel, b"news", 0);
        hub.add(Kind::Channel, b"news", 0);
        hub.add(Kind::Pattern, b"n*", 0);
        hub.add(Kind::Pattern, b"*", 2);
        hub.add(Kind::Shard, b"news", 1);
        assert_eq!(hub.audience(false, b"news"), Audience { receivers: 4, workers: vec![0, 2] });
        assert_eq!(hub.audience(true, b"news"), Audience { receivers: 1, workers: vec![1] });
        assert_eq!(hub.audience(false, b"other"), Audience { receivers: 1, workers: vec![2] });
        hub.remove(Kind::Channel, b"news", 0);
        assert_eq!((hub.listeners(Kind::Channel, b"news"), hub.count(Kind::Channel)), (1, 1));
        hub.remove(Kind::Channel, b"news", 0);
        assert_eq!((hub.listeners(Kind::Channel, b"news"), hub.count(Kind::Channel)), (0, 0));
        assert_eq!(hub.names(Kind::Pattern, Some(b"n?")), [Box::from(&b"n*"[..])]);
    }
}
