//! LMOVE and RPOPLPUSH.

use store::value::list::{End, List};

use super::pop::cut;
use super::{element, end_of, popped_event, pushed_event};
use crate::args::Refused;
use crate::command::Cmd;
use crate::effects::Class;

/// `LMOVE source destination LEFT|RIGHT LEFT|RIGHT`
pub fn lmove(cmd: &mut Cmd<'_, '_>) {
    let result = ends(cmd).and_then(|(from, to)| reply_moved(cmd, from, to));
    cmd.end(result);
}

/// `RPOPLPUSH source destination`
pub fn rpoplpush(cmd: &mut Cmd<'_, '_>) {
    let result = reply_moved(cmd, End::Right, End::Left);
    cmd.end(result);
}

/// The two ends that LMOVE and BLMOVE name.
pub(super) fn ends(cmd: &Cmd<'_, '_>) -> Result<(End, End), Refused> {
    Ok((end_of(cmd.args.at(3))?, end_of(cmd.args.at(4))?))
}

fn reply_moved(cmd: &mut Cmd<'_, '_>, from: End, to: End) -> Result<(), Refused> {
    if !transfer(cmd, from, to)? {
        cmd.out.null();
    }
    Ok(())
}

/// Moves an element from the first key to the second and replies it. False, and no reply, without the first key.
pub(super) fn transfer(cmd: &mut Cmd<'_, '_>, from: End, to: End) -> Result<bool, Refused> {
    let (source, target, limits) = (cmd.key(1, 0), cmd.key(2, 1), cmd.env.limits.list);
    let mut value = Vec::new();
    let first = cmd.keys.peek_as::<List>(cmd.db, source)?;
    let Some(list) = first else { return Ok(false) };
    list.range(from, 0, 1, |element| element.write_to(&mut value));
    cmd.keys.peek_as::<List>(cmd.db, target)?;
    let push = |list: &mut List| list.push(to, std::iter::once(&value[..]), limits);
    let is_gone = if source.bytes == target.bytes {
        cmd.edit(source, |list: &mut List| {
            cut(list, from, 1, limits);
            push(list);
        })?;
        false
    } else {
        let cut = cmd.edit(source, |list: &mut List| cut(list, from, 1, limits))?;
        cmd.edit_or_create(target, push)?;
        cut.is_some_and(|cut| cut.is_gone)
    };
    element(cmd.out, store::StrRef::Bytes(&value));
    cmd.changed(target, Class::List, pushed_event(to));
    cmd.effects.notify(Class::List, popped_event(from), cmd.db, source.bytes);
    if is_gone {
        cmd.gone(source);
    }
    cmd.keys.signal_modified(cmd.db, source);
    Ok(true)
}
