//! Geohashes: a place on earth as a number of up to 52 bits, near places mostly near each other. The bits of latitude
//! and longitude alternate, longitude first; latitudes end where the web's map does, at 85 degrees.

/// Bits of each coordinate in a score.
pub const STEPS_MAX: u32 = 26;

/// Longitudes that have a geohash lie between this and its negative, degrees.
pub const LONGITUDE_MAX: f64 = 180.0;
/// Latitudes that have a geohash lie between this and its negative, degrees.
pub const LATITUDE_MAX: f64 = 85.05112878;

/// Latitudes of the geohashes that the rest of the world uses.
const STANDARD_LATITUDE_MAX: f64 = 90.0;

const ALPHABET: &[u8; 32] = b"0123456789bcdefghjkmnpqrstuvwxyz";
/// Letters of a geohash as text; the last would need more bits than there are, and is always 0.
pub const TEXT_LEN: usize = 11;

const EVEN_BITS: u64 = 0x5555_5555_5555_5555;
const ODD_BITS: u64 = !EVEN_BITS;

/// A place, in degrees.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Point {
    /// East is positive.
    pub longitude: f64,
    /// North is positive.
    pub latitude: f64,
}

/// A rectangle of longitudes and latitudes.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Area {
    /// South-western corner.
    pub min: Point,
    /// North-eastern corner.
    pub max: Point,
}

/// A rectangle of the grid that has 2^`steps` rows and columns.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cell {
    /// Bits of row and column, interleaved.
    pub bits: u64,
    /// Bits of each: 1 to [`STEPS_MAX`].
    pub steps: u32,
}

impl Point {
    /// Whether it has a geohash.
    pub fn is_valid(self) -> bool {
        (-LONGITUDE_MAX..=LONGITUDE_MAX).contains(&self.longitude)
            && (-LATITUDE_MAX..=LATITUDE_MAX).contains(&self.latitude)
    }

    /// The score that stands for this place.
    pub fn score(self) -> f64 {
        Cell::of(self, STEPS_MAX).bits as f64
    }

    /// The place that a score stands for: the middle of its cell. Scores that no place has are cut to the edge of
    /// the map.
    pub fn of_score(score: f64) -> Point {
        let area = Cell { bits: to_bits(score), steps: STEPS_MAX }.area();
        let middle = |min: f64, max: f64, bound: f64| ((min + max) / 2.0).clamp(-bound, bound);
        Point {
            longitude: middle(area.min.longitude, area.max.longitude, LONGITUDE_MAX),
            latitude: middle(area.min.latitude, area.max.latitude, LATITUDE_MAX),
        }
    }

    /// The geohash that maps understand.
    pub fn text(self) -> [u8; TEXT_LEN] {
        let bits = encode(self, STANDARD_LATITUDE_MAX, STEPS_MAX);
        let mut text = [ALPHABET[0]; TEXT_LEN];
        for (i, letter) in text[..TEXT_LEN - 1].iter_mut().enumerate() {
            *letter = ALPHABET[(bits >> (2 * STEPS_MAX as usize - 5 * (i + 1)) & 31) as usize];
        }
        text
    }
}

/// A score as an unsigned integer, the way processors of the other servers convert what does not fit.
fn to_bits(score: f64) -> u64 {
    const HALF: f64 = (1u64 << 63) as f64;
    let signed = |x: f64| if (-HALF..HALF).contains(&x) { x as i64 } else { i64::MIN };
    if score < HALF { signed(score) as u64 } else { signed(score - HALF) as u64 ^ 1 << 63 }
}

fn encode(point: Point, latitude_max: f64, steps: u32) -> u64 {
    let scaled = |x: f64, bound: f64| ((x + bound) / (bound + bound) * (1u64 << steps) as f64) as u32;
    let row = scaled(point.latitude, latitude_max);
    let column = scaled(point.longitude, LONGITUDE_MAX);
    spread(row) | spread(column) << 1
}

/// Puts the bits of a number at the even places.
fn spread(x: u32) -> u64 {
    let mut bits = u64::from(x);
    for (shift, mask) in [
        (16, 0x0000_FFFF_0000_FFFF),
        (8, 0x00FF_00FF_00FF_00FF),
        (4, 0x0F0F_0F0F_0F0F_0F0F),
        (2, 0x3333_3333_3333_3333),
        (1, EVEN_BITS),
    ] {
        bits = (bits | bits << shift) & mask;
    }
    bits
}

/// Undoes [`spread`], whatever is at the odd places.
fn gather(bits: u64) -> u32 {
    let mut x = bits & EVEN_BITS;
    for (shift, mask) in [
        (1, 0x3333_3333_3333_3333),
        (2, 0x0F0F_0F0F_0F0F_0F0F),
        (4, 0x00FF_00FF_00FF_00FF),
        (8, 0x0000_FFFF_0000_FFFF),
        (16, 0x0000_0000_FFFF_FFFF),
    ] {
        x = (x | x >> shift) & mask;
    }
    x as u32
}

