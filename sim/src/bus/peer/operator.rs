//! What an operator may ask of a model. Errors are for the trace only.

use super::Peer;
use super::state::State;
use crate::bus::raw::flag;
use crate::bus::world::{BUS_PORT, Family, PORT};
use base::{NodeId, Now, Slot, SlotSet};

type Done = Result<(), String>;

impl Peer {
    fn known(&self, id: NodeId) -> Done {
        if self.state.nodes.contains_key(&id) { Ok(()) } else { Err(format!("Unknown node {id}")) }
    }

    fn act(&mut self, now: Now, work: impl FnOnce(&mut Peer) -> Done) -> Done {
        self.now = now;
        let done = work(self);
        self.settle();
        done
    }

    /// CLUSTER MEET.
    pub fn meet(&mut self, ip: &str, now: Now) -> Done {
        self.act(now, |peer| {
            let same = |n: &super::Known| n.has(flag::HANDSHAKE) && n.ip == ip;
            if !peer.state.nodes.values().any(same) {
                peer.add_handshake(ip.to_owned(), PORT, BUS_PORT, flag::MEET);
            }
            Ok(())
        })
    }

    /// CLUSTER FORGET.
    pub fn forget(&mut self, id: NodeId, ttl_s: u64, now: Now) -> Done {
        self.act(now, |peer| {
            let until = now.mono.0 + ttl_s * 1_000_000;
            let newer = peer.family != Family::Redis7;
            if newer && peer.state.forgotten.get(&id).is_some_and(|until| *until > now.mono.0) {
                return Ok(());
            }
            peer.known(id)?;
            if id == peer.state.me || peer.state.me().replicaof == Some(id) {
                return Err("not myself, nor my master".to_owned());
            }
            peer.state.forgotten.insert(id, until);
            peer.remove(id);
            Ok(())
        })
    }

    /// CLUSTER ADDSLOTS.
    pub fn add_slots(&mut self, slots: &SlotSet, now: Now) -> Done {
        self.act(now, |peer| {
            if let Some(busy) = slots.iter().find(|slot| peer.state.owner(*slot).is_some()) {
                return Err(format!("Slot {busy} is already busy"));
            }
            slots.iter().for_each(|slot| peer.state.give(slot, peer.state.me));
            Ok(())
        })
    }

    /// CLUSTER SETSLOT IMPORTING.
    pub fn import(&mut self, slot: Slot, from: NodeId, now: Now) -> Done {
        self.act(now, |peer| {
            peer.known(from)?;
            peer.state.importing.insert(slot, from);
            Ok(())
        })
    }

    /// CLUSTER SETSLOT NODE.
    pub fn assign(&mut self, slot: Slot, to: NodeId, now: Now) -> Done {
        self.act(now, |peer| {
            peer.known(to)?;
            peer.state.give(slot, to);
            if to == peer.state.me && peer.state.importing.remove(&slot).is_some() {
                peer.bump();
                peer.announce = true;
            }
            Ok(())
        })
    }

    /// CLUSTER BUMPEPOCH.
    pub fn bump_epoch(&mut self, now: Now) -> Done {
        self.act(now, |peer| {
            peer.bump();
            Ok(())
        })
    }

    /// CLUSTER REPLICATE.
    pub fn replicate(&mut self, primary: NodeId, now: Now) -> Done {
        self.act(now, |peer| {
            peer.known(primary)?;
            let refused = primary == peer.state.me
                || peer.state.me().counts()
                || peer.state.nodes[&primary].has(flag::REPLICA | flag::HANDSHAKE);
            if refused {
                return Err("not of this node".to_owned());
            }
            peer.follow(primary);
            Ok(())
        })
    }

    /// PUBLISH of one of its clients.
    pub fn publish(&mut self, channel: &[u8], message: &[u8], now: Now) -> Done {
        self.act(now, |peer| {
            peer.broadcast_publish(channel, message);
            Ok(())
        })
    }

    /// CLUSTER RESET HARD.
    pub fn reset(&mut self, now: Now) -> Done {
        self.act(now, |peer| {
            let names: Vec<NodeId> =
                peer.state.nodes.keys().copied().filter(|id| *id != peer.state.me).collect();
            names.into_iter().for_each(|id| peer.remove(id));
            let own = if peer.is_valkey() { flag::EXTENSIONS } else { 0 };
            peer.state = State::new(NodeId::random(&mut peer.rng), flag::PRIMARY | own, now.mono.0);
            peer.election_reset();
            Ok(())
        })
    }
}
