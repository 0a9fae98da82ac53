//! The rows of the geo family.

use super::search::georadius_keys;
use super::{add, place, search};
use crate::command::Row;
use crate::spec::Flag::{Denyoom, Readonly, Write};
use crate::spec::KeyFlag::{Access, OW, RO, RW, Update, VariableFlags};
use crate::spec::{Arg, ArgKind, Group, KEY, KeySpec, Spec};
use crate::spec::{after, block, first, flag, int, oneof, text, typed};

const READ: &[KeySpec] = &[first(1, &[RO, Access])];
const STORE: &[KeySpec] = &[first(1, &[OW, Update]), first(2, &[RO, Access])];
const RADIUS: &[KeySpec] = &[
    first(1, &[RO, Access]),
    after("STORE", 6, &[OW, Update, VariableFlags]),
    after("STOREDIST", 6, &[OW, Update, VariableFlags]),
];
const RADIUS_BY_MEMBER: &[KeySpec] = &[
    first(1, &[RO, Access]),
    after("STORE", 5, &[OW, Update, VariableFlags]),
    after("STOREDIST", 5, &[OW, Update, VariableFlags]),
];
const LONGITUDE: Arg = typed("longitude", ArgKind::Double);
const LATITUDE: Arg = typed("latitude", ArgKind::Double);
const RADIUS_ARG: Arg = typed("radius", ArgKind::Double);
const UNITS: &[Arg] = &[flag("m", "m"), flag("km", "km"), flag("ft", "ft"), flag("mi", "mi")];
const UNIT: Arg = oneof("unit", UNITS);
const WITHCOORD: Arg = flag("withcoord", "WITHCOORD").optional();
const WITHDIST: Arg = flag("withdist", "WITHDIST").optional();
const WITHHASH: Arg = flag("withhash", "WITHHASH").optional();
const COUNT_SINCE: Arg =
    block("count-block", &[int("count").after("COUNT"), flag("any", "ANY").since("6.2.0").optional()])
        .optional();
const COUNT: Arg =
    block("count-block", &[int("count").after("COUNT"), flag("any", "ANY").optional()]).optional();
const ORDER: Arg = oneof("order", &[flag("asc", "ASC"), flag("desc", "DESC")]).optional();
const STORE_KEY: Arg = oneof(
    "store",
    &[
        typed("storekey", ArgKind::Key).of_spec(1).shown_as("key").after("STORE"),
        typed("storedistkey", ArgKind::Key).of_spec(2).shown_as("key").after("STOREDIST"),
    ],
)
.optional();
const FROM: Arg = oneof(
    "from",
    &[text("member").after("FROMMEMBER"), block("fromlonlat", &[LONGITUDE, LATITUDE]).after("FROMLONLAT")],
)
.optional();
const CIRCLE: Arg = block("circle", &[typed("radius", ArgKind::Double).after("BYRADIUS"), UNIT]);
const BOX: Arg =
    block("box", &[typed("width", ArgKind::Double).after("BYBOX"), typed("height", ArgKind::Double), UNIT]);
const POLYGON: Arg = block(
    "polygon",
    &[int("num-vertices").after("BYPOLYGON"), block("vertices", &[LONGITUDE, LATITUDE]).multiple()],
)
.since("9.0.0");
const BY: Arg = oneof("by", &[CIRCLE, BOX, POLYGON]);
const MEMBERS: &[Arg] = &[KEY, text("member").optional().multiple()];

const fn geo(name: &'static str, arity: i16, since: &'static str) -> Spec {
    Spec::new(name, arity, Group::Geo, since)
}

