//! Commands on the bits of strings.

mod bit;
mod count;
mod field;
mod integer;
mod operate;
mod span;
mod table;

pub use table::ROWS;

use crate::args::Refused;

const BAD_OFFSET: Refused = Refused("bit offset is not an integer or out of range");
