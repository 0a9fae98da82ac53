//! Scripts that run for long: who may end them, and who must not wait for them.

use crate::journal::Readers;
use base::Mono;
use resp::OwnedRequest;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// Which command ends it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// SCRIPT KILL.
    Script,
    /// FUNCTION KILL.
    Function,
}

impl Kind {
    /// The command that ends it.
    pub fn killer(self) -> &'static str {
        match self {
            Kind::Script => "SCRIPT KILL",
            Kind::Function => "FUNCTION KILL",
        }
    }
}

/// One script under way.
#[derive(Debug)]
pub struct Running {
    /// What it is.
    pub kind: Kind,
    /// Its digest, or the function's name.
    pub name: String,
    /// The command, once it has run for a slice.
    pub command: OnceLock<OwnedRequest>,
    /// When it began.
    pub began: Mono,
    /// It is to end.
    pub killed: AtomicBool,
    /// It has changed something: ending it would leave half of its work.
    pub wrote: AtomicBool,
    /// Its changes are kept from the append-only file.
    not_for_aof: AtomicBool,
    /// They are kept from replicas.
    not_for_replicas: AtomicBool,
}

impl Running {
    /// One that begins.
    pub fn new(kind: Kind, name: String, began: Mono) -> Running {
        Running {
            kind,
            name,
            command: OnceLock::new(),
            began,
            killed: AtomicBool::new(false),
            wrote: AtomicBool::new(false),
            not_for_aof: AtomicBool::new(false),
            not_for_replicas: AtomicBool::new(false),
        }
    }

    /// Who is to see its changes from here on (`redis.set_repl`).
    pub fn set_readers(&self, readers: Readers) {
        self.not_for_aof.store(!readers.aof, Relaxed);
        self.not_for_replicas.store(!readers.replicas, Relaxed);
    }

    /// Who is to see its changes.
    pub fn readers(&self) -> Readers {
        Readers { aof: !self.not_for_aof.load(Relaxed), replicas: !self.not_for_replicas.load(Relaxed) }
    }

    /// Another one that begins, in the same memory.
    pub fn renew(&mut self, kind: Kind, name: &str, began: Mono) {
        let mut kept = std::mem::take(&mut self.name);
        kept.clear();
        kept.push_str(name);
        *self = Running::new(kind, kept, began);
    }
}

/// What a long script holds.
#[derive(Debug)]
struct Entry {
    script: Arc<Running>,
    /// Its stripes, ascending; none for all.
    stripes: Option<Box<[u16]>>,
    /// Past `busy-reply-threshold`.
    busy: bool,
}

/// All long scripts of a node.
#[derive(Default)]
pub struct RunningScripts {
    list: Mutex<Vec<Entry>>,
    /// Those past `busy-reply-threshold`, so that nobody locks the list in vain.
    busy: AtomicUsize,
    /// The same, of those that hold everything.
    busy_all: AtomicUsize,
}

/// What became of a wish to end scripts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kill {
    /// They will end.
    Done,
    /// None of that kind runs.
    NotBusy,
    /// It has written.
    Unkillable,
    /// One of the other kind runs.
    Other,
}

/// Why a command need not wait: a script of this kind is in its way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Busy(pub Kind);

impl Busy {
    /// The error reply.
    pub fn text(self) -> &'static str {
        match self.0 {
            Kind::Script => {
                "-BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE."
            }
            Kind::Function => {
                "-BUSY Redis is busy running a script. You can only call FUNCTION KILL or SHUTDOWN NOSAVE."
            }
        }
    }
}

impl RunningScripts {
    /// A script that is not over after its first slice.
    pub fn enter(&self, script: Arc<Running>, stripes: Option<Box<[u16]>>) {
        self.list().push(Entry { script, stripes, busy: false });
    }

    /// It is over.
    pub fn leave(&self, script: &Arc<Running>) {
        let mut list = self.list();
        if let Some(place) = list.iter().position(|entry| Arc::ptr_eq(&entry.script, script)) {
            let gone = list.remove(place);
            if gone.busy {
                self.busy.fetch_sub(1, Relaxed);
                self.busy_all.fetch_sub(usize::from(gone.stripes.is_none()), Relaxed);
            }
        }
    }