impl Cell {
    /// The cell in which a valid place is.
    pub fn of(point: Point, steps: u32) -> Cell {
        debug_assert!((1..=STEPS_MAX).contains(&steps));
        Cell { bits: encode(point, LATITUDE_MAX, steps), steps }
    }

    /// What it covers.
    pub fn area(self) -> Area {
        let (row, column) = (f64::from(gather(self.bits)), f64::from(gather(self.bits >> 1)));
        let cells = (1u64 << self.steps) as f64;
        let at = |n: f64, bound: f64| -bound + n / cells * (bound + bound);
        let corner =
            |row, column| Point { longitude: at(column, LONGITUDE_MAX), latitude: at(row, LATITUDE_MAX) };
        Area { min: corner(row, column), max: corner(row + 1.0, column + 1.0) }
    }

    /// The cell so many columns to the east and rows to the north, each 1, 0 or -1; around the world's edges.
    pub fn neighbour(self, east: i8, north: i8) -> Cell {
        let used = u64::MAX >> (64 - 2 * self.steps);
        let (columns, rows) = (self.bits & ODD_BITS, self.bits & EVEN_BITS);
        // Ones between the bits of a coordinate carry what is added to the next.
        let step = |bits: u64, between: u64, by: i8| match by {
            0 => bits,
            1.. => bits.wrapping_add((between & used) + 1),
            _ => (bits | between & used).wrapping_sub((between & used) + 1),
        };
        let columns = step(columns, EVEN_BITS, east) & ODD_BITS & used;
        let rows = step(rows, ODD_BITS, north) & EVEN_BITS & used;
        Cell { bits: columns | rows, steps: self.steps }
    }

    /// The scores of all places in it: from the first to before the second.
    pub fn scores(self) -> (f64, f64) {
        let shift = 2 * (STEPS_MAX - self.steps);
        ((self.bits << shift) as f64, ((self.bits + 1) << shift) as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PALERMO: Point = Point { longitude: 13.361389, latitude: 38.115556 };

    fn place() -> impl Strategy<Value = Point> {
        (-180.0..180.0, -85.05..85.05).prop_map(|(longitude, latitude)| Point { longitude, latitude })
    }

    #[test]
    fn known_values() {
        assert_eq!(PALERMO.score(), 3479099956230698.0);
        let back = Point::of_score(3479099956230698.0);
        assert_eq!((back.longitude, back.latitude), (13.361389338970184, 38.1155563954963));
        assert_eq!(&back.text(), b"sqc8b49rny0");
        let corner = Point { longitude: 180.0, latitude: LATITUDE_MAX };
        assert!(corner.is_valid() && !Point { latitude: 85.06, ..corner }.is_valid());
    }

    #[test]
    fn any_score_has_a_place_on_the_map() {
        for score in
            [-1.0, 0.0, 1e300, -1e300, f64::INFINITY, f64::NEG_INFINITY, 9.3e18, 1.8e19, 4503599627370496.0]
        {
            assert!(Point::of_score(score).is_valid(), "{score}");
        }
        assert_eq!((to_bits(-1.0), to_bits(f64::INFINITY)), (u64::MAX, 0));
        assert_eq!((to_bits(1e19), to_bits(-1e19)), (10_000_000_000_000_000_000, 1 << 63));
    }

    proptest! {
        #[test]
        fn bits_go_back_and_forth(x: u32, other: u32) {
            prop_assert_eq!(gather(spread(x) | spread(other) << 1), x);
        }

        #[test]
        fn a_place_is_in_its_cell(point in place(), steps in 1u32..=26) {
            let cell = Cell::of(point, steps);
            let area = cell.area();
            let near = 1e-9;
            prop_assert!(area.min.longitude <= point.longitude + near && point.longitude <= area.max.longitude + near);
            prop_assert!(area.min.latitude <= point.latitude + near && point.latitude <= area.max.latitude + near);
            let (from, to) = cell.scores();
            prop_assert!((from..to).contains(&point.score()));
        }

        #[test]
        fn neighbours_lie_beside(point in place(), steps in 2u32..=26, east in -1i8..=1, north in -1i8..=1) {
            let cell = Cell::of(point, steps);
            let other = cell.neighbour(east, north);
            prop_assert_eq!(other.neighbour(-east, -north), cell);
            let column = |cell: Cell| gather(cell.bits >> 1);
            let row = |cell: Cell| gather(cell.bits);
            let moved = |from: u32, by: i8| from.wrapping_add_signed(by.into()) & ((1 << steps) - 1);
            prop_assert_eq!((column(other), row(other)), (moved(column(cell), east), moved(row(cell), north)));
        }
    }
}
