//! What a running command holds, and the rows that pair a spec with the function that runs it.

use base::Rng;
use resp::{Args, Reply};
use store::value::{HashLimits, ListLimits, SetLimits, StreamLimits, ZsetLimits};
use store::{Access, Contended, DbId, EntryRef, Expiry, Key, KeyHash, Keyspace, NewString, Turn};

use crate::args::Refused;
use crate::effects::{Class, Effects};
use crate::generic::Dumps;
use crate::spec::{Locks, Spec};

/// Values of the configuration that data commands read.
#[derive(Clone, Copy, Debug)]
pub struct Env {
    /// Whether the node is part of a cluster.
    pub cluster: bool,
    /// Number of databases.
    pub databases: DbId,
    /// Longest string, bytes (`proto-max-bulk-len`).
    pub string_bytes_max: usize,
    /// Whether `maxmemory-policy` counts frequencies instead of recency.
    pub lfu: bool,
    /// Thresholds between the encodings of values.
    pub limits: Limits,
    /// How payloads of DUMP are written and read.
    pub dumps: Dumps,
    /// A script runs the command: what it sees must not depend on the order in which a table happens to be.
    pub in_script: bool,
}

/// Thresholds between the encodings of values, by type.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Of lists.
    pub list: ListLimits,
    /// Of sets.
    pub set: SetLimits,
    /// Of sorted sets.
    pub zset: ZsetLimits,
    /// Of hashes.
    pub hash: HashLimits,
    /// Of streams.
    pub stream: StreamLimits,
    /// `hll-sparse-max-bytes`
    pub hll_sparse_bytes_max: usize,
}

impl Limits {
    /// Those that reading a value asks for.
    pub fn of_values(&self) -> rdb::Limits {
        rdb::Limits { list: self.list, set: self.set, zset: self.zset, hash: self.hash }
    }
}

impl Default for Limits {
    /// Those of a server without a configuration.
    fn default() -> Limits {
        Limits {
            list: ListLimits { node_size: -2, long: ListLimits::LONG },
            set: SetLimits { ints_max: 512, pack_members_max: 128, pack_value_max: 64 },
            zset: ZsetLimits { pack_members_max: 128, pack_value_max: 64 },
            hash: HashLimits { pack_fields_max: 512, pack_value_max: 64 },
            stream: StreamLimits { node_bytes_max: 4096, node_entries_max: 100 },
            hll_sparse_bytes_max: 3000,
        }
    }
}

/// A command that runs over locked keys: every data command but those that walk.
pub struct Cmd<'c, 'k> {
    /// The request, its name first; arity was checked.
    pub args: Args<'c>,
    /// The client's database.
    pub db: DbId,
    /// The keyspace: the stripes of the request's keys are held.
    pub keys: &'c mut Access<'k>,
    /// Hashes of the request's keys, in the order in which [`crate::keys_of`] finds them.
    pub hashes: &'c [KeyHash],
    /// Where the reply goes: exactly one.
    pub out: &'c mut Reply<'c>,
    /// Values of the configuration.
    pub env: &'c Env,
    /// What the command does besides.
    pub effects: &'c mut Effects,
    /// Randomness.
    pub rng: &'c mut Rng,
}

/// Runs a command over locked keys. It writes one reply.
pub type Handler = fn(&mut Cmd<'_, '_>);

/// Runs a command that walks. A refusal means that a stripe was busy and nothing was done: it is to be run
/// again when that is free.
pub type WalkHandler = fn(&mut Walk<'_, '_>) -> Result<(), Contended>;

/// What runs a data command.
#[derive(Clone, Copy)]
pub enum Run {
    /// The stripes of its keys are held; none if it has no keys.
    Keys(Handler),
    /// The whole keyspace is held.
    Whole(Handler),
    /// It locks for itself.
    Walk(WalkHandler),
}

/// A data command: its facts, and what runs it.
pub struct Row {
    /// Its facts.
    pub spec: Spec,
    /// What runs it.
    pub run: Run,
}

impl Row {
    /// A command over the stripes of its keys, or none if it has no key specs.
    pub const fn keys(spec: Spec, run: Handler) -> Row {
        Row { spec, run: Run::Keys(run) }
    }

    /// A command that needs the whole keyspace at once.
    pub const fn whole(spec: Spec, run: Handler) -> Row {
        Row { spec: spec.locks(Locks::Exclusive), run: Run::Whole(run) }
    }

    /// A command that walks.
    pub const fn walk(spec: Spec, run: WalkHandler) -> Row {
        Row { spec: spec.locks(Locks::Walk), run: Run::Walk(run) }
    }
}

