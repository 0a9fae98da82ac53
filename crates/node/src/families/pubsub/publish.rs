//! PUBLISH and SPUBLISH, and keyspace notifications, which are published too.

use crate::config::Events;
use crate::dispatch::{Call, Core, Flow};
use crate::journal::Readers;
use crate::mail::{ControlMail, WorkerMail};
use crate::pubsub::Message;
use commands::{Class, Notice};
use resp::OwnedRequest;
use std::sync::Arc;
use store::{Access, DbId, Entry, Lapsed};

/// `PUBLISH channel message`
pub fn publish(call: &mut Call<'_, '_>) -> Flow {
    tell(call, false)
}

/// `SPUBLISH shardchannel message`
pub fn spublish(call: &mut Call<'_, '_>) -> Flow {
    tell(call, true)
}

fn tell(call: &mut Call<'_, '_>, shard: bool) -> Flow {
    let message = Message { shard, channel: call.args[1].into(), text: call.args[2].into() };
    let message = Arc::new(message);
    let receivers = call.core.tell_listeners(&message);
    if call.core.config.cluster.enabled {
        call.core.shared.outside.post.to_control(ControlMail::Publish(message));
    } else if call.core.effects.logs() {
        // Nothing remains of it, so it is not for a file. In a cluster the bus carries it.
        let readers = Readers { aof: false, ..call.core.readers };
        call.core.note_effect(call.session.db, readers, OwnedRequest::from_args(call.args));
        call.core.end_command();
    }
    call.out.int(receivers as i64);
    Flow::Next
}

impl Core {
    /// Posts a message to the workers whose clients listen; how many get it.
    pub(crate) fn tell_listeners(&self, message: &Arc<Message>) -> u64 {
        let audience = self.shared.hub.audience(message.shard, &message.channel);
        for worker in audience.workers {
            self.shared.outside.post.to_worker(worker, WorkerMail::Published(Arc::clone(message)));
        }
        audience.receivers
    }
}

impl Core {
    /// Tells of keys and fields that were found expired and removed, before what the command itself tells.
    #[cold]
    pub(crate) fn tell_expired(&mut self, access: &mut Access<'_>) {
        if self.effects.logs() {
            self.close_expired(access);
        }
        self.tell_buried(access.take_expired(), access.take_lapsed());
    }

    /// Tells of these before what was told so far.
    pub(crate) fn tell_buried(&mut self, expired: Vec<(DbId, Entry)>, lapsed: Vec<Lapsed>) {
        let told = std::mem::take(&mut self.effects.notices);
        for (db, entry) in &expired {
            self.effects.notify(Class::Expired, "expired", *db, entry.view().key());
        }
        for Lapsed { db, key, is_gone, .. } in lapsed {
            self.effects.notify(Class::Expired, "hexpired", db, &key);
            if is_gone {
                self.effects.notify(Class::Generic, "del", db, &key);
            }
        }
        self.effects.notices.extend(told);
    }
}

/// Publishes what commands told of keys, in order; while their stripes are held, so that the order holds per key. Notifications stay on
/// the node.
pub fn publish_notices(core: &mut Core) {
    let events = core.config.notify_keyspace_events;
    for notice in std::mem::take(&mut core.effects.notices) {
        let Notice { event, db, key, .. } = notice;
        if events.contains(Events::KEYSPACE) {
            let channel = [format!("__keyspace@{db}__:").as_bytes(), &key].concat();
            notify(core, channel, event.as_bytes());
        }
        if events.contains(Events::KEYEVENT) {
            notify(core, format!("__keyevent@{db}__:{event}").into_bytes(), &key);
        }
    }
}

fn notify(core: &Core, channel: Vec<u8>, text: &[u8]) {
    core.tell_listeners(&Arc::new(Message { shard: false, channel: channel.into(), text: text.into() }));
}
