//! LPOS.

use store::StrRef;
use store::value::list::{End, List};

use crate::args::{Refused, SYNTAX, integer, is};
use crate::command::Cmd;
use crate::typed::read;

const RANK_ZERO: &str = "RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use \
    negative to start from the end of the list";
const RANK_RANGE: &str =
    "value is out of range, value must between -9223372036854775807 and 9223372036854775807";

/// What LPOS is asked for.
struct Wanted {
    from: End,
    /// Matches to pass over.
    skip: u64,
    /// Matches to reply; `None`: one, not as an array; 0: all.
    count: Option<u64>,
    /// Elements to compare; 0: all.
    compare_max: u64,
}

/// `LPOS key element [RANK rank] [COUNT num-matches] [MAXLEN len]`
pub fn lpos(cmd: &mut Cmd<'_, '_>) {
    let result = options(cmd).and_then(|wanted| search(cmd, &wanted));
    cmd.end(result);
}

fn options(cmd: &Cmd<'_, '_>) -> Result<Wanted, Refused> {
    let mut wanted = Wanted { from: End::Left, skip: 0, count: None, compare_max: 0 };
    let mut words = cmd.args.sub(3).iter();
    while let Some(word) = words.next() {
        let value = words.next().ok_or(Refused(SYNTAX))?;
        let natural = |why| integer(value).ok().and_then(|n| u64::try_from(n).ok()).ok_or(Refused(why));
        if is(word, "rank") {
            let rank = match integer(value)? {
                i64::MIN => return Err(Refused(RANK_RANGE)),
                0 => return Err(Refused(RANK_ZERO)),
                rank => rank,
            };
            wanted.from = if rank < 0 { End::Right } else { End::Left };
            wanted.skip = rank.unsigned_abs() - 1;
        } else if is(word, "count") {
            wanted.count = Some(natural("COUNT can't be negative")?);
        } else if is(word, "maxlen") {
            wanted.compare_max = natural("MAXLEN can't be negative")?;
        } else {
            return Err(Refused(SYNTAX));
        }
    }
    Ok(wanted)
}

fn search(cmd: &mut Cmd<'_, '_>, wanted: &Wanted) -> Result<(), Refused> {
    let list = read::<List>(cmd.keys, cmd.effects, cmd.db, cmd.first())?;
    let Some(list) = list else {
        match wanted.count {
            Some(_) => cmd.out.array(0),
            None => cmd.out.null(),
        }
        return Ok(());
    };
    let mut found = Vec::new();
    find(&list, cmd.args.at(2), wanted, |index| found.push(index));
    if wanted.count.is_some() {
        cmd.out.array(found.len());
        found.iter().for_each(|index| cmd.out.int(*index));
    } else {
        match found.first() {
            Some(index) => cmd.out.int(*index),
            None => cmd.out.null(),
        }
    }
    Ok(())
}

/// Emits the indexes of elements that equal `value`, as they are asked for.
fn find(list: &List, value: &[u8], wanted: &Wanted, mut emit: impl FnMut(i64)) {
    let (number, len) = (StrRef::compact(value), list.len() as u64);
    let most = match wanted.count {
        None => 1,
        Some(0) => u64::MAX,
        Some(count) => count,
    };
    let (mut at, mut skip, mut emitted) = (0, wanted.skip, 0);
    list.scan(wanted.from, 0, |element| {
        if element == number || element == StrRef::Bytes(value) {
            if skip > 0 {
                skip -= 1;
            } else {
                emit(if wanted.from == End::Left { at } else { len - 1 - at } as i64);
                emitted += 1;
            }
        }
        at += 1;
        emitted < most && (wanted.compare_max == 0 || at < wanted.compare_max)
    });
}
