//! COMMAND and its subcommands, over the table of all commands.

use crate::dispatch::{Call, Flow};
use commands::introspect;

pub fn all(call: &mut Call<'_, '_>) -> Flow {
    introspect::all(call.core.shared.table, call.out);
    Flow::Next
}

pub fn count(call: &mut Call<'_, '_>) -> Flow {
    introspect::count(call.core.shared.table, call.out);
    Flow::Next
}

pub fn docs(call: &mut Call<'_, '_>) -> Flow {
    introspect::docs(call.core.shared.table, call.args.sub(2), call.out);
    Flow::Next
}

pub fn info(call: &mut Call<'_, '_>) -> Flow {
    introspect::info(call.core.shared.table, call.args.sub(2), call.out);
    Flow::Next
}

pub fn list(call: &mut Call<'_, '_>) -> Flow {
    introspect::list(call.core.shared.table, call.args.sub(2), call.out);
    Flow::Next
}

pub fn getkeys(call: &mut Call<'_, '_>) -> Flow {
    introspect::getkeys(call.core.shared.table, call.args.sub(2), call.out);
    Flow::Next
}

pub fn getkeysandflags(call: &mut Call<'_, '_>) -> Flow {
    introspect::getkeys_and_flags(call.core.shared.table, call.args.sub(2), call.out);
    Flow::Next
}
