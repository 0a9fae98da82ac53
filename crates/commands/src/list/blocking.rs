//! BLPOP, BRPOP, BLMPOP, BLMOVE, BRPOPLPUSH: as the commands that do not wait, but that a missing list is waited for.

use std::time::Duration;

use resp::Reply;
use store::Kind;
use store::value::list::End;

use super::pop::{parse_mpop, pop_of, take};
use super::transfer::{ends, transfer};
use crate::args::{Refused, timeout};
use crate::command::Cmd;
use crate::effects::{Block, Nothing};

/// `BLPOP key ... timeout`
pub fn blpop(cmd: &mut Cmd<'_, '_>) {
    let result = pop(cmd, End::Left);
    cmd.end(result);
}

/// `BRPOP key ... timeout`
pub fn brpop(cmd: &mut Cmd<'_, '_>) {
    let result = pop(cmd, End::Right);
    cmd.end(result);
}

fn pop(cmd: &mut Cmd<'_, '_>, end: End) -> Result<(), Refused> {
    let time = timeout(cmd.args.at(cmd.args.len() - 1), cmd.keys.now_ms())?;
    let keys = cmd.args.len() - 2;
    for nth in 0..keys {
        let key = cmd.key(1 + nth, nth);
        let head = |out: &mut Reply<'_>, _| {
            out.array(2);
            out.bulk(key.bytes);
        };
        if take(cmd, key, end, 1, head)? {
            cmd.effects.log_as(&[pop_of(end), key.bytes]);
            return Ok(());
        }
    }
    wait(cmd, keys, time, Nothing::NullArray);
    Ok(())
}

/// `BLMPOP timeout numkeys key ... LEFT|RIGHT [COUNT count]`
pub fn blmpop(cmd: &mut Cmd<'_, '_>) {
    let result = try_blmpop(cmd);
    cmd.end(result);
}

fn try_blmpop(cmd: &mut Cmd<'_, '_>) -> Result<(), Refused> {
    let time = timeout(cmd.args.at(1), cmd.keys.now_ms())?;
    let mpop = parse_mpop(cmd, 2)?;
    if !mpop.take(cmd)? {
        wait(cmd, mpop.keys, time, Nothing::NullArray);
    }
    Ok(())
}

/// `BLMOVE source destination LEFT|RIGHT LEFT|RIGHT timeout`
pub fn blmove(cmd: &mut Cmd<'_, '_>) {
    let result = ends(cmd).and_then(|(from, to)| wait_to_move(cmd, from, to, 5));
    cmd.end(result);
}

/// `BRPOPLPUSH source destination timeout`
pub fn brpoplpush(cmd: &mut Cmd<'_, '_>) {
    let result = wait_to_move(cmd, End::Right, End::Left, 3);
    cmd.end(result);
}

fn wait_to_move(cmd: &mut Cmd<'_, '_>, from: End, to: End, timeout_at: usize) -> Result<(), Refused> {
    let time = timeout(cmd.args.at(timeout_at), cmd.keys.now_ms())?;
    if !transfer(cmd, from, to)? {
        wait(cmd, 1, time, Nothing::Null);
    } else if cmd.effects.logs() {
        // The same without its timeout, which stands last.
        let name: &[u8] = if timeout_at == 3 { b"RPOPLPUSH" } else { b"LMOVE" };
        let words: Vec<&[u8]> = [name].into_iter().chain(cmd.args.iter().take(timeout_at).skip(1)).collect();
        cmd.effects.log_as(&words);
    }
    Ok(())
}

fn wait(cmd: &mut Cmd<'_, '_>, keys: usize, timeout: Option<Duration>, nothing: Nothing) {
    let kind = Some(Kind::List);
    cmd.effects.block = Some(Block { keys, kind, timeout, nothing, replaced: Vec::new() });
}
