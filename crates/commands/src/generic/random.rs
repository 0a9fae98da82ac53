//! RANDOMKEY.

use base::Rng;
use store::{Access, Contended, DbId, Turn};

use crate::command::{Ground, Walk};
use crate::effects::Effects;

/// Slots drawn before any slot will do, and before a busy one is waited for.
const DRAWS_MAX: usize = 64;

/// A slot with fewer keys than this is taken with a chance in proportion to its keys.
const FAIR_LEN: u64 = 16;

/// `RANDOMKEY`
pub fn randomkey(walk: &mut Walk<'_, '_>) -> Result<(), Contended> {
    let key = match &mut walk.ground {
        Ground::Turn(turn) => draw(turn, walk.db, walk.token, walk.rng, walk.effects)?,
        Ground::Whole(access) => access.random(walk.db, walk.rng),
    };
    match key {
        Some(key) => walk.out.bulk(&key),
        None => walk.out.null(),
    }
    Ok(())
}

fn draw(
    turn: &Turn<'_>,
    db: DbId,
    token: u64,
    rng: &mut Rng,
    effects: &mut Effects,
) -> Result<Option<Vec<u8>>, Contended> {
    let mut busy = None;
    for tries in 0..2 * DRAWS_MAX {
        let Some(slot) = turn.keyspace().random_slot(db, rng) else {
            return Ok(None);
        };
        let mut access: Access<'_> = match turn.try_lock_slot(slot, token) {
            Ok(access) => access,
            Err(contended) => {
                busy = Some(contended);
                continue;
            }
        };
        let fair = access.count_in_slot(db, slot) as u64 > rng.below(FAIR_LEN);
        let key = if fair || tries > DRAWS_MAX { access.random_in_slot(db, slot, rng) } else { None };
        effects.stats.add(&access.stats);
        effects.expired.extend(access.take_expired());
        if key.is_some() {
            return Ok(key);
        }
    }
    busy.map_or(Ok(None), Err)
}
