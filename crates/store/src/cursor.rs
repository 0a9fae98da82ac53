//! The cursor of SCAN.

use base::{SLOTS, Slot};
use ds::table::{SCAN_BITS, SCAN_END};

const SLOT_BITS: u32 = SLOTS.ilog2();
const _: () = assert!(SCAN_BITS + SLOT_BITS == 53, "clients may keep a cursor in a double");

/// Where a walk over a database stands: a slot, and a position in bit-reversed hash order inside it. As a number,
/// the slot is in the low 14 bits and all is below 2^53; 0 is the start.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cursor {
    /// The slot to go on with.
    pub slot: Slot,
    /// Position in the slot, below 2^39.
    pub position: u64,
}

impl Cursor {
    /// Before the first key.
    pub fn start() -> Cursor {
        Cursor::at_slot(Slot::from_low_bits(0))
    }

    /// At the first key of a slot.
    pub fn at_slot(slot: Slot) -> Cursor {
        Cursor { slot, position: 0 }
    }

    /// The cursor that a client sent. Bits above those that are used are ignored.
    pub fn from_number(n: u64) -> Cursor {
        Cursor { slot: Slot::from_low_bits(n), position: n >> SLOT_BITS & (SCAN_END - 1) }
    }

    /// The number to send to a client; that of the end, which is `None`, is 0.
    pub fn number(cursor: Option<Cursor>) -> u64 {
        cursor.map_or(0, |c| c.position << SLOT_BITS | u64::from(c.slot.get()))
    }

    /// The next place when the walk of the slot has got to `position`.
    pub(crate) fn advanced(self, position: u64) -> Option<Cursor> {
        if position < SCAN_END {
            return Some(Cursor { position, ..self });
        }
        Slot::new(self.slot.get() + 1).map(Cursor::at_slot)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_go_both_ways_below_2_to_53() {
        let last = Cursor { slot: Slot::from_low_bits(16383), position: SCAN_END - 1 };
        let number = Cursor::number(Some(last));
        assert_eq!(number, (1 << 53) - 1);
        assert_eq!(Cursor::from_number(number), last);
        assert_eq!(Cursor::number(Some(Cursor::start())), 0);
        assert_eq!(last.advanced(SCAN_END), None);
        assert_eq!(Cursor::number(Cursor::start().advanced(SCAN_END)), 1);
    }
}
