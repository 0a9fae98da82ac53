//! FLUSHALL, FLUSHDB, SWAPDB: whole databases at once.

use crate::dispatch::{Call, Flow, Held};
use base::num::parse_i64;

pub fn flushall(call: &mut Call<'_, '_>) -> Flow {
    let databases = call.core.shared.keyspace.databases();
    flush(call, 0..databases)
}

pub fn flushdb(call: &mut Call<'_, '_>) -> Flow {
    let db = call.session.db;
    flush(call, db..db + 1)
}

/// ASYNC and SYNC are taken; the keys are gone when the answer comes either way.
fn flush(call: &mut Call<'_, '_>, databases: std::ops::Range<u32>) -> Flow {
    let fits = match call.args.get(1) {
        None => true,
        Some(mode) => {
            call.args.len() == 2
                && (mode.eq_ignore_ascii_case(b"sync") || mode.eq_ignore_ascii_case(b"async"))
        }
    };
    if !fits {
        call.out.error("syntax error");
        return Flow::Next;
    }
    let Held::Access(access) = &mut call.held else { return Flow::Next };
    let mut removed = 0;
    for db in databases {
        let garbage = access.flush_db(db);
        removed += garbage.keys() as u64;
    }
    call.core.effects.dirty += removed.max(1);
    call.out.ok();
    Flow::Next
}

pub fn swapdb(call: &mut Call<'_, '_>) -> Flow {
    if call.core.config.cluster.enabled {
        call.out.error("SWAPDB is not allowed in cluster mode");
        return Flow::Next;
    }
    let (first, second) = (parse_i64(&call.args[1]), parse_i64(&call.args[2]));
    let databases = i64::from(call.core.shared.keyspace.databases());
    match (first, second) {
        (None, _) => call.out.error("invalid first DB index"),
        (_, None) => call.out.error("invalid second DB index"),
        (Some(a), Some(b)) if (0..databases).contains(&a) && (0..databases).contains(&b) => {
            let Held::Access(access) = &mut call.held else { return Flow::Next };
            access.swap_db(a as u32, b as u32);
            call.core.effects.dirty += 1;
            call.out.ok();
        }
        _ => call.out.error("DB index is out of range"),
    }
    Flow::Next
}
