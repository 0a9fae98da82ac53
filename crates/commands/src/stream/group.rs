//! XGROUP.

use base::num::parse_i64;
use resp::Reply;
use store::Key;
use store::value::Stream;
use store::value::stream::StreamId;

use super::id::{exact, loose};
use super::{no_group_of, refuse};
use crate::args::{NOT_INTEGER, Refused, help, is};
use crate::command::Cmd;
use crate::effects::Class;

const NO_KEY: Refused = Refused(
    "The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM option to create an empty stream automatically.",
);

const HELP: &[&str] = &[
    "CREATE <key> <groupname> <id|$> [option]",
    "    Create a new consumer group. Options are:",
    "    * MKSTREAM",
    "      Create the empty stream if it does not exist.",
    "    * ENTRIESREAD entries_read",
    "      Set the group's entries_read counter (internal use).",
    "CREATECONSUMER <key> <groupname> <consumer>",
    "    Create a new consumer in the specified group.",
    "DELCONSUMER <key> <groupname> <consumer>",
    "    Remove the specified consumer.",
    "DESTROY <key> <groupname>",
    "    Remove the specified group.",
    "SETID <key> <groupname> <id|$> [ENTRIESREAD entries_read]",
    "    Set the current group ID and entries_read counter.",
];

/// `XGROUP HELP`
pub fn xgroup_help(cmd: &mut Cmd<'_, '_>) {
    help("XGROUP", HELP, cmd.out);
}

/// Replies that a subcommand does not take what it was given.
pub(super) fn bad_subcommand(out: &mut Reply<'_>, container: &str, subcommand: &[u8]) {
    const ECHO_BYTES_MAX: usize = 128;
    let shown = &subcommand[..subcommand.len().min(ECHO_BYTES_MAX)];
    let end = format!("'. Try {container} HELP.");
    refuse(out, &[b"unknown subcommand or wrong number of arguments for '", shown, end.as_bytes()]);
}

/// The options of CREATE and SETID.
#[derive(Default)]
struct Options {
    make_stream: bool,
    read: Option<u64>,
}

/// Reads options; `None` if there is another.
fn options(cmd: &Cmd<'_, '_>, create: bool) -> Result<Option<Options>, Refused> {
    let (mut words, mut options) = (cmd.args.sub(5).iter(), Options::default());
    while let Some(word) = words.next() {
        if create && is(word, "mkstream") {
            options.make_stream = true;
            continue;
        }
        let Some(value) = words.next().filter(|_| is(word, "entriesread")) else { return Ok(None) };
        options.read = match parse_i64(value).ok_or(Refused(NOT_INTEGER))? {
            -1 => None,
            read => {
                let read = u64::try_from(read);
                Some(read.map_err(|_| Refused("value for ENTRIESREAD must be positive or -1"))?)
            }
        };
    }
    Ok(Some(options))
}

/// An id, or `$` for the stream's last one. Only SETID takes `-` and `+`.
fn position(
    arg: &[u8],
    last: StreamId,
    parse: fn(&[u8]) -> Result<StreamId, Refused>,
) -> Result<StreamId, Refused> {
    if arg == b"$" { Ok(last) } else { parse(arg) }
}

/// `XGROUP CREATE key group id|$ [MKSTREAM] [ENTRIESREAD entries-read]`
pub fn create(cmd: &mut Cmd<'_, '_>) {
    let result = try_create(cmd);
    cmd.end(result);
}

fn try_create(cmd: &mut Cmd<'_, '_>) -> Result<(), Refused> {
    let Some(options) = options(cmd, true)? else {
        bad_subcommand(cmd.out, "XGROUP", cmd.args.at(1));
        return Ok(());
    };
    let (key, name, id) = (cmd.key(2, 0), cmd.args.at(3), cmd.args.at(4));
    let create = |stream: &mut Stream| -> Result<bool, Refused> {
        let id = position(id, stream.log().last_id(), exact)?;
        Ok(stream.create_group(name, id, options.read))
    };
    let created = match cmd.edit(key, create)? {
        Some(created) => created.result?,
        None if !options.make_stream => return Err(NO_KEY),
        None => {
            position(id, StreamId::MIN, exact)?;
            cmd.edit_or_create(key, create)?.result?
        }
    };
    if !created {
        return Err(Refused("-BUSYGROUP Consumer Group name already exists"));
    }
    cmd.changed(key, Class::Stream, "xgroup-create");
    cmd.out.ok();
    Ok(())
}

