//! Sockets: what clients and peers connect to.

mod listen;
mod socket;

pub use listen::{Bound, Listener, unlink};
pub use socket::{Accepted, Socket, prepare_tcp};