/// Commands on places.
pub static ROWS: &[Row] = &[
    Row::keys(
        geo("geoadd", -5, "3.2.0")
            .with(&[Write, Denyoom])
            .keys(&[first(1, &[RW, Update])])
            .args(&[
                KEY,
                oneof("condition", &[flag("nx", "NX"), flag("xx", "XX")]).since("6.2.0").optional(),
                flag("change", "CH").since("6.2.0").optional(),
                block("data", &[LONGITUDE, LATITUDE, text("member")]).multiple(),
            ])
            .docs("Adds places as members of a sorted set.", "O(log(N)) for each place"),
        add::geoadd,
    ),
    Row::keys(
        geo("geodist", -4, "3.2.0")
            .with(&[Readonly])
            .keys(READ)
            .args(&[KEY, text("member1"), text("member2"), oneof("unit", UNITS).optional()])
            .docs("Returns the distance of two members.", "O(1)"),
        place::geodist,
    ),
    Row::keys(
        geo("geohash", -2, "3.2.0")
            .with(&[Readonly])
            .keys(READ)
            .args(MEMBERS)
            .docs("Returns the geohashes of members as text.", "O(1) for each member"),
        place::geohash,
    ),
    Row::keys(
        geo("geopos", -2, "3.2.0")
            .with(&[Readonly])
            .keys(READ)
            .args(MEMBERS)
            .docs("Returns longitude and latitude of members.", "O(1) for each member"),
        place::geopos,
    ),
    Row::keys(
        geo("georadius", -6, "3.2.0")
            .with(&[Write, Denyoom])
            .keys(RADIUS)
            .getkeys(georadius_keys)
            .args(&[
                KEY,
                LONGITUDE,
                LATITUDE,
                RADIUS_ARG,
                UNIT,
                WITHCOORD,
                WITHDIST,
                WITHHASH,
                COUNT_SINCE,
                ORDER,
                STORE_KEY,
            ])
            .docs(
                "Returns or stores the members around a place.",
                "O(N+log(M)), N being the members in cells around the centre, M those inside",
            ),
        search::georadius,
    ),
    Row::keys(
        geo("georadius_ro", -6, "3.2.10")
            .with(&[Readonly])
            .keys(READ)
            .args(&[
                KEY,
                LONGITUDE,
                LATITUDE,
                RADIUS_ARG,
                UNIT,
                WITHCOORD,
                WITHDIST,
                WITHHASH,
                COUNT_SINCE,
                ORDER,
            ])
            .docs(
                "Returns the members around a place.",
                "O(N+log(M)), N being the members in cells around the centre, M those inside",
            ),
        search::georadius_ro,
    ),
    Row::keys(
        geo("georadiusbymember", -5, "3.2.0")
            .with(&[Write, Denyoom])
            .keys(RADIUS_BY_MEMBER)
            .getkeys(georadius_keys)
            .args(&[
                KEY,
                text("member"),
                RADIUS_ARG,
                UNIT,
                WITHCOORD,
                WITHDIST,
                WITHHASH,
                COUNT,
                ORDER,
                STORE_KEY,
            ])
            .docs(
                "Returns or stores the members around a member.",
                "O(N+log(M)), N being the members in cells around the centre, M those inside",
            ),
        search::georadiusbymember,
    ),
    Row::keys(
        geo("georadiusbymember_ro", -5, "3.2.10")
            .with(&[Readonly])
            .keys(READ)
            .args(&[KEY, text("member"), RADIUS_ARG, UNIT, WITHCOORD, WITHDIST, WITHHASH, COUNT, ORDER])
            .docs(
                "Returns the members around a member.",
                "O(N+log(M)), N being the members in cells around the centre, M those inside",
            ),
        search::georadiusbymember_ro,
    ),
    Row::keys(
        geo("geosearch", -7, "6.2.0")
            .with(&[Readonly])
            .keys(READ)
            .args(&[KEY, FROM, BY, ORDER, COUNT, WITHCOORD, WITHDIST, WITHHASH])
            .docs(
                "Returns the members inside a circle, a box or a polygon.",
                "O(N+log(M)), N being the members in cells around the centre, M those inside",
            ),
        search::geosearch,
    ),
    Row::keys(
        geo("geosearchstore", -8, "6.2.0")
            .with(&[Write, Denyoom])
            .keys(STORE)
            .args(&[
                typed("destination", ArgKind::Key).of_spec(0),
                typed("source", ArgKind::Key).of_spec(1),
                FROM,
                BY,
                ORDER,
                COUNT,
                flag("storedist", "STOREDIST").optional(),
            ])
            .docs(
                "Stores the members inside a circle, a box or a polygon.",
                "O(N+log(M)), N being the members in cells around the centre, M those inside",
            ),
        search::geosearchstore,
    ),
];
