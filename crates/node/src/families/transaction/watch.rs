//! WATCH and UNWATCH.

use crate::dispatch::{Call, Flow, Held};
use crate::session::Watched;

/// Leaves a record at each key, under its stripe.
pub fn watch(call: &mut Call<'_, '_>) -> Flow {
    if call.session.multi.is_some() {
        call.out.error("WATCH inside MULTI is not allowed");
        return Flow::Next;
    }
    let Held::Access(access) = &mut call.held else { return Flow::Next };
    let (session, core) = (&mut *call.session, &*call.core);
    if session.watcher.is_dirty() {
        // The transaction cannot succeed any more.
        call.out.ok();
        return Flow::Next;
    }
    for name in call.args.sub(1).iter() {
        let watched = Watched { db: session.db, key: name.into() };
        if session.watched.iter().any(|w| w.db == watched.db && w.key == watched.key) {
            continue;
        }
        let key = core.key(name);
        access.watch(session.db, key, &session.watcher);
        session.watched.push(watched);
    }
    call.out.ok();
    Flow::Next
}

pub fn unwatch(call: &mut Call<'_, '_>) -> Flow {
    call.core.unwatch(call.session);
    call.out.ok();
    Flow::Next
}
