//! Subscriptions begin and end.

use crate::dispatch::{Call, Core, Flow};
use crate::pubsub::{Kind, Subscriptions, confirm};
use crate::session::Session;

pub fn subscribe(call: &mut Call<'_, '_>) -> Flow {
    begin(call, Kind::Channel)
}

pub fn psubscribe(call: &mut Call<'_, '_>) -> Flow {
    begin(call, Kind::Pattern)
}

pub fn ssubscribe(call: &mut Call<'_, '_>) -> Flow {
    begin(call, Kind::Shard)
}

pub fn unsubscribe(call: &mut Call<'_, '_>) -> Flow {
    end(call, Kind::Channel)
}

pub fn punsubscribe(call: &mut Call<'_, '_>) -> Flow {
    end(call, Kind::Pattern)
}

pub fn sunsubscribe(call: &mut Call<'_, '_>) -> Flow {
    end(call, Kind::Shard)
}

fn begin(call: &mut Call<'_, '_>, kind: Kind) -> Flow {
    let worker = call.session.card.worker;
    for name in call.args.sub(1).iter() {
        let subscriptions = call.session.subscriptions.get_or_insert_default();
        if subscriptions.add(kind, name) {
            call.core.shared.hub.add(kind, name, worker);
        }
        confirm(kind.subscribe_word(), Some(name), subscriptions.counted(kind), call.out);
    }
    Flow::Pushed
}

fn end(call: &mut Call<'_, '_>, kind: Kind) -> Flow {
    let named: Vec<Box<[u8]>> = if call.args.len() > 1 {
        call.args.sub(1).iter().map(Box::from).collect()
    } else {
        let all = call.session.subscriptions.iter().flat_map(|s| s.names(kind));
        all.map(Box::from).collect()
    };
    let word = kind.unsubscribe_word();
    if named.is_empty() {
        let count = call.session.subscriptions.as_ref().map_or(0, |s| s.counted(kind));
        confirm(word, None, count, call.out);
    }
    for name in &named {
        let mut left = 0;
        if let Some(subscriptions) = &mut call.session.subscriptions {
            if subscriptions.remove(kind, name) {
                call.core.shared.hub.remove(kind, name, call.session.card.worker);
            }
            left = subscriptions.counted(kind);
        }
        confirm(word, Some(name), left, call.out);
    }
    Flow::Pushed
}

/// Ends all subscriptions of a client, silently: RESET, and the end of the connection.
pub fn leave_all(core: &Core, session: &mut Session) {
    let worker = session.card.worker;
    let Some(subscriptions) = &mut session.subscriptions else { return };
    for kind in Kind::ALL {
        let names: Vec<Box<[u8]>> = subscriptions.names(kind).map(Box::from).collect();
        for name in names {
            leave(core, subscriptions, kind, &name, worker);
        }
    }
}

fn leave(core: &Core, subscriptions: &mut Subscriptions, kind: Kind, name: &[u8], worker: usize) {
    if subscriptions.remove(kind, name) {
        core.shared.hub.remove(kind, name, worker);
    }
}
