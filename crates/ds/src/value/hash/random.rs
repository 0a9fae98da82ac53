//! Fields at random.

use super::{Hash, Pair};
use base::Rng;
use std::collections::HashSet;

/// Of requests for more than one field in so many all are collected; for fewer, fields are drawn until they differ.
const COLLECT_PART: usize = 3;

impl Hash {
    /// A field at random among those that are to be seen.
    pub fn random(&self, now: u64, rng: &mut Rng) -> Option<Pair<'_>> {
        if self.has_past(now) {
            let live: Vec<Pair<'_>> = self.iter().filter(|pair| pair.is_live(now)).collect();
            return live.get(rng.below(live.len().max(1) as u64) as usize).copied();
        }
        match self {
            Hash::Pack(pack) => {
                let pack = pack.view();
                let at = pack.seek(2 * rng.below((self.len().max(1)) as u64) as i64)?;
                Some(Pair { field: pack.get(at), value: pack.get(pack.after(at)), expiry: None })
            }
            Hash::Table(fields) => fields.random(rng).map(Pair::from),
        }
    }

    /// Different fields among those that are to be seen, `count` at most.
    pub fn sample(&self, count: usize, now: u64, rng: &mut Rng) -> Vec<Pair<'_>> {
        let has_past = self.has_past(now);
        if let Hash::Table(fields) = self
            && !has_past
            && count.saturating_mul(COLLECT_PART) < fields.len()
        {
            let mut drawn = HashSet::with_capacity(count);
            let all = std::iter::repeat_with(|| fields.random(rng)).flatten();
            return all.filter(|field| drawn.insert(field.name())).take(count).map(Pair::from).collect();
        }
        let mut live: Vec<Pair<'_>> = self.iter().filter(|pair| !has_past || pair.is_live(now)).collect();
        if count < live.len() {
            rng.shuffle(&mut live);
            live.truncate(count);
        }
        live
    }

    /// Fields among those that are to be seen, each drawn for itself, shown to `each`; none if there is none.
    pub fn draw<'a>(&'a self, count: usize, now: u64, rng: &mut Rng, mut each: impl FnMut(Pair<'a>)) {
        if self.has_past(now) || matches!(self, Hash::Pack(_)) {
            let live: Vec<Pair<'_>> = self.iter().filter(|pair| pair.is_live(now)).collect();
            if !live.is_empty() {
                (0..count).for_each(|_| each(live[rng.below(live.len() as u64) as usize]));
            }
        } else {
            (0..count).filter_map(|_| self.random(now, rng)).for_each(each);
        }
    }
}
