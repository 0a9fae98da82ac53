//! MULTI and DISCARD; EXEC is part of dispatch.

use crate::dispatch::{Call, Flow};

/// A nested MULTI is an error that leaves the transaction as it was, as in Redis 7.
pub fn multi(call: &mut Call<'_, '_>) -> Flow {
    if call.session.multi.is_some() {
        call.out.error("MULTI calls can not be nested");
        return Flow::Next;
    }
    call.session.multi = Some(Box::default());
    call.out.ok();
    Flow::Next
}

pub fn discard(call: &mut Call<'_, '_>) -> Flow {
    if call.session.multi.is_none() {
        call.out.error("DISCARD without MULTI");
        return Flow::Next;
    }
    call.core.discard(call.session);
    call.out.ok();
    Flow::Next
}
