//! Commands on places: members of sorted sets whose scores are geohashes.

mod add;
mod areas;
mod distance;
mod place;
mod query;
mod search;
mod shape;
mod table;

pub use table::ROWS;
