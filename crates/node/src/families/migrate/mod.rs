//! MIGRATE: what is to go where, and the image of it.

mod rows;
mod wish;

pub use rows::ROWS;

use crate::dispatch::{Call, Flow, Held};
use crate::migration::{Departure, Ended, Transfer};
use rdb::Reader;
use wish::Wish;

/// `MIGRATE host port key|"" destination-db timeout [COPY] [REPLACE] [AUTH password | AUTH2 username password] [KEYS key [key ...]]`
///
/// Replies `OK` once the keys are there, `NOKEY` if none exists here.
pub fn migrate(call: &mut Call<'_, '_>) -> Flow {
    let wish = match Wish::parse(call.args) {
        Ok(wish) => wish,
        Err(error) => {
            call.out.error(&error);
            return Flow::Next;
        }
    };
    let (keys, restores) = image(call, &wish);
    if keys.is_empty() {
        call.out.simple("NOKEY");
        return Flow::Next;
    }
    let transfer = Transfer {
        host: wish.host,
        port: wish.port,
        timeout: wish.timeout,
        auth: wish.auth,
        db: wish.db,
        restores,
        answer: Box::new(|_: Ended| ()),
    };
    call.core.flights().departing = Some(Box::new(Departure { keys, copy: wish.copy, transfer }));
    Flow::Suspended
}

/// The keys that exist, and the request that makes each.
fn image(call: &mut Call<'_, '_>, wish: &Wish<'_>) -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
    let Held::Access(access) = &mut call.held else { unreachable!("the stripes of its keys are held") };
    let (db, now_ms, compress) = (call.session.db, access.now_ms(), call.core.env.dumps.compress);
    let restore: &[u8] = if call.core.config.cluster.enabled { b"RESTORE-ASKING" } else { b"RESTORE" };
    let (mut keys, mut restores) = (Vec::new(), Vec::new());
    for bytes in &wish.keys {
        let Some(entry) = access.lookup(db, call.core.shared.keyspace.key(bytes)) else { continue };
        let ttl_ms = entry.expiry().map_or(0, |at| at.saturating_sub(now_ms).max(1)).to_string();
        let mut payload = Vec::new();
        rdb::dump(&entry.value(), compress, Reader::Anybody, &mut payload);
        let mut words: Vec<&[u8]> = vec![restore, bytes, ttl_ms.as_bytes(), &payload];
        if wish.replace {
            words.push(b"REPLACE");
        }
        let mut request = Vec::with_capacity(payload.len() + bytes.len());
        resp::client::encode_command(&mut request, &words);
        keys.push(bytes.to_vec());
        restores.push(request);
    }
    (keys, restores)
}
