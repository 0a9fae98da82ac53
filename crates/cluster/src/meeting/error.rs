//! Why a MEET came to nothing, in the operator's words.

use base::NodeId;

/// The reason. Displays as what follows `Can't meet ADDRESS: ` in the reply.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum MeetError {
    /// Nobody listens there.
    #[error("connection refused")]
    Refused,
    /// The system's words: no route, no such network, and the like.
    #[error("{0}")]
    Unreachable(String),
    /// No connection in time.
    #[error("timed out connecting")]
    NoConnection,
    /// Connected, and not a word.
    #[error("timed out waiting for an answer")]
    NoAnswer,
    /// It knows us, or should, and does not dial us.
    #[error("timed out: node {node} answered, but did not connect back to {at}")]
    NotDialledBack {
        /// Who.
        node: NodeId,
        /// Where it would reach us.
        at: String,
    },
    /// Connected, and closed by the other end.
    #[error("connection closed without an answer")]
    Closed,
    /// Something else listens there.
    #[error("not a cluster bus: {0}")]
    NotABus(&'static str),
    /// One end speaks TLS and the other does not.
    #[error("TLS mismatch: the other end expects TLS, and this node has tls-cluster no")]
    TlsMismatch,
    /// Nothing to be done.
    #[error("node {0} is already known")]
    AlreadyKnown(NodeId),
    /// Our own bus answered.
    #[error("that is the address of this node itself")]
    Myself,
    /// Those who heard of the ban would go on without it.
    #[error(
        "node {node} is banned by CLUSTER FORGET for another {left_s} seconds; MEET without WAIT lifts the ban"
    )]
    Banned {
        /// Who.
        node: NodeId,
        /// For how long.
        left_s: u64,
    },
    /// RESET or FORGET came in between.
    #[error("called off by CLUSTER RESET or CLUSTER FORGET")]
    CalledOff,
    /// A limit.
    #[error("too many handshakes under way")]
    TooMany,
}

impl MeetError {
    /// One word for records and tools.
    pub fn name(&self) -> &'static str {
        match self {
            MeetError::Refused => "refused",
            MeetError::Unreachable(_) => "unreachable",
            MeetError::NoConnection | MeetError::NoAnswer | MeetError::NotDialledBack { .. } => "timed-out",
            MeetError::Closed => "closed",
            MeetError::NotABus(_) => "not-a-bus",
            MeetError::TlsMismatch => "tls-mismatch",
            MeetError::AlreadyKnown(_) => "already-known",
            MeetError::Myself => "myself",
            MeetError::Banned { .. } => "banned",
            MeetError::CalledOff => "called-off",
            MeetError::TooMany => "too-many",
        }
    }

    /// Whether another address of the same name could do better.
    pub(crate) fn is_of_the_address(&self) -> bool {
        !matches!(self, MeetError::Banned { .. } | MeetError::CalledOff | MeetError::TooMany)
    }
}
