//! Commands of the node itself, a folder per family; data commands are in `commands`.

mod cluster;
mod connection;
mod migrate;
pub(crate) mod pubsub;
mod scripting;
pub(crate) mod server;
mod transaction;

use crate::dispatch::{Run, Table};
use commands::Spec;

/// Every command of a node.
pub fn table() -> Table {
    let families = [
        cluster::ROWS,
        connection::ROWS,
        migrate::ROWS,
        pubsub::ROWS,
        scripting::ROWS,
        server::ROWS,
        transaction::ROWS,
    ];
    let own = families.into_iter().flatten().map(|(spec, run)| (spec, *run));
    Table::new(data_rows().chain(own))
}

fn data_rows() -> impl Iterator<Item = (&'static Spec, Run)> {
    commands::rows().map(|row| {
        let run = match row.run {
            commands::Run::Keys(handler) => Run::Keys(handler),
            commands::Run::Whole(handler) => Run::Whole(handler),
            commands::Run::Walk(handler) => Run::Walk(handler),
        };
        (&row.spec, run)
    })
}

/// Answers a HELP subcommand.
fn help(call: &mut crate::dispatch::Call<'_, '_>, lines: &[&str]) -> crate::dispatch::Flow {
    call.out.array(lines.len());
    for line in lines {
        call.out.simple(line);
    }
    crate::dispatch::Flow::Next
}

#[cfg(test)]
mod tests {
    #[test]
    fn rows_say_what_the_servers_say() {
        let table = super::table();
        let specs = table.all().map(|command| command.spec);
        assert_eq!(commands::facts::differences(specs), Vec::<String>::new());
    }
}
