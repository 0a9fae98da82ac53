//! What a node of ours has told, it does not take back: epochs go up and up, also over a crash, and in one epoch it votes
//! once.

use crate::bus::raw::{Raw, kind};
use base::NodeId;
use std::collections::BTreeMap;

/// What one host's node has said.
#[derive(Default)]
struct Told {
    id: Option<NodeId>,
    current: u64,
    own: u64,
    vote: u64,
    /// Its files were damaged since: epochs may go back once.
    excused: bool,
}

/// By host.
#[derive(Default)]
pub struct Promises {
    told: BTreeMap<usize, Told>,
}

impl Promises {
    /// A full header left the host.
    pub fn sent(&mut self, host: usize, packet: Raw<'_>) -> Result<(), String> {
        let told = self.told.entry(host).or_default();
        let id = packet.sender();
        if told.id != id {
            *told = Told { id, ..Told::default() };
        }
        let (current, own) = (packet.current_epoch(), packet.config_epoch());
        for (what, was, is) in [("current", told.current, current), ("configuration", told.own, own)] {
            if is < was && packet.replicaof().is_none() {
                return Err(format!("its {what} epoch was {was} and is {is}"));
            }
        }
        (told.current, told.own) = (current, own);
        if packet.kind() == kind::AUTH_ACK {
            if current <= told.vote {
                return Err(format!("votes in epoch {current} after it voted in {}", told.vote));
            }
            told.vote = current;
        }
        Ok(())
    }

    /// A process started with these: the cluster's epoch, its own, that of its last vote.
    pub fn started(&mut self, host: usize, (current, own, vote): (u64, u64, u64)) -> Result<(), String> {
        let Some(told) = self.told.get_mut(&host) else { return Ok(()) };
        if std::mem::take(&mut told.excused) {
            (told.current, told.own) = (told.current.min(current), told.own.min(own));
            return Ok(());
        }
        let pairs = [
            ("the cluster's epoch", told.current, current),
            ("its epoch", told.own, own),
            ("its vote", told.vote, vote),
        ];
        match pairs.into_iter().find(|(_, told, now)| now < told) {
            Some((what, told, now)) => Err(format!("told {what} {told}, and starts with {now}")),
            None => Ok(()),
        }
    }

    /// The node is another one now.
    pub fn forget(&mut self, host: usize) {
        self.told.remove(&host);
    }

    /// Its files were damaged.
    pub fn damaged(&mut self, host: usize) {
        self.told.entry(host).or_default().excused = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cluster::wire::{self, Body, Header, Packet};

    fn packet(current: u64, own: u64, body: Body) -> Vec<u8> {
        let mut header = Header::new(NodeId::random(&mut base::Rng::new(1)));
        (header.current_epoch, header.config_epoch) = (current, own);
        let mut bytes = Vec::new();
        wire::encode(&Packet { header, body }, &mut bytes);
        bytes
    }

    #[test]
    fn epochs_and_votes_are_kept() {
        let mut promises = Promises::default();
        let mut sent = |c, o, body| promises.sent(0, Raw(&packet(c, o, body))).is_ok();
        assert!(sent(5, 3, Body::AuthRequest) && sent(6, 3, Body::AuthAck));
        assert!(!sent(6, 3, Body::AuthAck), "twice in one epoch");
        assert!(!sent(5, 3, Body::AuthRequest) && !sent(6, 2, Body::AuthRequest));
        assert_eq!(promises.started(0, (6, 3, 6)), Ok(()));
        assert!(promises.started(0, (5, 3, 6)).is_err() && promises.started(0, (6, 3, 5)).is_err());
        promises.damaged(0);
        assert_eq!(promises.started(0, (2, 1, 0)), Ok(()));
        assert!(promises.sent(0, Raw(&packet(6, 3, Body::AuthAck))).is_err(), "the vote binds all the same");
        promises.forget(0);
        assert_eq!(promises.started(0, (0, 0, 0)), Ok(()));
    }
}
