//! Models of Redis 7.0, Redis 8 and Valkey 9 on the bus, written from the specification and apart from our machine, so
//! that each checks the other. They keep no keys; a replica has always replicated everything.

mod compose;
mod cron;
mod election;
mod gossip;
pub mod judge;
mod operator;
mod receive;
mod roles;
mod state;

use crate::bus::outlook::{Entry, Outlook};
use crate::bus::raw::{Raw, flag};
use crate::bus::world::{BUS_PORT, Family, PORT, Wish, model_dialled};
use base::{Mono, NodeId, Now, Rng};
use cluster::LinkId;
use election::Election;
use judge::{Verdict, judge};
use state::{Known, State};
use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, SocketAddr};

const TICK_US: u64 = 100_000;

/// One connection.
struct Link {
    /// By the name that its record has now.
    node: Option<NodeId>,
    dialled: bool,
    up: bool,
    peer: IpAddr,
    local: Option<IpAddr>,
    created: u64,
    extensions_seen: bool,
    held: Vec<u8>,
}

/// What a model remembers over a restart.
#[derive(Clone)]
pub struct Saved(State);

/// One node of another family.
pub struct Peer {
    family: Family,
    timeout_us: u64,
    state: State,
    ip: String,
    links: BTreeMap<LinkId, Link>,
    wishes: VecDeque<Wish>,
    rng: Rng,
    now: Now,
    next_tick: u64,
    ticks: u64,
    dialled: u64,
    ok: bool,
    state_asked: Option<u64>,
    minority_at: Option<u64>,
    election: Election,
    /// Tell everybody at the end of this call.
    announce: bool,
    /// How many nodes are suspected, since the last tick.
    suspects: usize,
}

impl Peer {
    /// Starts one, from what an earlier life remembered.
    pub fn start(family: Family, timeout_us: u64, saved: Option<Saved>, mut rng: Rng, now: Now) -> Peer {
        let state = match saved {
            Some(Saved(state)) => state,
            None => {
                let own = if family == Family::Valkey9 { flag::EXTENSIONS } else { 0 };
                State::new(NodeId::random(&mut rng), flag::PRIMARY | own, now.mono.0)
            }
        };
        let mut peer = Peer {
            family,
            timeout_us,
            ip: state.me().ip.clone(),
            state,
            links: BTreeMap::new(),
            wishes: VecDeque::new(),
            rng,
            now,
            next_tick: now.mono.0,
            ticks: 0,
            dialled: 0,
            ok: false,
            state_asked: None,
            minority_at: None,
            election: Election::default(),
            announce: false,
            suspects: 0,
        };
        peer.loaded();
        peer
    }

    /// Times of the last life mean nothing in this one.
    fn loaded(&mut self) {
        let now = self.t();
        for node in self.state.nodes.values_mut() {
            node.pong_received = if node.pong_received == 0 { 0 } else { now };
            node.ping_sent = if node.ping_sent == 0 { 0 } else { now };
            (node.created, node.inbound_lost, node.meet_sent) = (now, now, 0);
            (node.data_received, node.fail_time, node.voted) = (0, now, 0);
            (node.outbound, node.inbound) = (None, None);
            node.reports.clear();
        }
        // Of forgotten nodes nothing is on disk.
        self.state.forgotten.clear();
        self.state.current_epoch = self.state.greatest_epoch();
    }

    /// What would be on disk.
    pub fn save(&self) -> Saved {
        let mut state = self.state.clone();
        let in_handshake = |n: &Known| n.has(flag::HANDSHAKE);
        let gone: Vec<NodeId> = state.nodes.values().filter(|n| in_handshake(n)).map(|n| n.id).collect();
        gone.into_iter().for_each(|id| state.forget(id));
        state.me_mut().ip.clone_from(&self.ip);
        Saved(state)
    }

    fn t(&self) -> u64 {
        self.now.mono.0
    }

    fn is_valkey(&self) -> bool {
        self.family == Family::Valkey9
    }

    /// A connection came in.
    pub fn accepted(&mut self, link: LinkId, peer: IpAddr, local: IpAddr, now: Now) {
        self.now = now;
        self.links.insert(
            link,
            Link {
                node: None,
                dialled: false,
                up: true,
                peer,
                local: Some(local),
                created: now.mono.0,
                extensions_seen: false,
                held: Vec::new(),
            },
        );
    }

    fn dial(&mut self, id: NodeId) {
        let node = &self.state.nodes[&id];
        let Ok(peer) = node.ip.parse::<IpAddr>() else { return };
        let addr = SocketAddr::new(peer, node.cport);
        let link = model_dialled(self.dialled);
        self.dialled += 1;
        let created = self.t();
        let record = Link {
            node: Some(id),
            dialled: true,
            up: false,
            peer,
            local: None,
            created,
            extensions_seen: false,
            held: Vec::new(),
        };
        self.links.insert(link, record);
        self.state.at(id).outbound = Some(link);
        self.wishes.push_back(Wish::Dial(link, addr));
    }

