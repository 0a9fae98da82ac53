//! The rows of SORT.

use super::options::{reaches, sort_keys, sort_ro_keys};
use super::{sort, sort_ro};
use crate::command::Row;
use crate::spec::Flag::{Denyoom, Readonly, Write};
use crate::spec::KeyFlag::{Access, OW, RO, Update};
use crate::spec::{Arg, ArgKind, Category, Group, KEY, KeySpec, Spec};
use crate::spec::{block, first, flag, int, oneof, typed, unknown};

const FOUND: KeySpec = first(1, &[RO, Access]);
const PATTERNS: KeySpec = unknown(&[RO, Access]);
const DESTINATION: KeySpec = unknown(&[OW, Update]);
const CATEGORIES: &[Category] = &[Category::Set, Category::Sortedset, Category::List, Category::Dangerous];
const BY: Arg = typed("by-pattern", ArgKind::Pattern).after("BY").shown_as("pattern").of_spec(1).optional();
const LIMIT: Arg = block("limit", &[int("offset"), int("count")]).after("LIMIT").optional();
const GET: Arg = typed("get-pattern", ArgKind::Pattern)
    .after("GET")
    .shown_as("pattern")
    .of_spec(1)
    .optional()
    .multiple_token();
const ORDER: Arg = oneof("order", &[flag("asc", "ASC"), flag("desc", "DESC")]).optional();
const SORTING: Arg = flag("sorting", "ALPHA").optional();
const STORE: Arg = typed("destination", ArgKind::Key).after("STORE").of_spec(2).optional();
const COST: &str = "O(N+M*log(M)), N being the elements of the value, M those returned; O(N) without sorting";

/// SORT and SORT_RO.
pub static ROWS: &[Row] = &[
    Row::keys(
        Spec::new("sort", -2, Group::Generic, "1.0.0")
            .with(&[Write, Denyoom])
            .categories(CATEGORIES)
            .keys(&[FOUND, PATTERNS, DESTINATION])
            .getkeys(sort_keys)
            .reaches(reaches)
            .args(&[KEY, BY, LIMIT, GET, ORDER, SORTING, STORE])
            .docs("Sorts the elements of a list, set or sorted set, and may store the result.", COST),
        sort,
    ),
    Row::keys(
        Spec::new("sort_ro", -2, Group::Generic, "7.0.0")
            .with(&[Readonly])
            .categories(CATEGORIES)
            .keys(&[FOUND, PATTERNS])
            .getkeys(sort_ro_keys)
            .reaches(reaches)
            .args(&[KEY, BY, LIMIT, GET, ORDER, SORTING])
            .docs("Returns the elements of a list, set or sorted set, sorted.", COST),
        sort_ro,
    ),
];
