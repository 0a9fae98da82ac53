//! Errors as Lua's auxiliary library words them: with the place of the caller in front.

use mlua::{Error, Lua};

pub(super) use crate::failure::NO_MEMORY;

/// Why a library function ends.
#[derive(Debug)]
pub(super) enum Failure {
    /// With this message, behind the place of the caller.
    Text(String),
    /// With an error of the interpreter itself.
    Lua(Error),
}

impl Failure {
    pub fn text(text: impl Into<String>) -> Failure {
        Failure::Text(text.into())
    }

    /// As the interpreter says it when an allocation fails.
    pub fn memory() -> Failure {
        Failure::Lua(Error::MemoryError(NO_MEMORY.into()))
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure::Lua(error)
    }
}

/// Where the function that a script called stands on the stack of calls: its level.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame(usize);

impl Frame {
    /// It runs now.
    pub const RUNNING: Frame = Frame(0);
    /// It called what runs now.
    pub const CALLER: Frame = Frame(1);

    pub fn raise(self, lua: &Lua, failure: Failure) -> Error {
        match failure {
            Failure::Text(text) => Error::RuntimeError(self.place(lua) + &text),
            Failure::Lua(error) => error,
        }
    }

    /// A complaint about argument `index` (from 1), by the name under which the script knows the function.
    pub fn bad_argument(self, lua: &Lua, index: usize, text: &str) -> Error {
        let names = lua.inspect_stack(self.0, |frame| {
            let names = frame.names();
            (names.name.map(|name| name.into_owned()), names.name_what == Some("method"))
        });
        let (name, is_method) = names.unwrap_or_default();
        let name = name.unwrap_or_else(|| "?".into());
        let text = match (is_method, index) {
            (true, 1) => format!("calling '{name}' on bad self ({text})"),
            (true, _) => format!("bad argument #{} to '{name}' ({text})", index.saturating_sub(1)),
            (false, _) => format!("bad argument #{index} to '{name}' ({text})"),
        };
        self.raise(lua, Failure::Text(text))
    }

    /// `script:line: ` of the caller, or nothing if that is no Lua function.
    fn place(self, lua: &Lua) -> String {
        let found = lua.inspect_stack(self.0 + 1, |frame| {
            let line = frame.current_line()?;
            Some(format!("{}:{line}: ", frame.source().short_src.as_deref().unwrap_or("?")))
        });
        found.flatten().unwrap_or_default()
    }
}
