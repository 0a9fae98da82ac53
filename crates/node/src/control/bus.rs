//! The cluster machine's surface, passed through, and what follows from its events.

use super::{Control, DialError, FileOp, LinkAction, LinkId, OpId, Transmit};
use crate::mail::WorkerMail;
use crate::pubsub::Message;
use crate::shared::Level;
use base::{Now, SlotSet};
use cluster::{Cluster, Event};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

impl Control {
    /// The cluster machine; the outside calls nothing below if there is none.
    fn cluster(&mut self) -> &mut Cluster {
        self.state.cluster.as_mut().expect("only a node of a cluster has a bus")
    }

    /// A peer connected to the bus port.
    pub fn handle_accepted(&mut self, link: LinkId, peer: SocketAddr, local: IpAddr, now: Now) {
        self.with_cluster(now, |cluster| cluster.handle_accepted(link, peer, local, now));
    }

    /// Whether another connection should be accepted now.
    pub fn accepts(&self) -> bool {
        self.state.cluster.as_ref().is_some_and(Cluster::accepts)
    }

    /// A link that was to be dialled is connected.
    pub fn handle_up(&mut self, link: LinkId, local: IpAddr, now: Now) {
        self.with_cluster(now, |cluster| cluster.handle_up(link, local, now));
    }

    /// A link could not be dialled, for this reason.
    pub fn handle_dial_failed(&mut self, link: LinkId, why: DialError, now: Now) {
        self.with_cluster(now, |cluster| cluster.handle_dial_failed(link, why, now));
    }

    /// A link is closed, or could not be dialled.
    pub fn handle_down(&mut self, link: LinkId, now: Now) {
        self.with_cluster(now, |cluster| cluster.handle_down(link, now));
    }

    /// Bytes arrived on a link.
    pub fn handle_bytes(&mut self, link: LinkId, bytes: &[u8], now: Now) {
        self.with_cluster(now, |cluster| cluster.handle_bytes(link, bytes, now));
    }

    /// So many bytes wait for the link's socket.
    pub fn set_backlog(&mut self, link: LinkId, bytes: usize) {
        self.cluster().set_backlog(link, bytes);
    }

    /// A step of a save ended.
    pub fn handle_file(&mut self, op: OpId, result: Result<(), String>, now: Now) {
        self.with_cluster(now, |cluster| cluster.handle_file(op, result, now));
    }

    /// A connection to open or close.
    pub fn poll_link(&mut self) -> Option<LinkAction> {
        self.state.cluster.as_mut()?.poll_link()
    }

    /// Bytes for a link.
    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        self.state.cluster.as_mut()?.poll_transmit()
    }

    /// A step of a save to take.
    pub fn poll_file(&mut self) -> Option<FileOp> {
        self.state.cluster.as_mut()?.poll_file()
    }

    /// Tells the cluster which slots hold keys; called once, after the data set is loaded.
    pub fn adopt_slots(&mut self, with_keys: &SlotSet, now: Now) {
        self.with_cluster(now, |cluster| {
            cluster.adopt_slots(with_keys, now);
        });
    }

    fn with_cluster(&mut self, now: Now, act: impl FnOnce(&mut Cluster)) {
        self.begin(now);
        act(self.cluster());
        self.settle(now);
    }

    /// Acts on what the cluster said, until it has nothing more to say.
    pub(super) fn settle(&mut self, now: Now) {
        let mut changed = false;
        while let Some(event) = self.state.cluster.as_mut().and_then(Cluster::poll_event) {
            match event {
                Event::Log { level, text } => self.core.shared.log(log_level(level), &text),
                Event::ViewChanged => changed = true,
                // Keys of slots that went elsewhere are kept, unreachable, until they can be moved after
                // their slots: nothing is deleted on a peer's word.
                Event::SlotsLost { slots, to } => self.report_lost(&slots, to),
                Event::Published { sharded, channel, message } => {
                    let (channel, text) = (channel.into(), message.into());
                    self.core.tell_listeners(&Arc::new(Message { shard: sharded, channel, text }));
                }
                Event::Saved { save, result } => self.saved(save, &result),
                Event::Recorded(_) => {}
                Event::Resolve { name } => self.resolve_peer(name),
                Event::Met { meet, result } => self.met(meet, result.map(drop)),
                Event::Exit => self.exit_at_once(1),
            }
        }
        if changed {
            self.publish_view();
        }
        self.settle_exit(now);
    }

    /// A client of this node published a message: the other nodes' clients hear of it, too.
    pub(super) fn publish(&mut self, message: &Message) {
        let Message { shard, channel, text } = message;
        let now = self.core.now;
        let Some(cluster) = &mut self.state.cluster else { return };
        if let Err(error) = cluster.publish(*shard, channel, text, now) {
            self.core.shared.log(Level::Warning, &error.to_string());
        }
    }

    fn report_lost(&self, slots: &SlotSet, to: Option<base::NodeId>) {
        let keyspace = &self.core.shared.keyspace;
        let held = |slot| (0..keyspace.databases()).any(|db| keyspace.has_keys(db, slot));
        let keys = slots.iter().filter(|slot| held(*slot)).count();
        if keys > 0 {
            let to = to.map_or_else(|| "nobody".to_owned(), |id| id.to_string());
            let text = format!(
                "{keys} slots of {slots:?} hold keys that are unreachable here: the slots belong to {to} now."
            );
            self.core.shared.log(Level::Warning, &text);
        }
    }

    /// Publishes the cluster's view if it is newer than the published one.
    pub(super) fn publish_view(&mut self) {
        if let Some(cluster) = &self.state.cluster {
            let view = cluster.view();
            if view.version != self.core.view.version {
                let opens = self.core.view.fenced.is_some() && view.fenced != self.core.view.fenced;
                self.core.shared.set_view(view);
                if opens {
                    self.wake_workers();
                }
                self.core.view = Arc::clone(&self.core.shared.view.load());
            }
        }
    }

    /// Clients that waited for a fence may go on.
    fn wake_workers(&self) {
        for worker in 0..self.core.shared.workers {
            self.core.shared.outside.post.to_worker(worker, WorkerMail::Unpaused);
        }
    }

    fn saved(&mut self, save: cluster::SaveId, result: &Result<(), String>) {
        while self.state.saving.front().is_some_and(|(id, ..)| *id <= save) {
            let Some((_, mut held, reports)) = self.state.saving.pop_front() else { break };
            if let (Err(error), true) = (result, reports) {
                held.done.reply.clear();
                let text = format!("error saving the cluster node config: {error}");
                resp::Reply::new(&mut held.done.reply, held.done.session.proto).error(&text);
            }
            self.deliver(held);
        }
    }
}

fn log_level(level: cluster::Level) -> Level {
    match level {
        cluster::Level::Debug => Level::Debug,
        cluster::Level::Verbose => Level::Verbose,
        cluster::Level::Notice => Level::Notice,
        cluster::Level::Warning => Level::Warning,
    }
}
