//! ZREM and ZREMRANGEBY*.

use ds::value::Zset;

use super::bounds::Span;
use super::changed;
use crate::args::Refused;
use crate::command::Cmd;

/// `ZREM key member [member ...]`
pub fn zrem(cmd: &mut Cmd<'_, '_>) {
    let members = cmd.args.sub(2);
    let remove = |zset: &mut Zset| members.iter().filter(|member| zset.remove(member).is_some()).count();
    let result = remove_with(cmd, "zrem", remove);
    cmd.end(result);
}

/// `ZREMRANGEBYRANK key start stop`
pub fn zremrangebyrank(cmd: &mut Cmd<'_, '_>) {
    let span = Span::ranks(cmd.args.at(2), cmd.args.at(3));
    let result = remove_span(cmd, span, "zremrangebyrank");
    cmd.end(result);
}

/// `ZREMRANGEBYSCORE key min max`
pub fn zremrangebyscore(cmd: &mut Cmd<'_, '_>) {
    let span = Span::scores(cmd.args.at(2), cmd.args.at(3));
    let result = remove_span(cmd, span, "zremrangebyscore");
    cmd.end(result);
}

/// `ZREMRANGEBYLEX key min max`
pub fn zremrangebylex(cmd: &mut Cmd<'_, '_>) {
    let span = Span::members(cmd.args.at(2), cmd.args.at(3));
    let result = remove_span(cmd, span, "zremrangebylex");
    cmd.end(result);
}

fn remove_span(
    cmd: &mut Cmd<'_, '_>,
    span: Result<Span<'_>, Refused>,
    event: &'static str,
) -> Result<(), Refused> {
    let span = span?;
    remove_with(cmd, event, |zset| {
        let (start, end) = span.locate(zset, false);
        zset.remove_range(start, end, |_| {});
        end - start
    })
}

/// Replies how many members `remove` says that it removed.
fn remove_with(
    cmd: &mut Cmd<'_, '_>,
    event: &'static str,
    remove: impl FnOnce(&mut Zset) -> usize,
) -> Result<(), Refused> {
    let key = cmd.first();
    let Some(edited) = cmd.edit(key, remove)? else {
        cmd.out.int(0);
        return Ok(());
    };
    if edited.result > 0 {
        changed(cmd, edited.result as u64, key, event);
        if edited.is_gone {
            cmd.gone(key);
        }
    }
    cmd.out.int(edited.result as i64);
    Ok(())
}
