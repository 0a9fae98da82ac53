//! XSETID.

use store::value::Stream;
use store::value::stream::{Log, StreamId};

use super::id::exact;
use crate::args::{NO_SUCH_KEY, Refused, SYNTAX, integer, is};
use crate::command::Cmd;
use crate::effects::Class;

struct Options {
    last: StreamId,
    added: Option<u64>,
    max_deleted: Option<StreamId>,
}

/// `XSETID key last-id [ENTRIESADDED entries-added] [MAXDELETEDID max-deleted-id]`
pub fn xsetid(cmd: &mut Cmd<'_, '_>) {
    let result = try_xsetid(cmd);
    cmd.end(result);
}

fn try_xsetid(cmd: &mut Cmd<'_, '_>) -> Result<(), Refused> {
    let options = parse(cmd)?;
    let key = cmd.first();
    let set = cmd.edit(key, |stream: &mut Stream| set(stream.log_mut(), &options))?;
    set.ok_or(Refused(NO_SUCH_KEY))?.result?;
    cmd.changed(key, Class::Stream, "xsetid");
    cmd.out.ok();
    Ok(())
}

fn parse(cmd: &Cmd<'_, '_>) -> Result<Options, Refused> {
    let mut options = Options { last: exact(cmd.args.at(2))?, added: None, max_deleted: None };
    let mut words = cmd.args.sub(3).iter();
    while let Some(word) = words.next() {
        match words.next() {
            Some(value) if is(word, "entriesadded") => {
                let added = u64::try_from(integer(value)?);
                options.added = Some(added.map_err(|_| Refused("entries_added must be positive"))?);
            }
            Some(value) if is(word, "maxdeletedid") => {
                let deleted = exact(value)?;
                if options.last < deleted {
                    return Err(Refused(
                        "The ID specified in XSETID is smaller than the provided max_deleted_entry_id",
                    ));
                }
                options.max_deleted = Some(deleted).filter(|id| *id != StreamId::MIN);
            }
            _ => return Err(Refused(SYNTAX)),
        }
    }
    Ok(options)
}

fn set(log: &mut Log, options: &Options) -> Result<(), Refused> {
    let (top, end) = (log.last_entry(), log.end_id());
    // Behind a deleted entry that takes place yet, too, no new one may come.
    let gone = if top == Some(end) { StreamId::MIN } else { end };
    if options.last < log.max_deleted_id().max(gone) {
        return Err(Refused("The ID specified in XSETID is smaller than current max_deleted_entry_id"));
    }
    if let Some(top) = top {
        if options.last < top {
            return Err(Refused("The ID specified in XSETID is smaller than the target stream top item"));
        }
        if options.added.is_some_and(|added| added < log.len()) {
            return Err(Refused(
                "The entries_added specified in XSETID is smaller than the target stream length",
            ));
        }
    }
    log.set_ids(options.last, options.added, options.max_deleted);
    Ok(())
}
