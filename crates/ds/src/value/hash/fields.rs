//! A big hash: a table of fields, and those of them that expire in the order of their expiry.

use super::field::{Field, FieldRef};
use super::{Put, Ttl};
use crate::keyed::hash;
use crate::ranked::{MemberRef, Tree};
use crate::table::{Hints, Iter, Table, TableStats};
use base::Rng;
use std::ptr::NonNull;

/// Fields by name.
#[derive(Default)]
pub struct Fields {
    table: Table<Field>,
    /// The fields that expire, by expiry and name. It does not own them.
    queue: Tree,
    /// Bytes of all fields.
    bytes: usize,
    /// Bytes of the table: it is asked for before and after every change.
    table_bytes: usize,
}

// SAFETY: it owns fields and nodes; nothing in them is tied to a thread.
unsafe impl Send for Fields {}
// SAFETY: shared access only reads.
unsafe impl Sync for Fields {}

/// When an element of the queue expires.
///
/// # Safety
/// `raw` is a live field that expires, as the queue knows it.
unsafe fn expiry_of(raw: NonNull<u8>) -> u64 {
    // SAFETY: such a field begins as a member does.
    unsafe { MemberRef::new(raw) }.score() as u64
}

impl Fields {
    /// Number of fields.
    #[inline]
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether there is no field.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// Number of fields that expire.
    pub fn expiring(&self) -> usize {
        self.queue.len()
    }

    /// When the first field expires.
    #[inline]
    pub fn next_expiry(&self) -> Option<u64> {
        // SAFETY: what the queue has is alive.
        self.queue.first().map(|raw| unsafe { expiry_of(raw) })
    }

    /// Bytes of memory, this struct not counted.
    #[inline]
    pub fn allocated(&self) -> usize {
        self.bytes + self.table_bytes + self.queue.allocated()
    }