/// `XGROUP SETID key group id|$ [ENTRIESREAD entries-read]`
pub fn set_id(cmd: &mut Cmd<'_, '_>) {
    let result = try_set_id(cmd);
    cmd.end(result);
}

fn try_set_id(cmd: &mut Cmd<'_, '_>) -> Result<(), Refused> {
    let options = options(cmd, false)?.filter(|_| matches!(cmd.args.len(), 5 | 7));
    let Some(options) = options else {
        bad_subcommand(cmd.out, "XGROUP", cmd.args.at(1));
        return Ok(());
    };
    let id = cmd.args.at(4);
    let set = edit_group(cmd, |stream, name| {
        let last = stream.log().last_id();
        stream.edit_group(name, |group, _| -> Result<(), Refused> {
            group.set_position(position(id, last, loose)?, options.read);
            Ok(())
        })
    })?;
    let Some(set) = set else { return Ok(()) };
    set?;
    cmd.changed(cmd.key(2, 0), Class::Stream, "xgroup-setid");
    cmd.out.ok();
    Ok(())
}

/// `XGROUP DESTROY key group`
pub fn destroy(cmd: &mut Cmd<'_, '_>) {
    let result = try_destroy(cmd);
    cmd.end(result);
}

fn try_destroy(cmd: &mut Cmd<'_, '_>) -> Result<(), Refused> {
    let (key, name) = (cmd.key(2, 0), cmd.args.at(3));
    let destroyed = cmd.edit(key, |stream: &mut Stream| stream.destroy_group(name))?;
    let destroyed = destroyed.ok_or(NO_KEY)?.result;
    if destroyed {
        cmd.changed(key, Class::Stream, "xgroup-destroy");
    }
    cmd.out.int(i64::from(destroyed));
    Ok(())
}

/// `XGROUP CREATECONSUMER key group consumer`
pub fn create_consumer(cmd: &mut Cmd<'_, '_>) {
    let (name, now) = (cmd.args.at(4), cmd.keys.now_ms() as i64);
    let created = edit_group(cmd, |stream, group| {
        stream.edit_group(group, |group, _| group.create_consumer(name, now).is_some())
    });
    let result = created.map(|created| {
        if created == Some(true) {
            told(cmd, cmd.key(2, 0), "xgroup-createconsumer");
        }
        created.into_iter().for_each(|created| cmd.out.int(i64::from(created)));
    });
    cmd.end(result);
}

/// `XGROUP DELCONSUMER key group consumer`
pub fn delete_consumer(cmd: &mut Cmd<'_, '_>) {
    let name = cmd.args.at(4);
    let deleted =
        edit_group(cmd, |stream, group| stream.edit_group(group, |group, _| group.delete_consumer(name)));
    let result = deleted.map(|deleted| {
        if let Some(Some(_)) = deleted {
            told(cmd, cmd.key(2, 0), "xgroup-delconsumer");
        }
        deleted.into_iter().for_each(|pending| cmd.out.int(pending.unwrap_or(0) as i64));
    });
    cmd.end(result);
}

/// Records a change that those who watch the key need not know.
fn told(cmd: &mut Cmd<'_, '_>, key: Key<'_>, event: &'static str) {
    cmd.effects.dirty += 1;
    cmd.effects.notify(Class::Stream, event, cmd.db, key.bytes);
}

/// Lets `edit` change the group that the request names; without it the error is replied.
fn edit_group<R>(
    cmd: &mut Cmd<'_, '_>,
    edit: impl FnOnce(&mut Stream, &[u8]) -> Option<R>,
) -> Result<Option<R>, Refused> {
    let (key, name) = (cmd.key(2, 0), cmd.args.at(3));
    let edited = cmd.edit(key, |stream: &mut Stream| edit(stream, name))?.ok_or(NO_KEY)?;
    if edited.result.is_none() {
        no_group_of(cmd.out, key.bytes, name);
    }
    Ok(edited.result)
}
