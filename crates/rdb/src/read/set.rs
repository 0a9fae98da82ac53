//! Sets.

use super::{Items, Rules, filled, pack};
use crate::cursor::Cursor;
use crate::fault::Fault;
use crate::value::Value;
use ds::Intset;
use ds::value::Set;

const TWICE: Fault = Fault::Bad("a member is there twice");

/// Members, one by one.
#[derive(Default)]
pub(super) struct Members {
    set: Set,
    count: usize,
}

impl Items for Members {
    fn head(&mut self, from: &mut Cursor<'_>) -> Result<u64, Fault> {
        let count = from.number()?;
        self.count = usize::try_from(count).unwrap_or(usize::MAX);
        Ok(count)
    }

    fn item(&mut self, from: &mut Cursor<'_>, rules: &Rules) -> Result<(), Fault> {
        let member = from.text()?;
        if self.set.is_empty() {
            self.set = Set::for_members(&member, self.count, &rules.limits.set);
        }
        if self.set.insert(&member, &rules.limits.set) { Ok(()) } else { Err(TWICE) }
    }

    fn finish(self, _: &Rules) -> Result<Value, Fault> {
        filled(self.set)
    }
}

/// A set that is one listpack.
pub(super) fn of_pack(bytes: &[u8], rules: &Rules) -> Result<Value, Fault> {
    filled(Set::from_pack(pack::parse(bytes)?, &rules.limits.set).ok_or(TWICE)?)
}

/// A set that is one intset.
pub(super) fn of_intset(bytes: &[u8], rules: &Rules) -> Result<Value, Fault> {
    let ints = Intset::parse(bytes).map_err(|_| Fault::Bad("an intset is damaged"))?;
    filled(Set::from_ints(ints, &rules.limits.set))
}
