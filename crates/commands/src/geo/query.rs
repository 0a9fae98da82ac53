//! The arguments of searches.

use base::num::{parse_f64, parse_i64};
use ds::geohash::Point;
use ds::value::Zset;
use resp::Reply;

use super::distance::Unit;
use super::shape::Shape;
use crate::args::{NOT_FLOAT, NOT_INTEGER, Refused, SYNTAX};
use crate::command::Cmd;

pub(super) const BAD_UNIT: Refused = Refused("unsupported unit provided. please use M, KM, FT, MI");
const FEW_VERTICES: Refused = Refused("GEOSEARCH BYPOLYGON must have at least 3 vertices");

/// A request that does not fit its command.
#[derive(PartialEq, Debug)]
pub(super) enum Bad {
    /// With a text of its own.
    Refused(Refused),
    /// With a text that tells of the arguments, as bytes.
    Text(Vec<u8>),
}

impl From<Refused> for Bad {
    fn from(refused: Refused) -> Bad {
        Bad::Refused(refused)
    }
}

impl Bad {
    pub fn reply(self, out: &mut Reply<'_>) {
        match self {
            Bad::Refused(Refused(text)) => out.error(text),
            Bad::Text(text) => out.error_bytes(&text),
        }
    }
}

/// What a command's name says about its arguments.
#[derive(Clone, Copy)]
pub(super) struct Form {
    /// Where the options begin.
    pub options_at: usize,
    /// Which argument and which key is searched.
    pub source: (usize, usize),
    pub kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `GEORADIUS`: longitude, latitude, radius, unit; may store.
    Radius { stores: bool },
    /// `GEORADIUSBYMEMBER`: member, radius, unit; may store.
    RadiusByMember { stores: bool },
    /// `GEOSEARCH`: all by options.
    Search,
    /// `GEOSEARCHSTORE`: as that.
    SearchStore,
}

/// The order of a result.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Order {
    AsFound,
    Nearest,
    Farthest,
}

/// Where a result goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Target {
    /// The argument that names the key.
    pub at: usize,
    /// Scores are distances.
    pub distances: bool,
}

/// What is asked for. Without a shape there is nothing to search: the key does not exist, and the member that was to
/// be the centre neither.
#[derive(PartialEq, Debug)]
pub(super) struct Query {
    pub shape: Option<Shape>,
    pub unit: Unit,
    pub order: Order,
    /// Most places of the result.
    pub count: usize,
    /// The first places that are found will do.
    pub any: bool,
    pub with_distance: bool,
    pub with_hash: bool,
    pub with_place: bool,
    pub target: Option<Target>,
}

/// Size and form of a search, before it has a centre; in the units of the arguments.
enum Extent {
    Circle(f64),
    Box(f64, f64),
    Polygon(Vec<Point>),
}

/// What the options have said so far.
struct Parser<'a, 'z> {
    form: Form,
    zset: Option<&'z Zset>,
    /// FROMMEMBER or FROMLONLAT: which, and where that is if the key exists.
    from: Option<(Centre, Option<Point>)>,
    extent: Option<Extent>,
    query: Query,
    words: Words<'a>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Centre {
    Member,
    Place,
}

/// The arguments that are left.
#[derive(Clone, Copy)]
struct Words<'a> {
    args: resp::Args<'a>,
    at: usize,
}

impl<'a> Words<'a> {
    /// The next argument, if there is one.
    fn next(&mut self) -> Option<&'a [u8]> {
        let word = self.args.get(self.at)?;
        self.at += 1;
        Some(word)
    }

    fn left(&self) -> usize {
        self.args.len() - self.at
    }
}

/// Longitude and latitude.
pub(super) fn point(longitude: &[u8], latitude: &[u8]) -> Result<Point, Bad> {
    let number = |arg| parse_f64(arg).ok_or(Refused(NOT_FLOAT));
    let point = Point { longitude: number(longitude)?, latitude: number(latitude)? };
    if point.is_valid() {
        return Ok(point);
    }
    let (x, y) = (point.longitude, point.latitude);
    Err(Bad::Text(format!("-ERR invalid longitude,latitude pair {x:.6},{y:.6}").into_bytes()))
}

