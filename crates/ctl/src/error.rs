//! What goes wrong between an operator and a cluster, sorted by whose it is.

use std::io;
use std::path::PathBuf;

use resp::client::DecodeError;

use crate::address::NodeAddr;

/// Why an operation ended. The text is for the operator: it names the node and says what to do, if known.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The node cannot be reached.
    #[error("cannot connect to {addr}: {source}")]
    Connect {
        /// Whom.
        addr: NodeAddr,
        /// Why.
        source: io::Error,
    },
    /// The node was reached, and then the connection broke or nothing came in time.
    #[error("lost {addr} while it was to answer {command}: {source}")]
    Lost {
        /// Whom.
        addr: NodeAddr,
        /// The command's name.
        command: String,
        /// Why.
        source: io::Error,
    },
    /// What came is not RESP.
    #[error("{addr} does not speak the Redis protocol: {source}")]
    Garbled {
        /// Who.
        addr: NodeAddr,
        /// What is wrong.
        source: DecodeError,
    },
    /// The node answered with an error.
    #[error("{addr} refused {command}: {text}")]
    Refused {
        /// Who.
        addr: NodeAddr,
        /// The command's name.
        command: String,
        /// The error's code and message.
        text: String,
    },
    /// The node's answer makes no sense.
    #[error("{addr} answered {command} with something else than expected: {what}")]
    Unexpected {
        /// Who.
        addr: NodeAddr,
        /// The command's name.
        command: String,
        /// What is wrong with it.
        what: String,
    },
    /// The nodes are not as the operation needs them.
    #[error("{0}")]
    State(String),
    /// What the operator asked for cannot be.
    #[error("{0}")]
    Usage(String),
    /// The operator gave up.
    #[error("interrupted")]
    Interrupted,
    /// A local file or directory.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A server process could not be started.
    #[error("cannot start {}: {source}", program.display())]
    Start {
        /// Its executable.
        program: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl Error {
    /// For `map_err`, with the path in front of the system's words.
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Error {
        move |source| Error::File { path: path.into(), source }
    }
}
