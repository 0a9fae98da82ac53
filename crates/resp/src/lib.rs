//! The client protocol: requests parsed where they lie in the connection's buffer, replies written in RESP2 or
//! RESP3, and the other side of it for tools and tests. No I/O.

mod args;
pub mod client;
mod error;
mod parser;
mod reply;

pub use args::{Args, OwnedRequest, RequestBuf, Span};
pub use error::ProtocolError;
pub use parser::{Limits, Parsed, Parser};
pub use reply::{Mark, Proto, Reply};
