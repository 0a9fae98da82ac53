//! GEOPOS, GEODIST and GEOHASH: where members are.

use base::num::LongDouble;
use ds::geohash::Point;
use resp::{Proto, Reply};

use super::distance::{self, Unit, between};
use super::query::BAD_UNIT;
use ds::value::Zset;

use crate::args::{Refused, SYNTAX};
use crate::command::Cmd;
use crate::typed::read;

/// `GEOPOS key [member ...]`
pub fn geopos(cmd: &mut Cmd<'_, '_>) {
    let result = each_place(cmd, |out, place| match place {
        Some(point) => reply_point(out, point),
        None => out.null_array(),
    });
    cmd.end(result);
}

/// `GEOHASH key [member ...]`
pub fn geohash(cmd: &mut Cmd<'_, '_>) {
    let result = each_place(cmd, |out, place| match place {
        Some(point) => out.bulk(&point.text()),
        None => out.null(),
    });
    cmd.end(result);
}

/// Replies an array of something about the place of each member.
fn each_place(
    cmd: &mut Cmd<'_, '_>,
    mut show: impl FnMut(&mut Reply<'_>, Option<Point>),
) -> Result<(), Refused> {
    let zset = read::<Zset>(cmd.keys, cmd.effects, cmd.db, cmd.first())?;
    let members = cmd.args.sub(2);
    cmd.out.array(members.len());
    for member in members.iter() {
        let score = zset.as_ref().and_then(|zset| zset.score(member));
        show(cmd.out, score.map(Point::of_score));
    }
    Ok(())
}

/// `GEODIST key member1 member2 [M|KM|FT|MI]`
pub fn geodist(cmd: &mut Cmd<'_, '_>) {
    let result = try_geodist(cmd);
    cmd.end(result);
}

fn try_geodist(cmd: &mut Cmd<'_, '_>) -> Result<(), Refused> {
    let unit = match (cmd.args.get(4), cmd.args.len()) {
        (None, _) => Unit::METRE,
        (Some(unit), 5) => Unit::parse(unit).ok_or(BAD_UNIT)?,
        _ => return Err(Refused(SYNTAX)),
    };
    let zset = read::<Zset>(cmd.keys, cmd.effects, cmd.db, cmd.first())?;
    let place = |i| zset.as_ref().and_then(|zset| zset.score(cmd.args.at(i))).map(Point::of_score);
    match (place(2), place(3)) {
        (Some(a), Some(b)) => distance::reply(cmd.out, between(a, b) / unit.metres),
        _ => cmd.out.null(),
    }
    Ok(())
}

/// Longitude and latitude, with all the digits that an 80-bit float has.
pub(super) fn reply_point(out: &mut Reply<'_>, point: Point) {
    out.array(2);
    for degrees in [point.longitude, point.latitude] {
        let mut text = Vec::new();
        LongDouble::from_f64(degrees).format_human(&mut text);
        match out.proto() {
            Proto::Resp2 => out.bulk(&text),
            Proto::Resp3 => {
                out.raw(b",");
                out.raw(&text);
                out.raw(b"\r\n");
            }
        }
    }
}
