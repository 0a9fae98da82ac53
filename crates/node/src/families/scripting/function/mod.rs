//! FUNCTION: the libraries of functions.

mod dump;
mod list;
mod load;

pub use dump::{dump, restore};
pub use list::{list, stats};
pub use load::load;

use crate::dispatch::{Call, Flow};
use crate::scripts::Kind;
use script::library::Libraries;

/// FUNCTION DELETE.
pub fn delete(call: &mut Call<'_, '_>) -> Flow {
    let name = String::from_utf8_lossy(&call.args[2]);
    match call.core.shared.libraries.change(|all| all.without(&name)) {
        Ok(()) => {
            call.core.effects.dirty += 1;
            call.core.tidy_everywhere();
            call.out.ok();
        }
        Err(error) => call.out.error(&error.to_string()),
    }
    Flow::Next
}

/// FUNCTION FLUSH. Both modes are the same: interpreters let go of the libraries by themselves.
pub fn flush(call: &mut Call<'_, '_>) -> Flow {
    if call.args.len() > 3 {
        return too_many(call);
    }
    let fits = |mode: &[u8]| mode.eq_ignore_ascii_case(b"sync") || mode.eq_ignore_ascii_case(b"async");
    if !call.args.get(2).is_none_or(fits) {
        call.out.error("FUNCTION FLUSH only supports SYNC|ASYNC option");
        return Flow::Next;
    }
    let emptied =
        call.core.shared.libraries.change(|_| Ok::<_, std::convert::Infallible>(Libraries::default()));
    let Ok(()) = emptied;
    call.core.effects.dirty += 1;
    call.core.tidy_everywhere();
    call.out.ok();
    Flow::Next
}

/// FUNCTION KILL.
pub fn kill(call: &mut Call<'_, '_>) -> Flow {
    super::script::end(call, Kind::Function)
}

/// FUNCTION HELP.
pub fn help(call: &mut Call<'_, '_>) -> Flow {
    crate::families::help(call, HELP)
}

/// The error for more arguments than a subcommand takes.
fn too_many(call: &mut Call<'_, '_>) -> Flow {
    let name = String::from_utf8_lossy(&call.args[1]);
    let text = format!("unknown subcommand or wrong number of arguments for '{name}'. Try FUNCTION HELP.");
    call.out.error(&text);
    Flow::Next
}

const HELP: &[&str] = &[
    "FUNCTION <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
    "LOAD [REPLACE] <code>",
    "    Load a library; its first line is #!lua name=<library>. REPLACE: one of that name goes.",
    "DELETE <library>",
    "    Delete a library.",
    "LIST [LIBRARYNAME <pattern>] [WITHCODE]",
    "    Return libraries, with their functions; WITHCODE: and their code.",
    "STATS",
    "    Return the function that is running, if any: its name, command and milliseconds so far.",
    "    Return also how many libraries and functions there are.",
    "KILL",
    "    End the function that is running, if it has not written.",
    "FLUSH [ASYNC|SYNC]",
    "    Delete all libraries. Both modes are the same.",
    "DUMP",
    "    Return all libraries as one value, for FUNCTION RESTORE.",
    "RESTORE <value> [FLUSH|APPEND|REPLACE]",
    "    Load all libraries of a value, or none of them.",
    "    * FLUSH: those that were there go.",
    "    * APPEND (default): a name that is there already is an error.",
    "    * REPLACE: a library of that name goes; a function of that name in another library is an error.",
    "HELP",
    "    Print this help.",
];
