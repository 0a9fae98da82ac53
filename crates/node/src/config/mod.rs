//! Configuration: the table of directives, their values, and the texts that `CONFIG` and redis.conf speak.
//!
//! [`Settings`] owns every value and answers `CONFIG GET`, `SET` and `REWRITE`. [`Config`] is what the machines
//! read: plain fields, immutable, made anew by [`Settings::snapshot`] after each change. No file is touched
//! here: [`load`] asks a [`Host`] for included files and for changes of directory.

mod arguments;
mod bus;
mod directive;
mod events;
mod get;
mod kind;
mod limits;
mod load;
mod number;
mod rewrite;
mod set;
mod settings;
mod snapshot;
mod status;
mod table;
#[cfg(test)]
mod tests;
mod typed;
mod users;
mod value;

pub use arguments::{Invocation, Sources, parse_arguments, usage};
pub use directive::Directive;
pub use events::Events;
pub use kind::Kind;
pub use limits::{OutputClass, OutputLimit, SavePoint};
pub use load::{Host, Included, LoadError, Loaded, Rename, load, report};
pub use set::{SetContext, SetError};
pub use settings::{Defaults, Settings};
pub use status::{Status, harmless, of as status, unbuilt};
pub use table::{find, rows};
pub use typed::{
    Access, Address, BUS_PORT_OFFSET, Clients, Cluster, Config, Encodings, EndpointType, EvictionPolicy,
    Latency, LogLevel, Logging, Memory, Network, Permission, Process, Scripts, Shutdown, UndeclaredKeys,
};
pub use value::Value;
