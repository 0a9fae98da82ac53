//! PING, ECHO, QUIT, RESET, SELECT.

use crate::clients::Names;
use crate::dispatch::{Call, Flow};
use crate::families::pubsub::leave_all;
use crate::session::ReplyMode;
use resp::Proto;

pub fn ping(call: &mut Call<'_, '_>) -> Flow {
    if call.session.only_listens() && call.args.len() <= 2 {
        call.out.array(2);
        call.out.bulk(b"pong");
        call.out.bulk(call.args.get(1).unwrap_or_default());
        return Flow::Next;
    }
    match call.args.len() {
        1 => call.out.simple("PONG"),
        2 => call.out.bulk(&call.args[1]),
        _ => call.out.error("wrong number of arguments for 'ping' command"),
    }
    Flow::Next
}

pub fn echo(call: &mut Call<'_, '_>) -> Flow {
    call.out.bulk(&call.args[1]);
    Flow::Next
}

pub fn quit(call: &mut Call<'_, '_>) -> Flow {
    call.out.ok();
    Flow::Close
}

/// Back to the state of a new connection: transaction, watches, database, protocol, name, modes.
pub fn reset(call: &mut Call<'_, '_>) -> Flow {
    let (core, session) = (&mut *call.core, &mut *call.session);
    core.discard(session);
    leave_all(core, session);
    session.db = 0;
    session.proto = Proto::Resp2;
    session.readonly = false;
    session.asking = false;
    session.reply_mode = ReplyMode::On;
    session.no_touch = false;
    session.authenticated = !core.config.access.needs_password();
    session.card.rename(|names| names.name = Names::default().name);
    session.card.set_flag(crate::clients::CardFlags::NO_TOUCH | crate::clients::CardFlags::NO_EVICT, false);
    call.out.set_proto(Proto::Resp2);
    call.out.simple("RESET");
    Flow::Next
}

pub fn select(call: &mut Call<'_, '_>) -> Flow {
    let Some(index) = base::num::parse_i64(&call.args[1]) else {
        call.out.error("value is not an integer or out of range");
        return Flow::Next;
    };
    let databases = i64::from(call.core.shared.keyspace.databases());
    if call.core.config.cluster.enabled && databases == 1 && index != 0 {
        call.out.error("SELECT is not allowed in cluster mode");
    } else if (0..databases).contains(&index) {
        call.session.db = index as u32;
        call.out.ok();
    } else {
        call.out.error("DB index is out of range");
    }
    Flow::Next
}
