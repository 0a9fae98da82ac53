//! XDEL and XLEN.

use store::value::Stream;

use super::id::exact;
use crate::args::Refused;
use crate::command::Cmd;
use crate::effects::Class;

/// `XLEN key`
pub fn xlen(cmd: &mut Cmd<'_, '_>) {
    let len = cmd.read(cmd.first(), |stream: &Stream| stream.log().len());
    let result = len.map(|len| cmd.out.int(len.unwrap_or(0) as i64));
    cmd.end(result);
}

/// `XDEL key id [id ...]`
pub fn xdel(cmd: &mut Cmd<'_, '_>) {
    let result = try_xdel(cmd);
    cmd.end(result);
}

fn try_xdel(cmd: &mut Cmd<'_, '_>) -> Result<(), Refused> {
    let (key, args) = (cmd.first(), cmd.args.sub(2));
    let deleted = cmd.edit(key, |stream: &mut Stream| -> Result<u64, Refused> {
        args.iter().try_for_each(|id| exact(id).map(drop))?;
        let mut deleted = 0;
        for id in args.iter() {
            deleted += u64::from(stream.log_mut().delete(exact(id)?));
        }
        Ok(deleted)
    })?;
    let deleted = deleted.map_or(Ok(0), |deleted| deleted.result)?;
    if deleted > 0 {
        cmd.effects.dirty += deleted - 1;
        cmd.changed(key, Class::Stream, "xdel");
    }
    cmd.out.int(deleted as i64);
    Ok(())
}
