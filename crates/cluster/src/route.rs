//! Where a command runs: here, elsewhere, or nowhere now.

use crate::view::{Audience, NodeIdx, View};
use base::Slot;

/// What the decision needs to know of a command, or of all the commands of a transaction.
#[derive(Clone, Copy, Debug)]
pub struct Query<'q> {
    /// The slot of every key or shard channel, in any order, repeats allowed.
    pub slots: &'q [Slot],
    /// At least two keys differ.
    pub several_keys: bool,
    /// The client sent READONLY.
    pub readonly: bool,
    /// The client sent ASKING, or the command has the ASKING flag.
    pub asking: bool,
    /// It writes, or may.
    pub writes: bool,
    /// Its keys are shard channels.
    pub shard_pubsub: bool,
    /// It is MIGRATE.
    pub migrate: bool,
    /// It names keys of another database: MOVE, or COPY with DB.
    pub other_db: bool,
    /// It is being queued by MULTI: its keys are counted when EXEC comes.
    pub queueing: bool,
}

impl<'q> Query<'q> {
    /// A command that reads keys of these slots, from a client without any mode.
    pub fn read(slots: &'q [Slot]) -> Query<'q> {
        Query {
            slots,
            several_keys: false,
            readonly: false,
            asking: false,
            writes: false,
            shard_pubsub: false,
            migrate: false,
            other_db: false,
            queueing: false,
        }
    }
}

/// How many of the keys are here.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct KeyCounts {
    /// Present.
    pub existing: usize,
    /// Absent.
    pub missing: usize,
}

/// The decision.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Route {
    /// Execute.
    Local,
    /// The slot is another node's.
    Moved {
        /// Which slot.
        slot: Slot,
        /// Its owner.
        to: NodeIdx,
    },
    /// The keys have gone, or never were: ask the node that the slot goes to.
    Ask {
        /// Which slot.
        slot: Slot,
        /// Where it goes.
        to: NodeIdx,
    },
    /// Keys of different slots.
    CrossSlot,
    /// The keys are partly here, partly there.
    TryAgain,
    /// The cluster does not serve.
    Down,
    /// The cluster serves reads only.
    DownReadOnly,
    /// Nobody owns the slot.
    Unbound,
}

impl Route {
    /// The error line for the client, `-` included; `None` for [`Route::Local`]. `view` is the one that
    /// decided.
    pub fn error(self, view: &View, audience: Audience) -> Option<String> {
        let redirect = |verb: &str, slot: Slot, to: NodeIdx| {
            let node = &view.node(to).address;
            let endpoint = node.endpoint(view.settings.endpoint, audience);
            format!("-{verb} {slot} {endpoint}:{}", node.port_for(audience))
        };
        let text = match self {
            Route::Local => return None,
            Route::Moved { slot, to } => return Some(redirect("MOVED", slot, to)),
            Route::Ask { slot, to } => return Some(redirect("ASK", slot, to)),
            Route::CrossSlot => "-CROSSSLOT Keys in request don't hash to the same slot",
            Route::TryAgain => "-TRYAGAIN Multiple keys request during rehashing of slot",
            Route::Down => "-CLUSTERDOWN The cluster is down",
            Route::DownReadOnly => "-CLUSTERDOWN The cluster is down and only accepts read commands",
            Route::Unbound => "-CLUSTERDOWN Hash slot not served",
        };
        Some(text.to_owned())
    }
}

/// Decides (spec `cluster-behaviour.md` §8.2, Valkey's order). `count` is called at most once, and only for
/// open slots.
pub fn route(view: &View, query: &Query<'_>, count: impl FnOnce() -> KeyCounts) -> Route {
    let Some((slot, others)) = query.slots.split_first() else {
        return Route::Local;
    };
    let slot = *slot;
    if others.iter().any(|other| *other != slot) {
        return Route::CrossSlot;
    }
    let Some(owner) = view.owner(slot) else {
        return Route::Unbound;
    };
    let open = Open::of(view, query, slot, owner);
    if query.other_db && open != Open::No {
        return Route::TryAgain;
    }
    let uncounted = open == Open::No || query.shard_pubsub || query.queueing;
    let keys = if uncounted { KeyCounts::default() } else { count() };
    if let Some(refusal) = refused_when_down(view, query) {
        return refusal;
    }
    if let Some(decision) = open.decide(view, query, slot, keys) {
        return decision;
    }
    if owner == view.myself || reads_replica(view, query, owner) {
        Route::Local
    } else {
        Route::Moved { slot, to: owner }
    }
}

/// What becomes of a client that is blocked on a key of `slot`; `readonly` as in [`Query`], and its command
/// does not write. [`Route::Local`] lets it wait on.
pub fn route_blocked(view: &View, slot: Slot, readonly: bool) -> Route {
    if !view.state_ok {
        return Route::Down;
    }
    let query = Query { readonly, ..Query::read(&[]) };
    match view.owner(slot) {
        None => Route::Unbound,
        Some(owner) if owner == view.myself || view.importing_from(slot).is_some() => Route::Local,
        Some(owner) if reads_replica(view, &query, owner) => Route::Local,
        Some(to) => Route::Moved { slot, to },
    }
}

/// Whether the slot is on its way, as far as this command is concerned.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    No,
    To(NodeIdx),
    From,
}

impl Open {
    /// A replica looks at its primary's marks, for clients that want to read from it.
    fn of(view: &View, query: &Query<'_>, slot: Slot, owner: NodeIdx) -> Open {
        let me = view.me();
        if me.replica && !query.readonly {
            return Open::No;
        }
        let ours = owner == view.myself || me.primary == Some(owner);
        match view.migrating_to(slot) {
            Some(target) if ours => Open::To(target),
            _ if view.importing_from(slot).is_some() => Open::From,
            _ => Open::No,
        }
    }

    fn decide(self, view: &View, query: &Query<'_>, slot: Slot, keys: KeyCounts) -> Option<Route> {
        let primary = !view.me().replica;
        let missing = keys.missing > 0;
        match self {
            Open::No => None,
            _ if query.migrate && primary => Some(Route::Local),
            Open::To(_) if missing && keys.existing > 0 => Some(Route::TryAgain),
            Open::To(to) if missing => Some(Route::Ask { slot, to }),
            // A replica never takes a write, whatever its primary imports.
            Open::From if query.asking && (primary || !query.writes) => {
                Some(if query.several_keys && missing { Route::TryAgain } else { Route::Local })
            }
            _ => None,
        }
    }
}

fn refused_when_down(view: &View, query: &Query<'_>) -> Option<Route> {
    let settings = view.settings;
    if view.state_ok {
        None
    } else if query.shard_pubsub {
        (!settings.pubsubshard_when_down).then_some(Route::Down)
    } else if !settings.reads_when_down {
        Some(Route::Down)
    } else {
        query.writes.then_some(Route::DownReadOnly)
    }
}

fn reads_replica(view: &View, query: &Query<'_>, owner: NodeIdx) -> bool {
    let me = view.me();
    me.replica && me.primary == Some(owner) && (query.readonly || query.shard_pubsub) && !query.writes
}

#[cfg(test)]
mod tests;
