//! Values as other servers store and send them: the value half of RDB, and the payloads of DUMP and RESTORE.
//!
//! [`dump`] writes a value with its footer, [`restore`] takes one from outside. Between them, [`Writer`] writes and
//! [`Loading`] reads values piece by piece, so that a file or a stream can go through a buffer that is smaller than a
//! value. What is read is verified to the last byte, and takes memory in proportion to the bytes that arrived.
//!
//! Reads versions 1 to 12 of Redis and 80 of Valkey. Writes version 10, which every server since Redis 7.0 takes,
//! unless the value needs a newer one. Modules' values are not read. Libraries of functions have payloads of their own.

mod cursor;
mod fault;
mod form;
mod len;
mod library;
mod lzf;
mod old;
mod payload;
mod read;
mod text;
mod value;
mod write;

pub use cursor::Cursor;
pub use fault::Fault;
pub use form::Dialect;
pub use library::{BadLibraries, LIBRARY, dump_libraries, restore_libraries};
pub use lzf::Compressor;
pub use payload::{BadPayload, Checksum, Payload, Refused, dump, restore};
pub use read::{Limits, Loading, Rules};
pub use text::Text;
pub use value::Value;
pub use write::{Reader, Writer};
