//! The libraries that an interpreter has loaded: each when a function of it is first called.

use super::loader::{Loader, described};
use super::{Header, Libraries, Library, LibraryError};
use crate::failure::text_of;
use mlua::{Lua, Table};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Functions of libraries, ready to be called.
pub(crate) struct Loaded {
    loader: Loader,
    /// All functions, by number: what calls them is a function of Lua, too.
    functions: Table,
    /// What is loaded, by where it lies in memory.
    libraries: BTreeMap<usize, Place>,
    /// As of when that was compared with what there is.
    as_of: Arc<Libraries>,
    /// The number of the next function.
    next: u64,
    /// Bytes of memory that the interpreter may hold while a library loads.
    memory_max: usize,
}

/// A library, with the number of its first function.
struct Place {
    library: Arc<Library>,
    first: u64,
}

impl Loaded {
    /// An interpreter without libraries, which keeps functions in a table.
    pub fn new(functions: Table, loader: Loader, memory_max: usize) -> Loaded {
        Loaded { loader, functions, libraries: BTreeMap::new(), as_of: Arc::default(), next: 1, memory_max }
    }

    /// The number of a function of one of `all` libraries, which is loaded first if need be. Libraries that are no longer there are let go.
    pub fn function(
        &mut self,
        lua: &Lua,
        all: &Arc<Libraries>,
        library: &Arc<Library>,
        index: usize,
    ) -> Result<u64, LibraryError> {
        if !Arc::ptr_eq(all, &self.as_of) {
            self.forget_all_but(all).map_err(failed)?;
        }
        let first = match self.libraries.get(&address(library)) {
            Some(place) => place.first,
            None => self.load(lua, library)?,
        };
        Ok(first + index as u64)
    }

    fn load(&mut self, lua: &Lua, library: &Arc<Library>) -> Result<u64, LibraryError> {
        lua.set_memory_limit(self.memory_max).map_err(failed)?;
        let registered = self.loader.run(lua, &Header::parse(&library.code)?);
        lua.set_memory_limit(0).map_err(failed)?;
        let registered = registered?;
        // Calls go by the place in the list, which must be what it was when the library was taken.
        if described(&registered).map_err(failed)? != library.functions {
            return Err(LibraryError::Register("ERR other functions than before".into()));
        }
        let first = self.next;
        for at in 0..library.functions.len() {
            let entry: Table = registered.raw_get(at + 1).map_err(failed)?;
            let callback: mlua::Function = entry.raw_get("callback").map_err(failed)?;
            self.functions.raw_set(first + at as u64, callback).map_err(failed)?;
        }
        self.next += library.functions.len() as u64;
        self.libraries.insert(address(library), Place { library: Arc::clone(library), first });
        Ok(first)
    }

    /// Lets go of libraries that are not among these. Whether there were such.
    pub fn forget_all_but(&mut self, all: &Arc<Libraries>) -> mlua::Result<bool> {
        let gone = |place: &Place| {
            all.get(&place.library.name).is_none_or(|kept| !Arc::ptr_eq(kept, &place.library))
        };
        let addresses: Vec<usize> =
            self.libraries.iter().filter(|(_, place)| gone(place)).map(|(address, _)| *address).collect();
        let some = !addresses.is_empty();
        for address in addresses {
            let Some(place) = self.libraries.remove(&address) else { continue };
            for at in 0..place.library.functions.len() {
                self.functions.raw_set(place.first + at as u64, mlua::Nil)?;
            }
        }
        self.as_of = Arc::clone(all);
        Ok(some)
    }
}

/// The library is kept, so that no other can come to lie there.
fn address(library: &Arc<Library>) -> usize {
    Arc::as_ptr(library).addr()
}

fn failed(error: mlua::Error) -> LibraryError {
    LibraryError::Register(format!("ERR {}", text_of(&error)))
}

#[cfg(test)]
mod tests {
    use super::super::loader::tests::interpreter;
    use super::*;

    fn library(name: &str, body: &str, functions: &[&str]) -> Library {
        let function = |name: &&str| super::super::Function {
            name: (*name).into(),
            description: None,
            flags: Default::default(),
        };
        Library {
            name: name.into(),
            code: format!("#!lua name={name}\n{body}").into_bytes(),
            functions: functions.iter().map(function).collect(),
        }
    }

    fn call(lua: &Lua, loaded: &mut Loaded, all: &Arc<Libraries>, name: &str) -> i64 {
        let (library, index) = all.place_of(name.as_bytes()).expect("there");
        let number = loaded.function(lua, all, library, index).expect("loads");
        loaded.functions.raw_get(number).and_then(|f: mlua::Function| f.call(())).expect("runs")
    }

    const COUNTER: &str = "local n = 0 redis.register_function('zero', function() return 0 end) \
                           redis.register_function('count', function() n = n + 1 return n end)";

    #[test]
    fn variables_live_as_long_as_their_library() {
        let (lua, loader) = interpreter();
        let mut loaded = Loaded::new(lua.create_table().expect("Lua"), loader, 1 << 30);
        let counter = || library("a", COUNTER, &["zero", "count"]);
        let first = Arc::new(Libraries::default().with(counter(), false).expect("none there"));
        assert_eq!([0; 2].map(|_| call(&lua, &mut loaded, &first, "COUNT")), [1, 2]);
        let other = library("b", "redis.register_function('five', function() return 5 end)", &["five"]);
        let second = Arc::new(first.with(other, false).expect("another name"));
        assert_eq!(call(&lua, &mut loaded, &second, "five"), 5);
        assert_eq!(call(&lua, &mut loaded, &second, "count"), 3, "its library is the same");
        let third = Arc::new(second.with(counter(), true).expect("replaced"));
        assert_eq!(call(&lua, &mut loaded, &third, "count"), 1);
        assert_eq!((loaded.libraries.len(), call(&lua, &mut loaded, &third, "zero")), (2, 0));
        let fourth = Arc::new(third.without("a").expect("there"));
        assert_eq!((call(&lua, &mut loaded, &fourth, "five"), loaded.libraries.len()), (5, 1));
    }

    #[test]
    fn a_library_that_registers_something_else_is_refused() {
        let (lua, loader) = interpreter();
        let mut loaded = Loaded::new(lua.create_table().expect("Lua"), loader, 1 << 30);
        let all = Arc::new(
            Libraries::default().with(library("a", COUNTER, &["count"]), false).expect("none there"),
        );
        let (of, index) = all.place_of(b"count").expect("there");
        let error = loaded.function(&lua, &all, of, index).expect_err("two are registered");
        assert_eq!(error.to_string(), "Error registering functions: ERR other functions than before");
    }
}
