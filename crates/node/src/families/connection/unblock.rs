//! CLIENT UNBLOCK.

use crate::dispatch::{Call, Flow};
use crate::mail::WorkerMail;

/// `CLIENT UNBLOCK id [TIMEOUT|ERROR]`
pub fn unblock(call: &mut Call<'_, '_>) -> Flow {
    let error = match call.args.get(3).map(<[u8]>::to_ascii_lowercase).as_deref() {
        None | Some(b"timeout") => false,
        Some(b"error") => true,
        Some(_) => {
            call.out.error("CLIENT UNBLOCK reason should be TIMEOUT or ERROR");
            return Flow::Next;
        }
    };
    let Some(id) = base::num::parse_i64(&call.args[2]) else {
        call.out.error("value is not an integer or out of range");
        return Flow::Next;
    };
    let shared = &call.core.shared;
    let card = u64::try_from(id).ok().and_then(|id| shared.clients.get(id));
    let ended = card.filter(|card| card.waiter().is_some_and(|waiter| waiter.claim.end()));
    if let Some(card) = &ended {
        let mail = WorkerMail::Unblocked { conn: card.conn, client: card.id, error };
        shared.outside.post.to_worker(card.worker, mail);
    }
    call.out.int(i64::from(ended.is_some()));
    Flow::Next
}
