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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_in_order_wherever_they_are_held() {
        let lua = Lua::new();
        let many = lua.create_function(|lua, ()| {
            let mut results = Results::default();
            for n in 0..NEAR_MAX * 3 {
                let value = if n % 3 == 0 { Value::Integer(n as i64) } else { text(lua, n) };
                results.push(lua, value)?;
            }
            results.push(lua, text(lua, 0))?;
            let last = results.pop(lua)?;
            assert_eq!((last, results.len()), (Some(text(lua, 0)), NEAR_MAX * 3));
            Ok(results.finish_behind(Value::Integer(-1)))
        });
        lua.globals().set("many", many.unwrap()).unwrap();
        let joined: String = lua.load("return table.concat({many()}, ' ')").eval().unwrap();
        let expect: Vec<String> = (-1..NEAR_MAX as i64 * 3).map(|n| n.to_string()).collect();
        assert_eq!(joined, expect.join(" "));
    }

    fn text(lua: &Lua, n: usize) -> Value {
        Value::String(lua.create_string(n.to_string()).unwrap())
    }
}
