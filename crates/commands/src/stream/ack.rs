//! XACK.

use store::value::Stream;

use super::id::exact;
use crate::args::Refused;
use crate::command::Cmd;

/// `XACK key group id [id ...]`
pub fn xack(cmd: &mut Cmd<'_, '_>) {
    let result = try_xack(cmd);
    cmd.end(result);
}

fn try_xack(cmd: &mut Cmd<'_, '_>) -> Result<(), Refused> {
    let (key, group, ids) = (cmd.first(), cmd.args.at(2), cmd.args.sub(3));
    let acknowledged = cmd.edit(key, |stream: &mut Stream| {
        stream.edit_group(group, |group, _| -> Result<u64, Refused> {
            ids.iter().try_for_each(|id| exact(id).map(drop))?;
            let mut acknowledged = 0;
            for id in ids.iter() {
                acknowledged += u64::from(group.acknowledge(exact(id)?));
            }
            Ok(acknowledged)
        })
    })?;
    let acknowledged = acknowledged.and_then(|changed| changed.result).unwrap_or(Ok(0))?;
    cmd.effects.dirty += acknowledged;
    cmd.out.int(acknowledged as i64);
    Ok(())
}
