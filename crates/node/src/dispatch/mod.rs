//! From a request to a handler: the table of commands, the checks in their order, and execution.

mod admit;
mod call;
mod core;
mod execute;
mod redirect;
mod row;
mod transaction;

pub use admit::Refusal;
pub use call::{Call, ControlCall, Flow, Held, Request};
pub use core::Core;
pub use row::{Named, Needs, Prepare, Row, Run, Table};
