//! Errors between Rust and Lua, and where they came from.

use mlua::{Error, Lua, Value};

/// Source of chunks of ours: errors point past them, to what called them.
pub(crate) const OWN_CHUNKS: &str = "=(engine)";

/// Source of what is not Lua, and of functions of the libraries that pass for such.
const C_FUNCTIONS: &str = "=[C]";

/// Frames looked at for the origin of an error.
const FRAMES_MAX: usize = 64;

/// What Lua says when an allocation fails.
pub(crate) const NO_MEMORY: &str = "not enough memory";

/// Where an error was raised.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Place {
    /// The chunk's name as it was given: `@user_script`.
    pub source: String,
    /// -1 where no line is known.
    pub line: i64,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.source, self.line)
    }
}

/// Where an error comes from, as Redis takes it: the innermost frame from `level` on; behind a C function the next one, whatever it is.
pub(crate) fn locate(lua: &Lua, level: usize) -> Option<Place> {
    place_of(lua, level, 1)
}

/// The innermost frame of a script.
pub(crate) fn locate_script(lua: &Lua) -> Option<Place> {
    place_of(lua, 0, FRAMES_MAX)
}

/// The innermost frame past so many C functions and all frames of ours.
fn place_of(lua: &Lua, level: usize, mut skipped: usize) -> Option<Place> {
    for level in level..level + FRAMES_MAX {
        let (place, what) = lua.inspect_stack(level, |frame| {
            let source = frame.source();
            let name = source.source.unwrap_or_default().into_owned();
            let line = frame.current_line().map_or(-1, |line| line as i64);
            (Place { source: name, line }, source.what)
        })?;
        if place.source == OWN_CHUNKS || what == "tail" || (what != "C" && place.source == C_FUNCTIONS) {
            continue;
        }
        if what != "C" || skipped == 0 {
            return Some(place);
        }
        skipped -= 1;
    }
    None
}

/// What the code that called the function at a level calls it, `?` if nothing, and whether it called it as a method.
pub(crate) fn called_as(lua: &Lua, level: usize) -> (String, bool) {
    let names = lua.inspect_stack(level, |frame| {
        let names = frame.names();
        (names.name.map(|name| name.into_owned()), names.name_what == Some("method"))
    });
    let (name, is_method) = names.unwrap_or_default();
    (name.unwrap_or_else(|| "?".into()), is_method)
}

/// An error that came out of Rust as scripts may see it: a string. Anything else is left as it is.
pub(crate) fn plain(lua: &Lua, value: Value) -> mlua::Result<Value> {
    match value {
        Value::Error(error) => lua.create_string(text_of(&error)).map(Value::String),
        other => Ok(other),
    }
}

/// An error as Lua words it.
pub(crate) fn text_of(error: &Error) -> String {
    match error {
        Error::RuntimeError(text) | Error::SyntaxError { message: text, .. } => text.clone(),
        Error::MemoryError(_) => NO_MEMORY.into(),
        Error::CallbackError { cause, .. } | Error::WithContext { cause, .. } => text_of(cause),
        other => other.to_string(),
    }
}
