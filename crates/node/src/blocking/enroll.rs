//! A command that found nothing becomes a wait.

use super::{Blocked, Parked};
use crate::dispatch::{Core, Request, Row};
use crate::session::Session;
use commands::Block;
use resp::OwnedRequest;
use std::sync::Arc;
use store::{Access, Claim, Key, Waiter};

impl Core {
    /// The command that has just run would wait: its record is left with its keys.
    #[cold]
    pub(crate) fn park_for_keys(
        &mut self,
        row: &'static Row,
        session: &Session,
        request: &Request<'_>,
        access: &mut Access<'_>,
    ) {
        if let Some(block) = self.effects.block.take() {
            self.parked = Some(Box::new(self.enroll(block, row, session, request, access)));
        }
    }

    /// Leaves a record with the awaited keys. Called in the same hold of their stripes in which the command found nothing, so that no
    /// change of them is missed.
    fn enroll(
        &mut self,
        block: Block,
        row: &'static Row,
        session: &Session,
        request: &Request<'_>,
        access: &mut Access<'_>,
    ) -> Parked {
        let awaited = block.keys.min(request.hashes.len());
        let blocked = Blocked {
            worker: session.card.worker,
            conn: session.card.conn,
            client: session.id(),
            row,
            request: replace(request, &block.replaced),
            keys: request.keys.into(),
            hashes: request.hashes.into(),
            awaited,
            db: session.db,
            proto: session.proto,
            is_timed: block.timeout.is_some(),
            no_touch: session.no_touch,
        };
        let waiter = Arc::new(Waiter { claim: Claim::new(), kind: block.kind, who: Box::new(blocked) });
        for (key, hash) in request.keys.iter().zip(request.hashes).take(awaited) {
            let key = Key { bytes: &request.args[key.index as usize], at: *hash };
            access.wait(session.db, key, &waiter);
        }
        session.card.block(Some(Arc::clone(&waiter)));
        Parked { waiter, deadline: block.timeout.map(|time| self.now.mono + time) }
    }
}

/// The request with some arguments replaced. Keys are not among them: their places and hashes hold.
fn replace(request: &Request<'_>, replaced: &[(usize, Vec<u8>)]) -> OwnedRequest {
    if replaced.is_empty() {
        return OwnedRequest::from_args(request.args);
    }
    let mut parts: Vec<&[u8]> = request.args.iter().collect();
    for (index, bytes) in replaced {
        parts[*index] = bytes;
    }
    OwnedRequest::from_parts(parts.into_iter())
}
