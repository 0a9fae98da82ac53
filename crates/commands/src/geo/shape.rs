//! What a search covers.

use ds::geohash::{LATITUDE_MAX, LONGITUDE_MAX, Point};

use super::distance::{EARTH_RADIUS, between, between_latitudes, degrees, radians};

/// An area around a centre. Lengths are metres.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Shape {
    /// All that is near enough.
    Circle {
        /// The centre.
        centre: Point,
        /// Its radius.
        radius: f64,
    },
    /// All that is near enough in each direction.
    Box {
        /// The centre.
        centre: Point,
        /// From west to east.
        width: f64,
        /// From south to north.
        height: f64,
    },
    /// All between its vertices, on a flat map.
    Polygon {
        /// The middle of the vertices.
        centre: Point,
        /// Three or more.
        vertices: Vec<Point>,
    },
}

/// Degrees that a shape reaches to. They may lie beyond the map.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Bounds {
    pub west: f64,
    pub south: f64,
    pub east: f64,
    pub north: f64,
}

impl Shape {
    /// The polygon with these vertices.
    pub fn polygon(vertices: Vec<Point>) -> Shape {
        Shape::Polygon { centre: middle(&vertices), vertices }
    }

    /// Where distances are counted from.
    pub fn centre(&self) -> Point {
        match self {
            Shape::Circle { centre, .. } | Shape::Box { centre, .. } | Shape::Polygon { centre, .. } => {
                *centre
            }
        }
    }

    /// Distance of a place from the centre, if the place is inside.
    pub fn distance(&self, point: Point) -> Option<f64> {
        let centre = self.centre();
        let inside = match self {
            Shape::Circle { radius, .. } => return Some(between(centre, point)).filter(|d| *d <= *radius),
            Shape::Box { width, height, .. } => {
                let beside = Point { longitude: centre.longitude, latitude: point.latitude };
                // NaN is not greater: as others compare.
                let beyond = between_latitudes(point.latitude, centre.latitude) > height / 2.0
                    || between(point, beside) > width / 2.0;
                !beyond
            }
            Shape::Polygon { vertices, .. } => is_between(vertices, point),
        };
        inside.then(|| between(centre, point))
    }

    /// The degrees that it reaches to.
    pub fn bounds(&self) -> Bounds {
        let (centre, width, height) = match self {
            Shape::Circle { centre, radius } => (centre, *radius, *radius),
            Shape::Box { centre, width, height } => (centre, width / 2.0, height / 2.0),
            Shape::Polygon { vertices, .. } => return bounds_of(vertices),
        };
        let up = degrees(height / EARTH_RADIUS);
        // Of the two edges, the one that is farther from the equator spans more degrees.
        let edge = if centre.latitude < 0.0 { centre.latitude - up } else { centre.latitude + up };
        let aside = degrees(width / EARTH_RADIUS / radians(edge).cos());
        Bounds {
            west: centre.longitude - aside,
            south: centre.latitude - up,
            east: centre.longitude + aside,
            north: centre.latitude + up,
        }
    }

    /// Distance of its farthest point from the centre, about.
    pub fn reach(&self) -> f64 {
        match self {
            Shape::Circle { radius, .. } => *radius,
            Shape::Box { width, height, .. } => {
                (width / 2.0 * (width / 2.0) + height / 2.0 * (height / 2.0)).sqrt()
            }
            Shape::Polygon { centre, vertices } => {
                let bounds = bounds_of(vertices);
                let corners = [bounds.west, bounds.east].into_iter().flat_map(|longitude| {
                    [bounds.south, bounds.north].map(|latitude| Point { longitude, latitude })
                });
                corners.map(|corner| between(*centre, corner)).fold(0.0, f64::max)
            }
        }
    }
}

fn bounds_of(vertices: &[Point]) -> Bounds {
    let mut bounds =
        Bounds { west: LONGITUDE_MAX, south: LATITUDE_MAX, east: -LONGITUDE_MAX, north: -LATITUDE_MAX };
    for vertex in vertices {
        bounds.west = bounds.west.min(vertex.longitude);
        bounds.south = bounds.south.min(vertex.latitude);
        bounds.east = bounds.east.max(vertex.longitude);
        bounds.north = bounds.north.max(vertex.latitude);
    }
    bounds
}

/// Below the mean of the vertices, which lies inside the earth.
fn middle(vertices: &[Point]) -> Point {
    let (mut x, mut y, mut z) = (0.0, 0.0, 0.0);
    for vertex in vertices {
        let (longitude, latitude) = (radians(vertex.longitude), radians(vertex.latitude));
        x += EARTH_RADIUS * latitude.cos() * longitude.cos();
        y += EARTH_RADIUS * latitude.cos() * longitude.sin();
        z += EARTH_RADIUS * latitude.sin();
    }
    let count = vertices.len() as f64;
    (x, y, z) = (x / count, y / count, z / count);
    Point { longitude: degrees(y.atan2(x)), latitude: degrees(z.atan2((x * x + y * y).sqrt())) }
}

/// Whether a line from the place to the east crosses the edges an odd number of times.
fn is_between(vertices: &[Point], point: Point) -> bool {
    let before = vertices.iter().cycle().skip(vertices.len() - 1);
    let crossed = vertices.iter().zip(before).filter(|(a, b)| {
        (a.latitude > point.latitude) != (b.latitude > point.latitude)
            && point.longitude
                < (b.longitude - a.longitude) * (point.latitude - a.latitude) / (b.latitude - a.latitude)
                    + a.longitude
    });
    crossed.count() % 2 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(longitude: f64, latitude: f64) -> Point {
        Point { longitude, latitude }
    }

    #[test]
    fn inside_and_outside() {
        let centre = point(15.0, 37.0);
        let check = |shape: &Shape, longitude, latitude, inside| {
            let distance = shape.distance(point(longitude, latitude));
            assert_eq!(distance.is_some(), inside, "{shape:?} {longitude} {latitude}");
        };
        let circle = Shape::Circle { centre, radius: 200_000.0 };
        check(&circle, 15.087269, 37.502669, true);
        check(&circle, 13.361389, 38.115556, true);
        check(&circle, 12.0, 38.0, false);
        let rectangle = Shape::Box { centre, width: 400_000.0, height: 100_000.0 };
        check(&rectangle, 13.0, 37.1, true);
        check(&rectangle, 15.0, 37.9, false);
        let corner = Shape::polygon(vec![point(0.0, 0.0), point(10.0, 0.0), point(0.0, 10.0)]);
        check(&corner, 3.0, 3.0, true);
        check(&corner, 6.0, 6.0, false);
    }
}
