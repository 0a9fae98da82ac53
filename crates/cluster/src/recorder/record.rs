//! One record: a time, a kind, the node concerned, and a few named values.

use base::NodeId;
use std::fmt;

/// Named values of a record, at most.
pub const RECORD_FIELDS_MAX: usize = 4;
/// Longest text of a value, in bytes; longer ones are cut.
pub const RECORD_TEXT_BYTES_MAX: usize = 240;

macro_rules! kinds {
    ($($variant:ident $name:literal $noise:literal $doc:literal,)*) => {
        /// What happened.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        pub enum What {
            $(#[doc = $doc] $variant,)*
        }

        impl What {
            /// Every kind.
            pub const ALL: &[What] = &[$(What::$variant,)*];

            /// Its name in replies and traces.
            pub fn name(self) -> &'static str {
                match self {
                    $(What::$variant => $name,)*
                }
            }

            /// Whether peers can cause it at will: then it must not push out what was decided.
            pub(crate) fn is_noise(self) -> bool {
                match self {
                    $(What::$variant => $noise,)*
                }
            }
        }
    };
}

kinds! {
    Started "started" false "This node started.",
    Meet "meet" false "An operator asked to meet an address.",
    MeetDone "meet-done" false "That MEET made both know each other.",
    MeetFailed "meet-failed" false "That MEET came to nothing.",
    HandshakeBegan "handshake-began" true "A stranger said MEET: it is taken as trusted and dialled back.",
    HandshakeDone "handshake-done" false "A node said its name on the link that we dialled, and is known from now on.",
    HandshakeExpired "handshake-expired" true "A node in handshake did not answer in time.",
    Learnt "learnt" true "A trusted node named one that was not known.",
    Suspected "suspected" false "A node was silent for the node timeout: PFAIL.",
    Cleared "cleared" false "A suspect answered.",
    Reported "reported" true "Another primary says that a node does not answer it.",
    ReportWithdrawn "report-withdrawn" true "Another node reaches one that it had reported.",
    Failed "failed" false "A node is marked as failed: FAIL.",
    Recovered "recovered" false "A failed node is taken as sound again.",
    VoteAsked "vote-asked" false "A replica asked for a vote.",
    VoteGranted "vote-granted" false "It got it.",
    VoteRefused "vote-refused" false "It did not get it.",
    EpochRaised "epoch-raised" false "The cluster's epoch grew.",
    ConfigEpoch "config-epoch" false "A node's config epoch changed.",
    SlotsMoved "slots-moved" false "Slots have another owner.",
    SlotOpened "slot-opened" false "A slot is migrating or importing.",
    RoleChanged "role-changed" false "A node became a primary or a replica.",
    AddressChanged "address-changed" false "A node is reached elsewhere.",
    NameMismatch "name-mismatch" false "Another node answers at a node's address.",
    Forgotten "forgotten" false "A node was removed, and barred from coming back by gossip.",
    Reset "reset" false "This node forgot the cluster.",
    StateChanged "state-changed" false "The cluster serves, or does not.",
    SaveFailed "save-failed" true "The configuration could not be written.",
    LinkUp "link-up" true "A link is connected, or its far end is known.",
    LinkDown "link-down" true "A link is gone.",
    Refused "refused" true "A connection, a claim or an address was not taken from a peer.",
    PacketDropped "packet-dropped" true "A packet was thrown away.",
}

/// A value of a record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Value {
    /// A count, an epoch, a time.
    Number(u64),
    /// Another node.
    Node(NodeId),
    /// Anything else, at most [`RECORD_TEXT_BYTES_MAX`] bytes.
    Text(Box<str>),
}

impl From<u64> for Value {
    fn from(number: u64) -> Value {
        Value::Number(number)
    }
}

impl From<NodeId> for Value {
    fn from(node: NodeId) -> Value {
        Value::Node(node)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        let end = text.floor_char_boundary(RECORD_TEXT_BYTES_MAX);
        Value::Text(text[..end].into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::from(text.as_str())
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Number(number) => write!(f, "{number}"),
            Value::Node(node) => write!(f, "{node}"),
            Value::Text(text) => f.write_str(text),
        }
    }
}

/// Something that this node saw or decided.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Grows from record to record.
    pub id: u64,
    /// When, the last time if it repeated itself.
    pub unix_ms: u64,
    /// What.
    pub what: What,
    /// The node concerned, if it has a name.
    pub node: Option<NodeId>,
    /// How often in a row.
    pub times: u64,
    /// Names and values.
    pub fields: Vec<(&'static str, Value)>,
}

impl Record {
    pub(super) fn says_the_same(&self, other: &Record) -> bool {
        self.what == other.what && self.node == other.node && self.fields == other.fields
    }
}

/// `KIND NODE name=value …`: the line of a trace, without the time.
impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.what.name())?;
        if let Some(node) = self.node {
            write!(f, " {node}")?;
        }
        for (name, value) in &self.fields {
            match value {
                Value::Text(text) if text.contains(' ') => write!(f, " {name}=\"{text}\"")?,
                _ => write!(f, " {name}={value}")?,
            }
        }
        if self.times > 1 {
            write!(f, " ({} times)", self.times)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_unique_and_lower_case() {
        let names: BTreeSet<&str> = What::ALL.iter().map(|what| what.name()).collect();
        assert_eq!(names.len(), What::ALL.len());
        assert!(names.iter().all(|name| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')));
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        let Value::Text(text) = Value::from("ü".repeat(RECORD_TEXT_BYTES_MAX)) else { panic!("a text") };
        assert_eq!(text.len(), RECORD_TEXT_BYTES_MAX);
        let Value::Text(text) = Value::from(format!("a{}", "ü".repeat(RECORD_TEXT_BYTES_MAX))) else {
            panic!("a text")
        };
        assert_eq!(text.len(), RECORD_TEXT_BYTES_MAX - 1);
    }

    #[test]
    fn a_record_is_one_line() {
        let record = Record {
            id: 7,
            unix_ms: 5,
            what: What::VoteRefused,
            node: None,
            times: 2,
            fields: vec![("epoch", Value::from(3)), ("reason", Value::from("its primary is up"))],
        };
        assert_eq!(record.to_string(), "vote-refused epoch=3 reason=\"its primary is up\" (2 times)");
    }
}
