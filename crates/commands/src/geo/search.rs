//! GEORADIUS, GEORADIUSBYMEMBER, GEOSEARCH and GEOSEARCHSTORE.

use ds::geohash::Point;
use ds::value::{View, Zset};
use resp::{Args, Reply};
use store::Key;

use super::areas::covering;
use super::distance;
use super::place::reply_point;
use super::query::{Form, Kind, Order, Query, Target, parse};
use super::shape::Shape;
use crate::args::is;
use crate::command::Cmd;
use crate::spec::{KeyFlag, KeyFlags, KeyRef};
use crate::typed::read;
use crate::zset::store;

/// A member that was found.
struct Found {
    member: Vec<u8>,
    place: Point,
    score: f64,
    /// From the centre, metres.
    distance: f64,
}

/// `GEORADIUS key longitude latitude radius M|KM|FT|MI [options] [STORE key|STOREDIST key]`
pub fn georadius(cmd: &mut Cmd<'_, '_>) {
    run(cmd, Form { options_at: 6, source: (1, 0), kind: Kind::Radius { stores: true } });
}

/// `GEORADIUS_RO key longitude latitude radius M|KM|FT|MI [options]`
pub fn georadius_ro(cmd: &mut Cmd<'_, '_>) {
    run(cmd, Form { options_at: 6, source: (1, 0), kind: Kind::Radius { stores: false } });
}

/// `GEORADIUSBYMEMBER key member radius M|KM|FT|MI [options] [STORE key|STOREDIST key]`
pub fn georadiusbymember(cmd: &mut Cmd<'_, '_>) {
    run(cmd, Form { options_at: 5, source: (1, 0), kind: Kind::RadiusByMember { stores: true } });
}

/// `GEORADIUSBYMEMBER_RO key member radius M|KM|FT|MI [options]`
pub fn georadiusbymember_ro(cmd: &mut Cmd<'_, '_>) {
    run(cmd, Form { options_at: 5, source: (1, 0), kind: Kind::RadiusByMember { stores: false } });
}

/// `GEOSEARCH key FROMMEMBER member|FROMLONLAT longitude latitude BYRADIUS radius unit|BYBOX width height unit
/// [options]`, or `BYPOLYGON vertices longitude latitude ...` without a centre
pub fn geosearch(cmd: &mut Cmd<'_, '_>) {
    run(cmd, Form { options_at: 2, source: (1, 0), kind: Kind::Search });
}

/// `GEOSEARCHSTORE destination source` and as GEOSEARCH goes on, `[STOREDIST]`
pub fn geosearchstore(cmd: &mut Cmd<'_, '_>) {
    run(cmd, Form { options_at: 3, source: (2, 1), kind: Kind::SearchStore });
}

fn run(cmd: &mut Cmd<'_, '_>, form: Form) {
    let key = cmd.key(form.source.0, form.source.1);
    let zset = match read::<Zset>(cmd.keys, cmd.effects, cmd.db, key) {
        Ok(zset) => zset.is_some(),
        Err(refused) => return cmd.end(Err(refused)),
    };
    // Counted and told above; looked at again, so that the arguments can be read beside it.
    let zset: Option<View<'_, Zset>> = if zset { cmd.keys.peek_as(cmd.db, key).ok().flatten() } else { None };
    let query = match parse(cmd, form, zset.as_deref()) {
        Ok(query) => query,
        Err(bad) => return bad.reply(cmd.out),
    };
    let found = match (zset.as_deref(), &query.shape) {
        (Some(zset), Some(shape)) => sorted(find(zset, shape, &query), &query),
        _ => Vec::new(),
    };
    match query.target {
        None => reply(cmd.out, &found, &query),
        Some(target) => store_found(cmd, target, found, &query, form.kind),
    }
}

fn find(zset: &Zset, shape: &Shape, query: &Query) -> Vec<Found> {
    let enough = if query.any { query.count } else { usize::MAX };
    let mut found = Vec::new();
    for cell in covering(shape) {
        let (from, to) = cell.scores();
        let start = zset.count_scores(|score| score < from);
        let in_cell = zset.range(start, usize::MAX).take_while(|element| element.score < to);
        for element in in_cell {
            if found.len() >= enough {
                return found;
            }
            let place = Point::of_score(element.score);
            if let Some(distance) = shape.distance(place) {
                let member = element.member.to_vec();
                found.push(Found { member, place, score: element.score, distance });
            }
        }
    }
    found
}

/// The places that are asked for, in the order that is asked for.
fn sorted(mut found: Vec<Found>, query: &Query) -> Vec<Found> {
    match query.order {
        Order::AsFound => {}
        Order::Nearest => found.sort_by(|a, b| a.distance.total_cmp(&b.distance)),
        Order::Farthest => found.sort_by(|a, b| b.distance.total_cmp(&a.distance)),
    }
    if query.count > 0 {
        found.truncate(query.count);
    }
    found
}

fn reply(out: &mut Reply<'_>, found: &[Found], query: &Query) {
    let details = [query.with_distance, query.with_hash, query.with_place];
    let details = details.into_iter().filter(|with| *with).count();
    out.array(found.len());
    for found in found {
        if details > 0 {
            out.array(1 + details);
        }
        out.bulk(&found.member);
        if query.with_distance {
            distance::reply(out, found.distance / query.unit.metres);
        }
        if query.with_hash {
            out.int(found.score as i64);
        }
        if query.with_place {
            reply_point(out, found.place);
        }
    }
}

fn store_found(cmd: &mut Cmd<'_, '_>, target: Target, found: Vec<Found>, query: &Query, kind: Kind) {
    let (limits, mut zset) = (cmd.env.limits.zset, Zset::for_members(found.len(), 0, &cmd.env.limits.zset));
    for found in &found {
        let distance = found.distance / query.unit.metres;
        zset.insert(&found.member, if target.distances { distance } else { found.score }, &limits);
    }
    let (nth, event) = match kind {
        Kind::SearchStore => (0, "geosearchstore"),
        _ => (1, "georadiusstore"),
    };
    let key: Key<'_> = cmd.key(target.at, nth);
    store(cmd, key, zset, event);
}

/// The key that is searched, and the one that the last STORE or STOREDIST names.
pub(super) fn georadius_keys(args: Args<'_>, found: &mut Vec<KeyRef>) -> bool {
    const SEARCHED: KeyFlags = KeyFlags::of(&[KeyFlag::RO, KeyFlag::Access]);
    const STORED: KeyFlags = KeyFlags::of(&[KeyFlag::OW, KeyFlag::Update]);
    found.push(KeyRef { index: 1, flags: SEARCHED });
    let (mut at, mut stored) = (5, None);
    while at + 1 < args.len() {
        if is(args.at(at), "store") || is(args.at(at), "storedist") {
            at += 1;
            stored = Some(at);
        }
        at += 1;
    }
    found.extend(stored.map(|at| KeyRef { index: at as u32, flags: STORED }));
    true
}
