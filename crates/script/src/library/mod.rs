//! Libraries of functions: what FUNCTION LOAD takes and FCALL calls.

mod error;
mod flags;
mod header;
mod libraries;
mod load;
mod loaded;
mod loader;

pub use error::LibraryError;
pub use flags::Flags;
pub use header::Header;
pub use libraries::{Libraries, Policy};
pub use load::load;
pub(crate) use loaded::Loaded;
pub(crate) use loader::Loader;

/// A library that was loaded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Library {
    /// Its name.
    pub name: String,
    /// All of its code, the first line too.
    pub code: Vec<u8>,
    /// What it registered, in that order.
    pub functions: Vec<Function>,
}

impl Library {
    /// Bytes that it takes.
    pub fn memory(&self) -> usize {
        let functions = self.functions.iter().map(Function::memory).sum::<usize>();
        size_of::<Library>() + self.name.capacity() + self.code.capacity() + functions
    }
}

/// A function of a library.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// What its author says about it.
    pub description: Option<Vec<u8>>,
    /// What it may do.
    pub flags: Flags,
}

impl Function {
    fn memory(&self) -> usize {
        size_of::<Function>() + self.name.capacity() + self.description.as_ref().map_or(0, Vec::capacity)
    }
}
