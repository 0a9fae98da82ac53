//! Operating clusters from outside: `handfast cluster …`. A blocking client of any Redis-compatible cluster, the
//! plan of a new one, and a local cluster of real server processes made with both.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a tool for operators: it has sockets, files, processes and the time"
)]

mod address;
mod check;
mod cli;
mod connection;
mod create;
mod error;
mod nodes;
mod plan;
mod survey;
mod table;
mod up;

pub use address::{BadAddress, NodeAddr};
pub use check::problems;
pub use cli::{ClusterCommand, run};
pub use connection::{Connection, Login};
pub use create::{Operator, connect, create, form, wait_agreed};
pub use error::Error;
pub use nodes::{BadNodes, ClusterNode, ClusterView, OpenSlot};
pub use plan::{CreatePlan, PRIMARIES_MAX, PlannedPrimary};
pub use survey::{Answer, Member, Survey};
pub use up::{UpOptions, up};