impl<'c> Cmd<'c, '_> {
    /// The `nth` key of the request, which is its argument `at`.
    #[inline]
    pub fn key(&self, at: usize, nth: usize) -> Key<'c> {
        Key { bytes: self.args.at(at), at: self.hashes[nth] }
    }

    /// The key of a command that has it first.
    #[inline]
    pub fn first(&self) -> Key<'c> {
        self.key(1, 0)
    }

    /// All keys of a request that has one at every `step`-th argument.
    pub fn every(&self, step: usize) -> impl ExactSizeIterator<Item = Key<'c>> + use<'c> {
        self.every_from(1, step)
    }

    /// The same, from an argument on.
    pub fn every_from(&self, first: usize, step: usize) -> impl ExactSizeIterator<Item = Key<'c>> + use<'c> {
        let (args, hashes) = (self.args, self.hashes);
        hashes.iter().enumerate().map(move |(i, hash)| Key { bytes: args.at(first + i * step), at: *hash })
    }

    /// Replies the error if there was one; else the handler has replied.
    #[inline]
    pub(crate) fn end(&mut self, result: Result<(), Refused>) {
        if let Err(Refused(text)) = result {
            self.out.error(text);
        }
    }

    /// Stores a string as SET does.
    #[inline]
    pub(crate) fn put(&mut self, key: Key<'_>, value: &[u8], expiry: Expiry) {
        let existed = self.keys.set_string(self.db, key, value, expiry);
        self.created(key, existed);
    }

    /// Stores a string in a given encoding.
    pub(crate) fn put_as(&mut self, key: Key<'_>, value: NewString<'_>, expiry: Expiry) {
        let existed = self.keys.set(self.db, key, value, expiry);
        self.created(key, existed);
    }

    /// Tells of a new key, if it is one.
    #[inline]
    pub(crate) fn created(&mut self, key: Key<'_>, existed: bool) {
        if !existed {
            self.effects.notify(Class::New, "new", self.db, key.bytes);
        }
    }

    /// Looks a key up as a read that does not count as using it.
    pub(crate) fn look<R>(&mut self, key: Key<'_>, seen: impl FnOnce(EntryRef<'_>) -> R) -> Option<R> {
        let result = self.look_unheard(key, seen);
        if result.is_none() {
            self.missed(key);
        }
        result
    }

    /// [`Cmd::look`] without a notification of a miss.
    pub(crate) fn look_unheard<R>(
        &mut self,
        key: Key<'_>,
        seen: impl FnOnce(EntryRef<'_>) -> R,
    ) -> Option<R> {
        let touches = std::mem::replace(&mut self.keys.no_touch, true);
        let result = self.keys.lookup(self.db, key).map(seen);
        self.keys.no_touch = touches;
        result
    }

    /// Tells of a key that a read did not find.
    pub(crate) fn missed(&mut self, key: Key<'_>) {
        self.effects.notify(Class::KeyMiss, "keymiss", self.db, key.bytes);
    }

    /// Records a change of a key of the client's database: its watchers told, a notification.
    #[inline]
    pub fn changed(&mut self, key: Key<'_>, class: Class, event: &'static str) {
        self.effects.dirty += 1;
        self.keys.signal_modified(self.db, key);
        self.effects.notify(class, event, self.db, key.bytes);
    }
}

/// A command that walks the keyspace, one stripe at a time.
pub struct Walk<'w, 'k> {
    /// The request, its name first; arity was checked.
    pub args: Args<'w>,
    /// The client's database.
    pub db: DbId,
    /// The keyspace.
    pub ground: Ground<'w, 'k>,
    /// Where the reply goes: exactly one, none if the command is refused a stripe.
    pub out: &'w mut Reply<'w>,
    /// Values of the configuration.
    pub env: &'w Env,
    /// What the command does besides.
    pub effects: &'w mut Effects,
    /// Names the client to the stripes.
    pub token: u64,
    /// Randomness.
    pub rng: &'w mut Rng,
}

/// What a walk goes over.
pub enum Ground<'w, 'k> {
    /// The turn's permit: stripes are locked on the way.
    Turn(&'w Turn<'k>),
    /// Everything is held already: inside a transaction or a script.
    Whole(&'w mut Access<'k>),
}

impl Ground<'_, '_> {
    /// What it is a ground of.
    pub fn keyspace(&self) -> &Keyspace {
        match self {
            Ground::Turn(turn) => turn.keyspace(),
            Ground::Whole(access) => access.keyspace(),
        }
    }
}

impl Env {
    /// Whether a cluster's node has one database only: keys cannot leave it.
    pub fn single_database(&self) -> bool {
        self.cluster && self.databases == 1
    }
}