    /// A connection that it dialled is open.
    pub fn up(&mut self, link: LinkId, now: Now) {
        self.now = now;
        let Some(record) = self.links.get_mut(&link) else { return };
        record.up = true;
        let Some(id) = record.node else { return };
        let before = self.state.nodes[&id].ping_sent;
        let meet = self.state.nodes[&id].has(flag::MEET);
        self.send_ping(link, if meet { crate::bus::raw::kind::MEET } else { crate::bus::raw::kind::PING });
        let valkey = self.is_valkey();
        let node = self.state.at(id);
        if before != 0 {
            node.ping_sent = before;
        }
        if meet && !valkey {
            node.flags &= !flag::MEET;
        }
    }

    /// A connection is no more.
    pub fn down(&mut self, link: LinkId, now: Now) {
        self.now = now;
        let opening = self.links.get(&link).filter(|l| !l.up).and_then(|l| l.node);
        self.unlink(link);
        if let Some(id) = opening.filter(|id| self.state.nodes[id].ping_sent == 0) {
            self.state.at(id).ping_sent = now.mono.0;
        }
    }

    fn close(&mut self, link: LinkId) {
        if self.links.contains_key(&link) {
            self.wishes.push_back(Wish::Close(link));
            self.unlink(link);
        }
    }

    fn unlink(&mut self, link: LinkId) {
        let Some(record) = self.links.remove(&link) else { return };
        let now = self.t();
        if let Some(node) = record.node.and_then(|id| self.state.nodes.get_mut(&id)) {
            if node.outbound == Some(link) {
                node.outbound = None;
            }
            if node.inbound == Some(link) {
                node.inbound = None;
                node.inbound_lost = now;
            }
        }
    }

    /// Removes a node with its links.
    fn remove(&mut self, id: NodeId) {
        let node = &self.state.nodes[&id];
        for link in [node.outbound, node.inbound].into_iter().flatten() {
            self.close(link);
        }
        self.state.forget(id);
    }

    /// Bytes came.
    pub fn bytes(&mut self, link: LinkId, bytes: &[u8], now: Now) {
        self.now = now;
        let Some(record) = self.links.get_mut(&link) else { return };
        record.held.extend_from_slice(bytes);
        while let Some(record) = self.links.get_mut(&link) {
            let total = Raw(&record.held).u32(4) as usize;
            if record.held.len() < 14 || (record.held.len() < total && total < 1 << 24) {
                break;
            }
            let take = total.min(record.held.len());
            let packet: Vec<u8> = record.held.drain(..take.max(1)).collect();
            match judge(self.family, &packet) {
                Verdict::Taken => self.receive(link, Raw(&packet)),
                Verdict::Dropped(why) => self.log(format!("drops a packet: {why}")),
                Verdict::Fatal(_) => self.close(link),
            }
        }
        self.settle();
    }

    fn settle(&mut self) {
        if std::mem::take(&mut self.announce) {
            self.broadcast_pong(|_| true);
        }
    }

    fn log(&mut self, text: String) {
        self.wishes.push_back(Wish::Log(text));
    }

    /// The time that it asked for has come.
    pub fn timeout(&mut self, now: Now) {
        self.now = now;
        if now.mono.0 >= self.next_tick {
            self.next_tick = now.mono.0 + TICK_US;
            self.tick();
            self.settle();
        }
    }

    /// When it wants to be called.
    pub fn next_timeout(&self) -> Mono {
        Mono(self.next_tick)
    }

    /// The next thing that it wants.
    pub fn next_wish(&mut self) -> Option<Wish> {
        self.wishes.pop_front()
    }

    /// Its name.
    pub fn id(&self) -> NodeId {
        self.state.me
    }

    /// The cluster's epoch, its own, and the last that it voted in.
    pub fn epochs(&self) -> (u64, u64, u64) {
        (self.state.current_epoch, self.state.me().epoch, self.state.last_vote)
    }

    /// What it shows.
    pub fn outlook(&self) -> Outlook {
        let up = |link: Option<LinkId>| link.is_some_and(|l| self.links.get(&l).is_some_and(|l| l.up));
        let entry = |n: &Known| Entry {
            flags: n.flags,
            ip: if n.id == self.state.me { self.ip.clone() } else { n.ip.clone() },
            port: if n.id == self.state.me { PORT } else { n.port },
            bus_port: if n.id == self.state.me { BUS_PORT } else { n.cport },
            primary: n.replicaof,
            epoch: n.epoch,
            connected: n.id == self.state.me || up(n.outbound),
            inbound: n.inbound.is_some(),
            slots: n.slots.clone(),
        };
        let nodes = self.state.nodes.values().map(|n| (n.id, entry(n))).collect();
        Outlook { me: self.state.me, ok: self.ok, current_epoch: self.state.current_epoch, nodes }
    }
}
