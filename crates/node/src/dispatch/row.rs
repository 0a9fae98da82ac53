//! One command: its facts and what runs it.

use super::{Call, ControlCall, Flow};
use commands::Spec;

/// What runs a command, and what it holds meanwhile.
#[derive(Clone, Copy)]
pub enum Run {
    /// A data command: holds the stripes of its keys.
    Data(commands::Handler),
    /// A data command that walks the keyspace, one stripe at a time.
    Walk(commands::WalkHandler),
    /// A data command that needs the whole keyspace.
    DataWhole(commands::Handler),
    /// A command of the node that touches no key; runs on the client's worker.
    Node(fn(&mut Call<'_, '_>) -> Flow),
    /// A command of the node that needs the whole keyspace.
    NodeWhole(fn(&mut Call<'_, '_>) -> Flow),
    /// A command that control runs.
    Control(fn(&mut ControlCall<'_, '_>) -> Flow),
    /// A command that control runs while nobody else acts: it changes what workers act on.
    ControlWhole(fn(&mut ControlCall<'_, '_>) -> Flow),
    /// EXEC: what it needs depends on the queue.
    Exec,
}

/// One command of the table.
pub struct Row {
    /// Its facts.
    pub spec: &'static Spec,
    /// What runs it.
    pub run: Run,
    /// Its place in the table, for counters.
    pub index: u32,
}
