//! CLIENT KILL.

use crate::clients::Filter;
use crate::dispatch::{Call, Flow};
use crate::mail::WorkerMail;
use std::sync::atomic::Ordering::Relaxed;

pub fn kill(call: &mut Call<'_, '_>) -> Flow {
    let core = &*call.core;
    let old_form = call.args.len() == 3;
    let filter = if old_form {
        Ok(Filter::by_addr(&call.args[2]))
    } else {
        Filter::parse(call.args.sub(2), core.shared.keyspace.databases())
    };
    let filter = match filter {
        Ok(filter) => filter,
        Err(error) => {
            call.out.error(&error);
            return Flow::Next;
        }
    };
    let (me, now_s) = (call.session.id(), core.now.unix_s());
    let skip_me = filter.skip_me.unwrap_or(true);
    let (mut killed, mut suicide) = (0, false);
    for card in core.shared.clients.all() {
        if !filter.matches(&card, now_s) || (skip_me && card.id == me) {
            continue;
        }
        killed += 1;
        if card.id == me {
            suicide = true;
        } else {
            card.killed.store(true, Relaxed);
            let mail = WorkerMail::Kill { conn: card.conn, client: card.id };
            core.shared.outside.post.to_worker(card.worker, mail);
        }
    }
    match (old_form, killed) {
        (true, 0) => call.out.error("No such client"),
        (true, _) => call.out.ok(),
        (false, n) => call.out.int(n),
    }
    if suicide { Flow::Close } else { Flow::Next }
}
