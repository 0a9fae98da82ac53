//! What can be wrong with the bytes of a value.

use ds::value::stream::BadStream;

/// Why a value was not read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Fault {
    /// They end before the value does.
    #[error("the bytes end within the value")]
    Short,
    /// They contradict themselves.
    #[error("bad data: {0}")]
    Bad(&'static str),
    /// The parts of a stream contradict each other.
    #[error("bad stream: {0}")]
    Stream(#[from] BadStream),
    /// The value has no elements, and so no key can hold it. All of it was read.
    #[error("the value has no elements")]
    Empty,
    /// A module's value.
    #[error("values of modules are not supported")]
    Module,
    /// Of no type that the server that wrote it has.
    #[error("no value is of type {0}")]
    Unknown(u8),
}
