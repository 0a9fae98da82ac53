//! Those who wait for a key that was changed are served before anybody's next command.

use super::{Blocked, of};
use crate::dispatch::{Core, Run};
use crate::mail::WorkerMail;
use commands::Cmd;
use resp::Reply;
use std::sync::Arc;
use store::{Access, DbId, Key, Turn, Waiter};

/// Tries to lock all that a blocked command needs before others of this worker go on meanwhile: a stripe is held for one command.
const TRIES_MAX: usize = 1000;

/// What one attempt to serve came to.
enum Outcome {
    /// Replied, or its wait was over already.
    Gone,
    /// It waits on.
    Waits,
    /// It needs stripes that are not held.
    Elsewhere,
}

impl Core {
    /// Serves those who wait for the awaited keys that were changed under this lock, in the order of the changes; what they do may make
    /// others ready.
    #[cold]
    pub(crate) fn serve_ready(&mut self, access: &mut Access<'_>) {
        while let Some((db, key)) = access.take_ready() {
            self.serve_key(access, db, &key);
        }
    }

    fn serve_key(&mut self, access: &mut Access<'_>, db: DbId, bytes: &[u8]) {
        let key = self.shared.keyspace.key(bytes);
        let mut back = Vec::new();
        let existed = access.peek(db, key).is_some();
        while let Some(waiter) = access.pop_waiter(db, key) {
            match self.serve_one(access, db, key, &waiter) {
                Outcome::Gone => {}
                Outcome::Waits => back.push(waiter),
                Outcome::Elsewhere => {
                    // Those behind it must not be served before it.
                    self.deferred.push(Arc::clone(&waiter));
                    back.push(waiter);
                    break;
                }
            }
            // The last element went to the one just served: nobody behind it is asked in vain.
            if existed && access.peek(db, key).is_none() {
                break;
            }
        }
        access.put_back_waiters(db, key, back);
    }

    fn serve_one(
        &mut self,
        access: &mut Access<'_>,
        db: DbId,
        key: Key<'_>,
        waiter: &Arc<Waiter>,
    ) -> Outcome {
        if waiter.claim.has_ended() {
            return Outcome::Gone;
        }
        let present = access.peek(db, key).map(|entry| entry.kind());
        if waiter.kind.is_some() && waiter.kind != present {
            return Outcome::Waits;
        }
        let blocked = of(waiter);
        if !blocked.hashes.iter().all(|hash| access.holds(hash.slot)) {
            return Outcome::Elsewhere;
        }
        if !waiter.claim.begin() {
            return Outcome::Gone;
        }
        match self.run_blocked(access, blocked) {
            Some(reply) => {
                waiter.claim.finish();
                let mail = WorkerMail::Served { conn: blocked.conn, client: blocked.client, reply };
                self.shared.outside.post.to_worker(blocked.worker, mail);
                Outcome::Gone
            }
            None => {
                waiter.claim.give_back();
                Outcome::Waits
            }
        }
    }

    /// Runs a blocked command again; `None` if it would still wait.
    fn run_blocked(&mut self, access: &mut Access<'_>, blocked: &Blocked) -> Option<Vec<u8>> {
        let Run::Keys(handler) = blocked.row.run else {
            unreachable!("{} cannot block", blocked.row.spec.name)
        };
        let mut out = Vec::new();
        let no_touch = std::mem::replace(&mut access.no_touch, blocked.no_touch);
        let mut reply = Reply::new(&mut out, blocked.proto);
        self.effects.again = true;
        handler(&mut Cmd {
            args: blocked.request.as_args(),
            db: blocked.db,
            keys: access,
            hashes: &blocked.hashes,
            out: &mut reply,
            env: &self.env,
            effects: &mut self.effects,
            rng: &mut self.rng,
        });
        self.effects.again = false;
        access.no_touch = no_touch;
        if self.effects.block.take().is_some() {
            return None;
        }
        self.book_access(blocked.db, blocked.request.as_args(), access);
        Some(out)
    }

    /// Serves those whose keys lie under stripes that the writer did not hold. False if some must wait for a stripe.
    pub(crate) fn serve_deferred(&mut self, turn: &Turn<'_>) -> bool {
        for waiter in std::mem::take(&mut self.deferred) {
            if waiter.claim.has_ended() {
                continue;
            }
            let blocked = of(&waiter);
            let token = u64::MAX;
            match (0..TRIES_MAX).find_map(|_| turn.try_lock(&blocked.hashes, token).ok()) {
                None => self.deferred.push(waiter),
                Some(mut access) => {
                    let args = blocked.request.as_args();
                    for key in &blocked.keys[..blocked.awaited] {
                        self.serve_key(&mut access, blocked.db, &args[key.index as usize]);
                    }
                    self.serve_ready(&mut access);
                }
            }
        }
        self.deferred.is_empty()
    }

    /// Takes the records of ended waits out of the keyspace, those whose stripes are free.
    pub(crate) fn bury_waits(&mut self, turn: &Turn<'_>) {
        self.ended_waits.retain(|waiter| {
            let blocked = of(waiter);
            let Ok(mut access) = turn.try_lock(&blocked.hashes, u64::MAX) else { return true };
            let args = blocked.request.as_args();
            for (key, hash) in blocked.keys.iter().zip(&blocked.hashes).take(blocked.awaited) {
                let key = Key { bytes: &args[key.index as usize], at: *hash };
                access.unwait(blocked.db, key, waiter);
            }
            false
        });
    }
}
