//! From a request to a handler: the table of commands, the checks in their order, and execution.

mod call;
mod check;
mod execute;
mod row;
mod table;
mod transaction;

pub use call::{Call, ControlCall, Env, Flow};
pub use check::{Refusal, check, needs_check};
pub use execute::{Executor, Place};
pub use row::{Row, Run};
pub use table::{Lookup, Table};
pub use transaction::{Needs, needs_of, watched_hashes};
