//! SORT and SORT_RO: elements of a list, set or sorted set, in an order that other keys may decide.

mod elements;
mod options;
mod order;
mod pattern;
mod table;

pub use table::ROWS;

use ds::IntText;
use store::value::List;
use store::value::list::End;
use store::{Key, StrRef};

use crate::args::Refused;
use crate::command::Cmd;
use crate::effects::Class;
use elements::Elements;
use options::Options;
use pattern::Lookup;

/// `SORT key [BY pattern] [LIMIT offset count] [GET pattern ...] [ASC|DESC] [ALPHA] [STORE destination]`
pub fn sort(cmd: &mut Cmd<'_, '_>) {
    let result = Options::parse(cmd, true).and_then(|options| run(cmd, options));
    cmd.end(result);
}

/// `SORT_RO key [BY pattern] [LIMIT offset count] [GET pattern ...] [ASC|DESC] [ALPHA]`
pub fn sort_ro(cmd: &mut Cmd<'_, '_>) {
    let result = Options::parse(cmd, false).and_then(|options| run(cmd, options));
    cmd.end(result);
}

fn run(cmd: &mut Cmd<'_, '_>, mut options: Options<'_>) -> Result<(), Refused> {
    let elements = Elements::load(cmd, &mut options)?;
    let chosen = order::choose(cmd, &elements, &options)?;
    match options.store_at {
        None => {
            reply(cmd, &elements, &chosen, &options);
            Ok(())
        }
        Some(at) => {
            let to = cmd.key(at, 1);
            store(cmd, to, &elements, &chosen, &options);
            Ok(())
        }
    }
}

fn reply(cmd: &mut Cmd<'_, '_>, elements: &Elements, chosen: &[u32], options: &Options<'_>) {
    let Cmd { keys, effects, out, db, .. } = cmd;
    out.array(chosen.len() * options.gets.len().max(1));
    let mut lookup = Lookup::new(keys, effects, *db);
    for element in chosen.iter().map(|i| elements.get(*i as usize)) {
        let mut show = |value: Option<StrRef<'_>>| match value {
            Some(StrRef::Bytes(bytes)) => out.bulk(bytes),
            Some(StrRef::Int(n)) => out.bulk_int(n),
            None => out.null(),
        };
        if options.gets.is_empty() {
            show(Some(element));
        }
        options.gets.iter().for_each(|get| lookup.value(get, element, &mut show));
    }
}

/// Stores the result as a list; what is missing becomes an empty element.
fn store(cmd: &mut Cmd<'_, '_>, to: Key<'_>, elements: &Elements, chosen: &[u32], options: &Options<'_>) {
    let limits = cmd.env.limits.list;
    let mut list = List::new();
    let mut push = |value: Option<StrRef<'_>>| {
        let text = value.unwrap_or(StrRef::Bytes(b""));
        list.push(End::Right, std::iter::once(text.text(&mut IntText::new())), limits);
    };
    let mut lookup = Lookup::new(cmd.keys, cmd.effects, cmd.db);
    for element in chosen.iter().map(|i| elements.get(*i as usize)) {
        if options.gets.is_empty() {
            push(Some(element));
        }
        options.gets.iter().for_each(|get| lookup.value(get, element, &mut push));
    }
    let len = list.len();
    if len > 0 {
        cmd.put_value(to, list);
        cmd.effects.dirty += len as u64 - 1;
        cmd.changed(to, Class::List, "sortstore");
    } else if cmd.remove(to) {
        cmd.changed(to, Class::Generic, "del");
    }
    cmd.out.int(len as i64);
}
