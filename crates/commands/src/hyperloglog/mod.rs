//! Commands on HyperLogLog sketches, which are strings.

mod add;
mod count;
mod debug;
mod merge;
mod table;

pub use table::ROWS;

use ds::hll::{Corrupted, SketchRef};
use store::{EntryRef, StrRef};

use crate::args::Refused;
use crate::string::text_of;

const NO_SKETCH: Refused = Refused("-WRONGTYPE Key is not a valid HyperLogLog string value.");

impl From<Corrupted> for Refused {
    fn from(_: Corrupted) -> Refused {
        Refused("-INVALIDOBJ Corrupted HLL object detected")
    }
}

/// The sketch of an entry.
fn sketch_of(entry: EntryRef<'_>) -> Result<SketchRef<'_>, Refused> {
    sketch(text_of(entry)?)
}

fn sketch(text: StrRef<'_>) -> Result<SketchRef<'_>, Refused> {
    match text {
        StrRef::Bytes(bytes) => SketchRef::of(bytes).ok_or(NO_SKETCH),
        StrRef::Int(_) => Err(NO_SKETCH),
    }
}
