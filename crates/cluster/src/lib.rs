//! The cluster, sans-IO: the bytes of its bus, its configuration file, the view that workers read, and the machine
//! that makes a node one of a cluster.

pub mod address;
pub mod conf;
pub mod route;
pub mod view;
pub mod wire;

mod announce;
mod claims;
mod compose;
mod core;
mod cron;
mod curiosity;
mod dial;
mod election;
mod epochs;
mod event;
mod failure;
mod forget;
mod gossip;
mod handshake;
mod health;
mod links;
mod machine;
mod news;
mod node;
mod node_table;
mod operator;
mod outbox;
mod place;
mod publish;
mod receive;
mod report;
mod roles;
mod save;
mod saver;
mod settings;
mod slots;
mod start;
mod stats;

pub use conf::Step as FileStep;
pub use event::{Event, Level, LinkAction, LinkId, SaveId, Transmit};
pub use handshake::HANDSHAKES_MAX;
pub use machine::Cluster;
pub use node_table::NODES_MAX;
pub use operator::{Bumped, Refused, SetSlot, SlotKeys};
pub use publish::TooLong;
pub use report::LinkReport;
pub use saver::{FileOp, OpId};
pub use settings::Settings;
pub use start::{LoadedFiles, StartError};
