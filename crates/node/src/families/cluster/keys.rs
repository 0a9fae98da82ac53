//! Keys of a slot, on this node.

use super::enabled;
use crate::dispatch::{Call, Flow, Held};
use base::Slot;
use base::num::parse_i64;

fn slot(word: &[u8]) -> Option<Slot> {
    parse_i64(word).and_then(|n| u16::try_from(n).ok()).and_then(Slot::new)
}

/// Number of keys of the selected database in a slot.
pub fn countkeysinslot(call: &mut Call<'_, '_>) -> Flow {
    if !enabled(call) {
        return Flow::Next;
    }
    if parse_i64(&call.args[2]).is_none() {
        call.out.error("value is not an integer or out of range");
        return Flow::Next;
    }
    let Some(slot) = slot(&call.args[2]) else {
        call.out.error("Invalid slot");
        return Flow::Next;
    };
    let db = call.session.db;
    let Held::Access(access) = &mut call.held else { return Flow::Next };
    call.out.int(access.count_in_slot(db, slot) as i64);
    Flow::Next
}

/// Up to `count` keys of a slot.
pub fn getkeysinslot(call: &mut Call<'_, '_>) -> Flow {
    if !enabled(call) {
        return Flow::Next;
    }
    let (number, count) = (parse_i64(&call.args[2]), parse_i64(&call.args[3]));
    let (Some(_), Some(count)) = (number, count) else {
        call.out.error("value is not an integer or out of range");
        return Flow::Next;
    };
    let (Some(slot), Ok(count)) = (slot(&call.args[2]), usize::try_from(count)) else {
        call.out.error("Invalid slot or number of keys");
        return Flow::Next;
    };
    let db = call.session.db;
    let Held::Access(access) = &mut call.held else { return Flow::Next };
    let keys: Vec<&[u8]> = access.keys_in_slot(db, slot, count).collect();
    call.out.array(keys.len());
    for key in keys {
        call.out.bulk(key);
    }
    Flow::Next
}