/// Reads the arguments of a search in a set, which may be missing.
pub(super) fn parse(cmd: &Cmd<'_, '_>, form: Form, zset: Option<&Zset>) -> Result<Query, Bad> {
    let query = Query {
        shape: None,
        unit: Unit::METRE,
        order: Order::AsFound,
        count: 0,
        any: false,
        with_distance: false,
        with_hash: false,
        with_place: false,
        target: None,
    };
    let words = Words { args: cmd.args, at: 2 };
    let mut parser = Parser { form, zset, from: None, extent: None, query, words };
    parser.fixed()?;
    parser.words.at = form.options_at;
    while let Some(word) = parser.words.next() {
        parser.option(word)?;
    }
    parser.finish(cmd.args.at(0))
}

impl<'a> Parser<'a, '_> {
    /// What stands before the options.
    fn fixed(&mut self) -> Result<(), Bad> {
        match self.form.kind {
            Kind::Radius { .. } => {
                self.from = Some((Centre::Place, Some(self.point()?)));
                self.radius()
            }
            Kind::RadiusByMember { .. } => {
                let member = self.word();
                self.from = Some((Centre::Member, self.member(member)?));
                // Others do not look at the radius when there is nothing to search.
                if self.zset.is_some() { self.radius() } else { Ok(()) }
            }
            Kind::Search => Ok(()),
            Kind::SearchStore => {
                self.query.target = Some(Target { at: 1, distances: false });
                Ok(())
            }
        }
    }

    fn option(&mut self, word: &[u8]) -> Result<(), Bad> {
        match word.to_ascii_lowercase().as_slice() {
            b"withdist" => self.query.with_distance = true,
            b"withhash" => self.query.with_hash = true,
            b"withcoord" => self.query.with_place = true,
            b"any" => self.query.any = true,
            b"asc" => self.query.order = Order::Nearest,
            b"desc" => self.query.order = Order::Farthest,
            b"count" if self.words.left() >= 1 => self.query.count = self.count()?,
            b"storedist" if self.form.kind == Kind::SearchStore => {
                self.query.target = Some(Target { at: 1, distances: true });
            }
            option @ (b"store" | b"storedist") if self.may_store() && self.words.left() >= 1 => {
                self.query.target = Some(Target { at: self.words.at, distances: option == b"storedist" });
                self.words.at += 1;
            }
            option if matches!(self.form.kind, Kind::Search | Kind::SearchStore) => {
                return self.search_option(option);
            }
            _ => return Err(Refused(SYNTAX).into()),
        }
        Ok(())
    }

    /// What only GEOSEARCH knows: the centre, and what lies around.
    fn search_option(&mut self, option: &[u8]) -> Result<(), Bad> {
        let from = self.from.as_ref().map(|(from, _)| *from);
        let left = self.words.left();
        let polygon = matches!(self.extent, Some(Extent::Polygon(_)));
        match option {
            b"frommember" if left >= 1 && from != Some(Centre::Place) && !polygon => {
                let member = self.word();
                self.from = Some((Centre::Member, self.member(member)?));
            }
            b"fromlonlat" if left >= 2 && from != Some(Centre::Member) && !polygon => {
                self.from = Some((Centre::Place, Some(self.point()?)));
            }
            b"byradius" if left >= 2 && matches!(self.extent, None | Some(Extent::Circle(_))) => {
                self.radius()?;
            }
            b"bybox" if left >= 3 && matches!(self.extent, None | Some(Extent::Box(..))) => {
                self.rectangle()?;
            }
            b"bypolygon" if left >= 1 && from.is_none() && (polygon || self.extent.is_none()) => {
                self.polygon()?;
            }
            _ => return Err(Refused(SYNTAX).into()),
        }
        Ok(())
    }

    fn may_store(&self) -> bool {
        matches!(self.form.kind, Kind::Radius { stores: true } | Kind::RadiusByMember { stores: true })
    }

    /// An argument that was counted before.
    fn word(&mut self) -> &'a [u8] {
        self.words.next().unwrap_or_default()
    }
    /// The place of a member; none if the key does not exist.
    fn member(&self, member: &[u8]) -> Result<Option<Point>, Bad> {
        let Some(zset) = self.zset else { return Ok(None) };
        match zset.score(member) {
            Some(score) => Ok(Some(Point::of_score(score))),
            None => Err(Bad::Text([b"member ", member, b" does not exist"].concat())),
        }
    }

    fn point(&mut self) -> Result<Point, Bad> {
        point(self.word(), self.word())
    }

    fn count(&mut self) -> Result<usize, Bad> {
        let count = parse_i64(self.word()).ok_or(Refused(NOT_INTEGER))?;
        let count = usize::try_from(count).ok().filter(|count| *count > 0);
        Ok(count.ok_or(Refused("COUNT must be > 0"))?)
    }

    fn unit(&mut self) -> Result<(), Bad> {
        self.query.unit = Unit::parse(self.word()).ok_or(BAD_UNIT)?;
        Ok(())
    }

    fn radius(&mut self) -> Result<(), Bad> {
        let radius = parse_f64(self.word()).ok_or(Refused("need numeric radius"))?;
        if radius < 0.0 {
            return Err(Refused("radius cannot be negative").into());
        }
        self.unit()?;
        self.extent = Some(Extent::Circle(radius));
        Ok(())
    }

    fn rectangle(&mut self) -> Result<(), Bad> {
        let width = parse_f64(self.word()).ok_or(Refused("need numeric width"))?;
        let height = parse_f64(self.word()).ok_or(Refused("need numeric height"))?;
        if width < 0.0 || height < 0.0 {
            return Err(Refused("height or width cannot be negative").into());
        }
        self.unit()?;
        self.extent = Some(Extent::Box(width, height));
        Ok(())
    }

    fn polygon(&mut self) -> Result<(), Bad> {
        let count = parse_i64(self.word()).and_then(|n| i32::try_from(n).ok());
        let count = count.ok_or(Refused("invalid number of vertices"))?;
        let count = usize::try_from(count).unwrap_or(0);
        if count < 3 || self.words.left() / 2 < count {
            return Err(FEW_VERTICES.into());
        }
        let vertices = (0..count).map(|_| self.point()).collect::<Result<_, _>>()?;
        self.query.unit = Unit::METRE;
        self.extent = Some(Extent::Polygon(vertices));
        Ok(())
    }

    /// Checks that all fits together.
    fn finish(mut self, name: &[u8]) -> Result<Query, Bad> {
        let query = &self.query;
        if query.target.is_some() && (query.with_distance || query.with_hash || query.with_place) {
            return Err(Refused(match self.form.kind {
                Kind::SearchStore => "GEOSEARCHSTORE is not compatible with WITHDIST, WITHHASH and WITHCOORD options",
                _ => "STORE option in GEORADIUS is not compatible with WITHDIST, WITHHASH and WITHCOORD options",
            })
            .into());
        }
        let polygon = matches!(self.extent, Some(Extent::Polygon(_)));
        if self.from.is_none() && !polygon {
            return Err(only_one("FROMMEMBER or FROMLONLAT", name));
        }
        let searches = matches!(self.form.kind, Kind::Search | Kind::SearchStore);
        if self.extent.is_none() && searches {
            return Err(only_one("BYRADIUS and BYBOX", name));
        }
        if query.any && query.count == 0 {
            return Err(Refused("the ANY argument requires COUNT argument").into());
        }
        let centre = self.from.and_then(|(_, centre)| centre);
        let metres = self.query.unit.metres;
        self.query.shape = match (self.extent, centre) {
            (Some(Extent::Polygon(vertices)), _) => Some(Shape::polygon(vertices)),
            (Some(Extent::Circle(radius)), Some(centre)) => {
                Some(Shape::Circle { centre, radius: radius * metres })
            }
            (Some(Extent::Box(width, height)), Some(centre)) => {
                Some(Shape::Box { centre, width: width * metres, height: height * metres })
            }
            _ => None,
        };
        if self.query.count > 0 && self.query.order == Order::AsFound && !self.query.any {
            self.query.order = Order::Nearest;
        }
        Ok(self.query)
    }
}

fn only_one(what: &str, name: &[u8]) -> Bad {
    Bad::Text([b"exactly one of ", what.as_bytes(), b" can be specified for ", name].concat())
}
