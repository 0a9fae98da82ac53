//! Publish/subscribe: who listens to what.
//!
//! The [`Hub`] is shared and knows, for each channel and pattern, how many clients of which worker listen. A publisher reads it, and posts
//! one letter to each worker concerned. A worker's [`Listeners`] know the connections. What a client itself has subscribed to is in its
//! session, which carries it where it goes.

mod hub;
mod listeners;
mod message;
mod subscriptions;

pub use hub::Hub;
pub use listeners::{Listener, Listeners};
pub use message::{Message, confirm};
pub use subscriptions::{Change, Subscriptions};

/// What a name stands for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Kind {
    /// A channel.
    Channel,
    /// A pattern over channels.
    Pattern,
    /// A channel of a slot, known to the slot's shard alone.
    Shard,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 3] = [Kind::Channel, Kind::Pattern, Kind::Shard];

    /// The word that confirms a subscription.
    pub fn subscribe_word(self) -> &'static str {
        match self {
            Kind::Channel => "subscribe",
            Kind::Pattern => "psubscribe",
            Kind::Shard => "ssubscribe",
        }
    }

    /// The word that confirms its end.
    pub fn unsubscribe_word(self) -> &'static str {
        match self {
            Kind::Channel => "unsubscribe",
            Kind::Pattern => "punsubscribe",
            Kind::Shard => "sunsubscribe",
        }
    }
}
