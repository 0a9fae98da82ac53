//! Why a library or its payload is refused.

/// Why, in the words of Redis 7.0.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum LibraryError {
    /// The code does not begin with `#!`.
    #[error("Missing library metadata")]
    NoHeader,
    /// The first line does not end, or its quotes do not.
    #[error("Invalid library metadata")]
    BadHeader,
    /// The first line names no library.
    #[error("Library name was not given")]
    NoName,
    /// The first line names two.
    #[error("Invalid metadata value, name argument was given multiple times")]
    SeveralNames,
    /// The first line has a word that means nothing.
    #[error("Invalid metadata value given: {0}")]
    UnknownMetadata(String),
    /// A name has something else in it than letters, digits and underscores, or nothing.
    #[error(
        "Library names can only contain letters, numbers, or underscores(_) and must be at least one character long"
    )]
    BadName,
    /// The code is not Lua.
    #[error("Engine '{0}' not found")]
    NoEngine(String),
    /// Another library has the name.
    #[error("Library '{0}' already exists")]
    LibraryExists(String),
    /// A library of a payload has the name of one that is there.
    #[error("Library {0} already exists")]
    LibraryInTheWay(String),
    /// A function of another library has the name.
    #[error("Function {0} already exists")]
    FunctionExists(String),
    /// The code does not compile.
    #[error("Error compiling function: {0}")]
    Compile(String),
    /// The code failed while it ran.
    #[error("Error registering functions: {0}")]
    Register(String),
    /// The code ran and registered nothing.
    #[error("No functions registered")]
    NoFunctions,
    /// No library has the name.
    #[error("Library not found")]
    NoLibrary,
}
