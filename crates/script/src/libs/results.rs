//! Many return values.

use std::rc::Rc;

use mlua::{IntoLua, Lua, Result, Table, Value, Variadic};

/// Values that a function returns at once. Redis's limit is some more, as its functions take fewer slots of the stack.
pub(super) const RESULTS_MAX: usize = 7990;

/// Values held from Rust; others lie in a table, as the interpreter has some 8000 places only for such.
const NEAR_MAX: usize = 100;

/// Return values as they come.
#[derive(Default)]
pub(super) struct Results {
    values: Vec<Returned>,
    far: Option<Rc<Table>>,
}

/// One return value.
pub(super) enum Returned {
    /// Itself.
    Here(Value),
    /// In a table, at this index.
    There(Rc<Table>, usize),
}

impl IntoLua for Returned {
    fn into_lua(self, _: &Lua) -> Result<Value> {
        match self {
            Returned::Here(value) => Ok(value),
            Returned::There(table, index) => table.raw_get(index),
        }
    }
}

impl Results {
    pub fn len(&self) -> usize {
        self.values.len()
    }

    pub fn push(&mut self, lua: &Lua, value: Value) -> Result<()> {
        let is_held = !matches!(value, Value::Nil | Value::Boolean(_) | Value::Integer(_) | Value::Number(_));
        if !is_held || self.values.len() < NEAR_MAX {
            self.values.push(Returned::Here(value));
            return Ok(());
        }
        let far = match &self.far {
            Some(far) => far.clone(),
            None => self.far.insert(Rc::new(lua.create_table()?)).clone(),
        };
        let index = self.values.len() + 1;
        far.raw_set(index, value)?;
        self.values.push(Returned::There(far, index));
        Ok(())
    }

    pub fn pop(&mut self, lua: &Lua) -> Result<Option<Value>> {
        self.values.pop().map(|last| last.into_lua(lua)).transpose()
    }

    pub fn finish(self) -> Variadic<Returned> {
        Variadic::from(self.values)
    }

    /// With one value more, in front.
    pub fn finish_behind(mut self, first: Value) -> Variadic<Returned> {
        self.values.insert(0, Returned::Here(first));
        Variadic::from(self.values)
    }
}
