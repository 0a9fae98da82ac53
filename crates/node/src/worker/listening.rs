//! The clients of this worker that listen to channels.

use super::Worker;
use super::conn::Conn;
use crate::families::pubsub::leave_all;
use crate::mail::ConnId;
use crate::pubsub::{Kind, Listener, Message, confirm};
use crate::session::Session;
use base::Slot;
use resp::{Proto, Reply};
use std::sync::atomic::Ordering::Relaxed;

impl Worker {
    /// Takes note of what a client has subscribed to or left since its last turn.
    pub(super) fn note_subscriptions(&mut self, conn: &mut Conn) {
        let Some(session) = conn.session.as_deref_mut() else { return };
        let Some(subscriptions) = &mut session.subscriptions else { return };
        for change in subscriptions.changes.drain(..) {
            self.listeners.note((conn.id, conn.card.id), change);
        }
        if subscriptions.is_empty() {
            session.subscriptions = None;
        }
    }

    /// The same for a connection in its place.
    pub(super) fn note_subscriptions_of(&mut self, id: ConnId) {
        if let Some(mut conn) = self.conns.get_mut(id.0 as usize).and_then(Option::take) {
            self.note_subscriptions(&mut conn);
            self.conns[id.0 as usize] = Some(conn);
        }
    }

    /// The client is gone: nobody listens there any more.
    pub(super) fn forget_subscriptions(&mut self, id: ConnId, session: &mut Session) {
        leave_all(&self.core, session);
        for change in session.subscriptions.take().into_iter().flat_map(|s| s.changes) {
            self.listeners.note((id, session.id()), change);
        }
    }

    /// A message was published that concerns clients of this worker.
    pub(super) fn published(&mut self, message: &Message) {
        let listeners = std::mem::take(&mut self.listeners);
        let mut reached = Vec::new();
        listeners.deliver(
            message,
            |(conn, client)| self.conn(conn).filter(|c| c.card.id == client && !c.dead).map(proto_of),
            |conn, bytes| reached.push((conn, bytes.to_vec())),
        );
        self.listeners = listeners;
        for (id, bytes) in reached {
            self.push(id, &bytes);
        }
    }

    /// Slots may have gone to other nodes: those who listen to their channels here are told that they do no more.
    pub(super) fn leave_lost_channels(&mut self) {
        if !self.core.config.cluster.enabled {
            return;
        }
        let view = &self.core.view;
        let lost = |name: &[u8]| !view.serves(Slot::of_key(name));
        let gone: Vec<(Box<[u8]>, Vec<Listener>)> = self
            .listeners
            .shard_channels()
            .filter(|(name, _)| lost(name))
            .map(|(name, all)| (name.into(), all.to_vec()))
            .collect();
        for (name, all) in gone {
            for (id, client) in all {
                self.leave_lost_channel(id, client, &name);
            }
        }
    }

    fn leave_lost_channel(&mut self, id: ConnId, client: u64, name: &[u8]) {
        let index = self.core.index;
        let Some(mut conn) = self.conns.get_mut(id.0 as usize).and_then(Option::take) else { return };
        let mut bytes = Vec::new();
        if conn.card.id == client
            && let Some(session) = conn.session.as_deref_mut()
            && let Some(subscriptions) = &mut session.subscriptions
            && subscriptions.remove(Kind::Shard, name)
        {
            self.core.shared.hub.remove(Kind::Shard, name, index);
            let left = subscriptions.counted(Kind::Shard);
            confirm(
                Kind::Shard.unsubscribe_word(),
                Some(name),
                left,
                &mut Reply::new(&mut bytes, session.proto),
            );
        }
        self.note_subscriptions(&mut conn);
        self.conns[id.0 as usize] = Some(conn);
        self.push(id, &bytes);
    }

    /// Sends a client what it did not ask for in this turn, within its limits.
    fn push(&mut self, id: ConnId, bytes: &[u8]) {
        let now = self.core.now.mono;
        let Some(mut conn) = self.conns.get_mut(id.0 as usize).and_then(Option::take) else { return };
        conn.output.writer().extend_from_slice(bytes);
        let overflow = conn.output.exceeds(&self.core.output_limit_of(conn.session.as_deref()), now);
        self.conns[id.0 as usize] = Some(conn);
        if overflow {
            self.core.counters().output_buffer_closed.add(1);
            self.core.log_output_overflow(self.conn(id).map(|c| &*c.card));
            self.close(id);
        } else {
            self.queue_output(id);
        }
    }
}

fn proto_of(conn: &Conn) -> Proto {
    match &conn.session {
        Some(session) => session.proto,
        // Control has it; the card says what it was.
        None if conn.card.proto.load(Relaxed) == 3 => Proto::Resp3,
        None => Proto::Resp2,
    }
}
