//! Distances on a sphere, in metres, computed step by step as other servers do: replies show four decimals.

use ds::geohash::Point;
use resp::Reply;

/// Radius of the earth, metres.
pub(super) const EARTH_RADIUS: f64 = 6372797.560856;

const RADIANS_PER_DEGREE: f64 = std::f64::consts::PI / 180.0;

/// Decimals of a distance in replies, as a factor.
const DECIMALS: f64 = 1e4;

/// A unit of length.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Unit {
    /// Metres.
    pub metres: f64,
}

impl Unit {
    pub const METRE: Unit = Unit { metres: 1.0 };

    /// `m`, `km`, `ft` or `mi`.
    pub fn parse(arg: &[u8]) -> Option<Unit> {
        let metres = match arg.to_ascii_lowercase().as_slice() {
            b"m" => 1.0,
            b"km" => 1000.0,
            b"ft" => 0.3048,
            b"mi" => 1609.34,
            _ => return None,
        };
        Some(Unit { metres })
    }
}

pub(super) fn radians(degrees: f64) -> f64 {
    degrees * RADIANS_PER_DEGREE
}

pub(super) fn degrees(radians: f64) -> f64 {
    radians / RADIANS_PER_DEGREE
}

/// Along a meridian.
pub(super) fn between_latitudes(a: f64, b: f64) -> f64 {
    EARTH_RADIUS * (radians(b) - radians(a)).abs()
}

/// Along a great circle, by the haversine formula.
pub(super) fn between(a: Point, b: Point) -> f64 {
    let v = ((radians(b.longitude) - radians(a.longitude)) / 2.0).sin();
    if v == 0.0 {
        return between_latitudes(a.latitude, b.latitude);
    }
    let (from, to) = (radians(a.latitude), radians(b.latitude));
    let u = ((to - from) / 2.0).sin();
    let h = u * u + from.cos() * to.cos() * v * v;
    2.0 * EARTH_RADIUS * h.sqrt().asin()
}

/// A distance with four decimals, as a string.
pub(super) fn reply(out: &mut Reply<'_>, distance: f64) {
    let scaled = (distance * DECIMALS).round_ties_even();
    if scaled.abs() < i64::MAX as f64 {
        let (sign, digits) = (if scaled < 0.0 { "-" } else { "" }, scaled.abs() as u64);
        out.bulk(format!("{sign}{}.{:04}", digits / DECIMALS as u64, digits % DECIMALS as u64).as_bytes());
    } else {
        out.bulk(format!("{distance:.4}").as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn palermo_to_catania() {
        let palermo = Point { longitude: 13.361389338970184, latitude: 38.1155563954963 };
        let catania = Point { longitude: 15.087267458438873, latitude: 37.50266842333162 };
        let mut out = Vec::new();
        reply(&mut Reply::new(&mut out, resp::Proto::Resp2), between(palermo, catania));
        assert_eq!(out, b"$11\r\n166274.1516\r\n");
        assert_eq!(between(palermo, palermo), 0.0);
    }
}
