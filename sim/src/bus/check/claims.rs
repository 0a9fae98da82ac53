//! No slot has two owners that claim it in one configuration epoch: peers could not tell who is right.

use crate::bus::raw::Raw;
use base::NodeId;
use std::collections::BTreeMap;

const BYTES: usize = base::SLOTS / 8;

/// What a host said last of its own slots.
struct Claim {
    id: NodeId,
    epoch: u64,
    slots: Box<[u8; BYTES]>,
}

/// All of them, by host.
#[derive(Default)]
pub struct Claims {
    last: BTreeMap<usize, Claim>,
}

impl Claims {
    /// A full header left the host.
    pub fn sent(&mut self, host: usize, packet: Raw<'_>) -> Result<(), String> {
        let Some(id) = packet.sender().filter(|_| packet.replicaof().is_none()) else {
            self.last.remove(&host);
            return Ok(());
        };
        let (epoch, slots) = (packet.config_epoch(), packet.0.get(80..80 + BYTES).unwrap_or_default());
        let same = |c: &Claim| c.id == id && c.epoch == epoch && c.slots[..] == *slots;
        if self.last.get(&host).is_some_and(same) {
            return Ok(());
        }
        let claim = Claim { id, epoch, slots: Box::new(packet.slots()) };
        let against = self.last.iter().find_map(|(h, other)| {
            let rival = *h != host && other.epoch == epoch && other.id != id;
            let both = |(n, (a, b)): (usize, (&u8, &u8))| {
                (a & b != 0).then_some(n * 8 + (a & b).trailing_zeros() as usize)
            };
            let slot = other.slots.iter().zip(&claim.slots[..]).enumerate().find_map(both);
            slot.filter(|_| rival).map(|slot| (*h, slot))
        });
        self.last.insert(host, claim);
        match against {
            Some((other, slot)) => {
                Err(format!("slot {slot} is its own and n{other}'s, both in epoch {epoch}"))
            }
            None => Ok(()),
        }
    }

    /// The host's node is another one now.
    pub fn forget(&mut self, host: usize) {
        self.last.remove(&host);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cluster::wire::{self, Body, Header, Packet};

    fn packet(id: NodeId, epoch: u64, slot: u16) -> Vec<u8> {
        let mut header = Header::new(id);
        header.config_epoch = epoch;
        header.slots.insert(base::Slot::new(slot).expect("a slot"));
        let mut bytes = Vec::new();
        wire::encode(&Packet { header, body: Body::AuthRequest }, &mut bytes);
        bytes
    }

    #[test]
    fn one_slot_one_epoch_one_owner() {
        let mut rng = base::Rng::new(1);
        let (a, b) = (NodeId::random(&mut rng), NodeId::random(&mut rng));
        let mut claims = Claims::default();
        let mut sent = |host, id, epoch, slot| claims.sent(host, Raw(&packet(id, epoch, slot)));
        assert_eq!(sent(0, a, 5, 77), Ok(()));
        assert_eq!(sent(1, b, 5, 78), Ok(()));
        assert_eq!(sent(1, b, 6, 77), Ok(()));
        assert_eq!(sent(1, b, 5, 77), Err("slot 77 is its own and n0's, both in epoch 5".to_owned()));
    }
}
