//! The cells of the geohash grid that a search looks at: the one that the centre is in, and those around it. The order
//! is that in which others visit them, for it shows in replies that are not sorted.

use ds::geohash::{Cell, STEPS_MAX};

use super::shape::{Bounds, Shape};

/// Half of the map's width at the equator, metres.
const MAP_HALF: f64 = 20_037_726.37;

/// Steps of neighbours to the east and north, in the order of visits.
const AROUND: [(i8, i8); 9] = [(0, 0), (0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, 1), (1, -1), (-1, -1)];

/// Cells that together cover a shape, each once, or nearly: huge shapes may see a cell twice.
pub(super) fn covering(shape: &Shape) -> Vec<Cell> {
    let (centre, bounds) = (shape.centre(), shape.bounds());
    let steps = estimate(shape.reach(), centre.latitude);
    let mut cell = Cell::of(centre, steps);
    if steps > 1 && !reaches(cell, &bounds) {
        cell = Cell::of(centre, steps - 1);
    }
    let area = cell.area();
    let is_needed = |(east, north): &(i8, i8)| {
        cell.steps < 2
            || !(*north < 0 && area.min.latitude < bounds.south
                || *north > 0 && area.max.latitude > bounds.north
                || *east < 0 && area.min.longitude < bounds.west
                || *east > 0 && area.max.longitude > bounds.east)
    };
    let mut cells: Vec<Cell> = Vec::with_capacity(AROUND.len());
    let mut last = None;
    for (i, side) in AROUND.iter().enumerate().filter(|(_, side)| is_needed(side)) {
        let next = cell.neighbour(side.0, side.1);
        // Of two neighbours that are the same, others skip the second when it comes right behind the first; the
        // middle does not count.
        if last != Some(next) {
            cells.push(next);
            last = (i > 0).then_some(next).or(last);
        }
    }
    cells
}

/// Steps at which a cell and its neighbours most likely cover a radius, in metres.
fn estimate(radius: f64, latitude: f64) -> u32 {
    if radius == 0.0 {
        return STEPS_MAX;
    }
    let (mut steps, mut radius) = (1i32, radius);
    while radius < MAP_HALF {
        radius *= 2.0;
        steps += 1;
    }
    steps -= 2;
    // Towards the poles there are more degrees to a metre.
    let latitude = latitude.abs();
    steps -= i32::from(latitude > 66.0) + i32::from(latitude > 80.0);
    steps.clamp(1, STEPS_MAX as i32) as u32
}

/// Whether the neighbours of a cell reach the bounds on each side.
fn reaches(cell: Cell, bounds: &Bounds) -> bool {
    let [north, south, east, west] =
        [(0, 1), (0, -1), (1, 0), (-1, 0)].map(|(e, n)| cell.neighbour(e, n).area());
    let short = north.max.latitude < bounds.north
        || south.min.latitude > bounds.south
        || east.max.longitude < bounds.east
        || west.min.longitude > bounds.west;
    !short
}
