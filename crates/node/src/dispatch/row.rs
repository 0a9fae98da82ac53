//! What runs each command, and the table of all of them.

use super::{Call, ControlCall, Core, Flow, Request};
use crate::scripts::Play;
use crate::session::Session;
use commands::Unknown;
use resp::Args;

/// What runs a command, and what it holds meanwhile.
#[derive(Clone, Copy)]
pub enum Run {
    /// A data command: holds the stripes of its keys.
    Keys(commands::Handler),
    /// A data command that walks the keyspace, one stripe at a time.
    Walk(commands::WalkHandler),
    /// A data command that needs the whole keyspace.
    Whole(commands::Handler),
    /// A command of the node that touches no key; runs on the client's worker.
    Node(fn(&mut Call<'_, '_>) -> Flow),
    /// A command of the node that holds the stripes of its keys.
    NodeKeys(fn(&mut Call<'_, '_>) -> Flow),
    /// A command of the node that needs the whole keyspace.
    NodeWhole(fn(&mut Call<'_, '_>) -> Flow),
    /// A command that control runs.
    Control(fn(&mut ControlCall<'_, '_>) -> Flow),
    /// A command that control runs while nobody else acts: it changes what workers act on.
    ControlWhole(fn(&mut ControlCall<'_, '_>) -> Flow),
    /// A script: what it needs depends on its keys and the configuration.
    Script(Prepare),
    /// EXEC: what it needs depends on the queue.
    Exec,
    /// A container without a subcommand of that name to run.
    Container,
}

/// Finds the script that a command means, and what it may do. The error is the reply.
pub type Prepare = fn(&mut Core, &'static Row, &Session, &Request<'_>) -> Result<Play, String>;

/// A command and what runs it.
pub type Row = commands::Command<Run>;

/// All commands of a node.
pub type Table = commands::Registry<Run>;

/// What a request's name stands for.
#[derive(Clone, Copy)]
pub enum Named {
    /// A command, with the right number of arguments or not.
    Row(&'static Row),
    /// Nothing.
    Unknown(Unknown),
}

/// What a command must hold, or who must run it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Needs {
    /// Nothing.
    Nothing,
    /// The shared permit.
    Walk,
    /// The stripes of its keys.
    Keys,
    /// The whole keyspace.
    Whole,
    /// Control runs it.
    Control,
    /// Control runs it, holding the whole keyspace.
    ControlWhole,
}

impl Needs {
    /// What a request needs by itself; EXEC's needs are those of its queue.
    #[inline]
    pub fn of_request(row: &Row, args: Args<'_>) -> Needs {
        match Needs::of(row.run) {
            Needs::Keys if row.spec.reaches.is_some_and(|reaches| reaches(args)) => Needs::Whole,
            needs => needs,
        }
    }

    /// What a command needs that keeps to the keys it names.
    pub fn of(run: Run) -> Needs {
        match run {
            Run::Node(_) | Run::Exec | Run::Container => Needs::Nothing,
            Run::Walk(_) => Needs::Walk,
            Run::Keys(_) | Run::NodeKeys(_) | Run::Script(_) => Needs::Keys,
            Run::Whole(_) | Run::NodeWhole(_) => Needs::Whole,
            Run::Control(_) => Needs::Control,
            Run::ControlWhole(_) => Needs::ControlWhole,
        }
    }
}