    /// The field of a name, expired or not.
    #[inline]
    pub fn get(&self, name: &[u8]) -> Option<FieldRef<'_>> {
        self.table.get(hash(name), name)
    }

    /// For asking for fields ahead.
    #[inline]
    pub fn hints(&self) -> Hints<'_> {
        self.table.hints()
    }

    /// Gives a field a value. One that expired before `now` is as good as absent.
    pub fn set(&mut self, name: &[u8], value: &[u8], ttl: Ttl, now: u64) -> Put {
        let hash = hash(name);
        let Fields { table, queue, bytes, .. } = self;
        let Some(mut found) = table.get_mut(hash, name) else {
            self.add(hash, Field::new(name, value, ttl.after(None)));
            return Put::Added;
        };
        let was = found.get().expiry();
        let is_past = was.is_some_and(|at| at < now);
        let expiry = ttl.after(was.filter(|_| !is_past));
        if was.is_some() == expiry.is_some() && found.update(|field| field.rewrite(value)) {
            if let Some(at) = expiry.filter(|_| expiry != was) {
                // SAFETY: a field that expires is in the queue, and nobody reads its expiry meanwhile.
                unsafe { queue.rescore(found.get().base(), at as f64) };
            }
        } else {
            let new = Field::new(name, value, expiry);
            // SAFETY: the queue lets go of the old field before that is dropped, and gets the new one, which lives
            // in the table.
            unsafe {
                if was.is_some() {
                    queue.remove(found.get().base());
                }
                *bytes = *bytes + new.view().allocated() - found.get().allocated();
                drop(found.replace(new));
                if expiry.is_some() {
                    queue.insert(found.get().base());
                }
            }
        }
        if is_past { Put::Revived } else { Put::Updated }
    }

    /// Sets or takes away the expiry of a field. False if there is no such field.
    pub fn set_expiry(&mut self, name: &[u8], expiry: Option<u64>) -> bool {
        let Fields { table, queue, bytes, .. } = self;
        let Some(mut found) = table.get_mut(hash(name), name) else { return false };
        let was = found.get().expiry();
        match expiry {
            _ if was == expiry => {}
            // SAFETY: as in `set`.
            Some(at) if was.is_some() => unsafe { queue.rescore(found.get().base(), at as f64) },
            _ => {
                let new = Field::new(name, found.get().value(), expiry);
                *bytes = *bytes + new.view().allocated() - found.get().allocated();
                // SAFETY: as in `set`.
                unsafe {
                    if was.is_some() {
                        queue.remove(found.get().base());
                    }
                    drop(found.replace(new));
                    if expiry.is_some() {
                        queue.insert(found.get().base());
                    }
                }
            }
        }
        true
    }

    /// Takes a field out, unless it expired before `now`.
    pub fn remove(&mut self, name: &[u8], now: u64) -> Option<Field> {
        let found = self.table.get_mut(hash(name), name)?;
        match found.get().expiry() {
            Some(at) if at < now => return None,
            // SAFETY: a field that expires is in the queue, which lets go of it before the caller can drop it.
            Some(_) => unsafe { self.queue.remove(found.get().base()) },
            None => {}
        }
        let field = found.remove();
        self.removed(&field);
        Some(field)
    }

    /// A field was taken out of the table.
    fn removed(&mut self, field: &Field) {
        self.bytes -= field.view().allocated();
        self.table_bytes = self.table.allocated();
    }

    /// Takes the first field out that expired before `now`.
    pub fn take_past(&mut self, now: u64) -> Option<Field> {
        let first = self.queue.first()?;
        // SAFETY: what the queue has is alive.
        let is_past = unsafe { expiry_of(first) } < now;
        if !is_past {
            return None;
        }
        self.queue.remove_at(0);
        // SAFETY: the table has it still.
        let name = unsafe { MemberRef::new(first) }.bytes();
        let field = self.table.remove(hash(name), name).expect("fields of the queue are in the table");
        self.removed(&field);
        Some(field)
    }

    /// All fields, expired or not.
    pub fn iter(&self) -> Iter<'_, Field> {
        self.table.iter()
    }

    pub(super) fn add_table_stats(&self, stats: &mut TableStats) {
        self.table.add_stats(stats);
    }

    /// Emits fields at a position below [`crate::table::SCAN_END`], expired or not; returns the next position, with
    /// the guarantees of [`Table::scan`].
    pub fn scan<'a>(&'a self, position: u64, emit: impl FnMut(FieldRef<'a>)) -> u64 {
        self.table.scan(position, emit)
    }

    /// A field at random, expired or not.
    pub fn random(&self, rng: &mut Rng) -> Option<FieldRef<'_>> {
        self.table.random(rng)
    }

    /// Frees about `budget` fields; true when dropping the rest is quick. Good for nothing else after that.
    pub fn shed(&mut self, budget: usize) -> bool {
        let leaving = budget.min(self.queue.len());
        for _ in 0..leaving {
            self.queue.remove_at(0);
        }
        self.queue.len() == 0 && self.table.shed(budget - leaving, drop)
    }

    /// Adds a field that is not there.
    pub fn add(&mut self, hash: u64, field: Field) {
        let view = field.view();
        let (base, expires) = (view.base(), view.expiry().is_some());
        self.bytes += view.allocated();
        self.table.insert(hash, field, crate::keyed::hash);
        self.table_bytes = self.table.allocated();
        if expires {
            // SAFETY: alive in the table, which gives it up only after the queue did.
            unsafe { self.queue.insert(base) };
        }
    }

    /// Panics if table, queue and counts contradict each other.
    pub fn check_invariants(&self) {
        self.table.check_invariants(hash);
        self.queue.check_invariants();
        assert_eq!(self.table_bytes, self.table.allocated());
        assert_eq!(self.bytes, self.iter().map(FieldRef::allocated).sum::<usize>());
        assert_eq!(self.queue.len(), self.iter().filter(|field| field.expiry().is_some()).count());
        let mut last = 0;
        // SAFETY: what the queue has is alive.
        for member in unsafe { self.queue.walk() } {
            let field = self.get(member.bytes()).expect("fields of the queue are in the table");
            let expiry = field.expiry().expect("fields of the queue expire");
            assert!(expiry >= last && expiry == member.score() as u64);
            last = expiry;
        }
        assert_eq!(self.next_expiry(), self.iter().filter_map(FieldRef::expiry).min());
    }
}

impl Drop for Fields {
    fn drop(&mut self) {
        // The table drops the fields.
        self.queue.drain(|_| {});
    }
}

impl Clone for Fields {
    fn clone(&self) -> Fields {
        let mut copy = Fields::default();
        for field in self.iter() {
            copy.add(hash(field.name()), Field::new(field.name(), field.value(), field.expiry()));
        }
        copy
    }
}

impl std::fmt::Debug for Fields {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
