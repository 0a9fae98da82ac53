//! A stack of tables of any height.

use mlua::{Lua, Result, Table};

/// Tables held from Rust. Each takes one of the some 8000 places that the interpreter has for that, so the others lie in a table.
const NEAR_MAX: usize = 500;

/// Tables by index, last in, first out.
#[derive(Default)]
pub(super) struct Shelf {
    near: Vec<Table>,
    far: Option<Table>,
    far_len: usize,
}

impl Shelf {
    pub fn len(&self) -> usize {
        self.near.len() + self.far_len
    }

    pub fn push(&mut self, lua: &Lua, table: Table) -> Result<()> {
        if self.near.len() < NEAR_MAX {
            self.near.push(table);
            return Ok(());
        }
        let far = match self.far.take() {
            Some(far) => far,
            None => lua.create_table()?,
        };
        self.far_len += 1;
        let put = far.raw_set(self.far_len, table);
        self.far = Some(far);
        put
    }

    /// The table at `index`, which must be below `len()`.
    pub fn get(&self, index: usize) -> Result<Table> {
        match (self.near.get(index), &self.far) {
            (Some(table), _) => Ok(table.clone()),
            (None, Some(far)) => far.raw_get(index - NEAR_MAX + 1),
            (None, None) => unreachable!("an index within the shelf"),
        }
    }

    pub fn last(&self) -> Result<Option<Table>> {
        self.len().checked_sub(1).map(|index| self.get(index)).transpose()
    }

    /// Drops all from `len` on; what lay far stays reachable until its place is taken again.
    pub fn truncate(&mut self, len: usize) {
        self.far_len = self.far_len.min(len.saturating_sub(NEAR_MAX));
        self.near.truncate(len);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_come_back_whether_near_or_far() {
        let lua = Lua::new();
        let mut shelf = Shelf::default();
        let check = |shelf: &Shelf, index: usize| {
            let mark: usize = shelf.get(index).unwrap().raw_get(1).unwrap();
            assert_eq!(mark, index);
        };
        for round in [NEAR_MAX + 10, NEAR_MAX, NEAR_MAX + 3, 0, 5] {
            shelf.truncate(round);
            while shelf.len() < round + 20 {
                let table = lua.create_sequence_from([shelf.len()]).unwrap();
                shelf.push(&lua, table).unwrap();
            }
            (0..shelf.len()).for_each(|index| check(&shelf, index));
            assert!(shelf.last().unwrap().is_some());
        }
        shelf.truncate(0);
        assert!(shelf.last().unwrap().is_none());
    }
}