    /// It takes longer than others should wait. True the first time.
    pub fn grow_busy(&self, script: &Arc<Running>) -> bool {
        let mut list = self.list();
        let Some(entry) = list.iter_mut().find(|entry| Arc::ptr_eq(&entry.script, script) && !entry.busy)
        else {
            return false;
        };
        entry.busy = true;
        self.busy.fetch_add(1, Relaxed);
        self.busy_all.fetch_add(usize::from(entry.stripes.is_none()), Relaxed);
        true
    }

    /// The busy script that holds a stripe.
    pub fn busy_at(&self, stripe: u16) -> Option<Busy> {
        self.busy_if(|entry| entry.stripes.as_ref().is_none_or(|held| held.binary_search(&stripe).is_ok()))
    }

    /// A busy script, if there is one: nobody gets everything.
    pub fn busy_anywhere(&self) -> Option<Busy> {
        self.busy_if(|_| true)
    }

    /// The busy script that holds everything.
    pub fn busy_everywhere(&self) -> Option<Busy> {
        if self.busy_all.load(Relaxed) == 0 { None } else { self.busy_if(|entry| entry.stripes.is_none()) }
    }

    fn busy_if(&self, holds: impl Fn(&Entry) -> bool) -> Option<Busy> {
        if self.busy.load(Relaxed) == 0 {
            return None;
        }
        let list = self.list();
        list.iter().find(|entry| entry.busy && holds(entry)).map(|entry| Busy(entry.script.kind))
    }

    /// SCRIPT KILL and FUNCTION KILL: ends every long script of a kind that has not written.
    pub fn kill(&self, kind: Kind) -> Kill {
        let list = self.list();
        let mut of_kind = list.iter().filter(|entry| entry.script.kind == kind).peekable();
        if of_kind.peek().is_none() {
            return if list.is_empty() { Kill::NotBusy } else { Kill::Other };
        }
        let mut outcome = Kill::Unkillable;
        for entry in of_kind.filter(|entry| !entry.script.wrote.load(Relaxed)) {
            entry.script.killed.store(true, Relaxed);
            outcome = Kill::Done;
        }
        outcome
    }

    /// The oldest long script of a kind, for FUNCTION STATS.
    pub fn oldest(&self, kind: Kind) -> Option<Arc<Running>> {
        let list = self.list();
        list.iter().find(|entry| entry.script.kind == kind).map(|entry| Arc::clone(&entry.script))
    }

    fn list(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(kind: Kind) -> Arc<Running> {
        Arc::new(Running::new(kind, String::new(), Mono::default()))
    }

    #[test]
    fn who_is_in_the_way() {
        let scripts = RunningScripts::default();
        let (few, all) = (script(Kind::Script), script(Kind::Function));
        scripts.enter(Arc::clone(&few), Some(Box::new([3, 9])));
        assert_eq!(scripts.busy_at(3), None);
        assert!(scripts.grow_busy(&few) && !scripts.grow_busy(&few));
        assert_eq!((scripts.busy_at(3), scripts.busy_at(4)), (Some(Busy(Kind::Script)), None));
        assert_eq!((scripts.busy_anywhere(), scripts.busy_everywhere()), (Some(Busy(Kind::Script)), None));
        scripts.leave(&few);
        assert_eq!(scripts.busy_anywhere(), None);
        scripts.enter(Arc::clone(&all), None);
        scripts.grow_busy(&all);
        assert_eq!(
            (scripts.busy_at(4), scripts.busy_everywhere()),
            (Some(Busy(Kind::Function)), Some(Busy(Kind::Function)))
        );
        scripts.leave(&all);
        assert_eq!(scripts.busy_everywhere(), None);
    }

    #[test]
    fn who_is_killed() {
        let scripts = RunningScripts::default();
        assert_eq!(scripts.kill(Kind::Script), Kill::NotBusy);
        let (writer, reader) = (script(Kind::Script), script(Kind::Script));
        writer.wrote.store(true, Relaxed);
        scripts.enter(Arc::clone(&writer), None);
        assert_eq!(
            (scripts.kill(Kind::Script), scripts.kill(Kind::Function)),
            (Kill::Unkillable, Kill::Other)
        );
        scripts.enter(Arc::clone(&reader), None);
        assert_eq!(scripts.kill(Kind::Script), Kill::Done);
        assert!(reader.killed.load(Relaxed) && !writer.killed.load(Relaxed));
    }
}
