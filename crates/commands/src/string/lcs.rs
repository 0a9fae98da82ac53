//! LCS: the longest common subsequence of two strings.

use resp::Reply;
use store::IntText;

use super::{read, text};
use crate::args::{Refused, SYNTAX, integer, is};
use crate::command::Cmd;

/// Bytes of one cell of the table.
const CELL_BYTES: usize = size_of::<u32>();
const NOT_STRINGS: Refused = Refused("The specified keys must contain string values");
const BOTH: Refused = Refused("If you want both the length and indexes, please just use IDX.");
const TOO_LONG: Refused = Refused("String too long for LCS");
const TOO_BIG: Refused = Refused("Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len");

/// `LCS key1 key2 [LEN] [IDX] [MINMATCHLEN n] [WITHMATCHLEN]`
pub fn lcs(cmd: &mut Cmd<'_, '_>) {
    let result = try_lcs(cmd);
    cmd.end(result);
}

#[derive(Default)]
struct Options {
    len: bool,
    idx: bool,
    min_match: usize,
    with_match_len: bool,
}

fn try_lcs(cmd: &mut Cmd<'_, '_>) -> Result<(), Refused> {
    let (a, b) = (value(cmd, 0)?, value(cmd, 1)?);
    let options = options(cmd)?;
    if a.len() >= u32::MAX as usize || b.len() >= u32::MAX as usize {
        return Err(TOO_LONG);
    }
    let cells = (a.len() as u128 + 1) * (b.len() as u128 + 1);
    if cells * CELL_BYTES as u128 > cmd.env.string_bytes_max as u128 {
        return Err(TOO_BIG);
    }
    let table = Table::new(&a, &b);
    if options.idx {
        matches(&table.runs(), table.len(), &options, cmd.out);
    } else if options.len {
        cmd.out.int(table.len() as i64);
    } else {
        let mut text = Vec::with_capacity(table.len());
        table.runs().iter().rev().for_each(|run| text.extend_from_slice(&a[run.a..][..run.len]));
        cmd.out.bulk(&text);
    }
    Ok(())
}

fn value(cmd: &mut Cmd<'_, '_>, nth: usize) -> Result<Vec<u8>, Refused> {
    let key = cmd.key(1 + nth, nth);
    let value = read(cmd.keys, cmd.effects, cmd.db, key).map_err(|_| NOT_STRINGS)?;
    Ok(text(value, &mut IntText::new()).to_vec())
}

fn options(cmd: &Cmd<'_, '_>) -> Result<Options, Refused> {
    let mut options = Options::default();
    let mut words = cmd.args.sub(3).iter();
    while let Some(word) = words.next() {
        if is(word, "len") {
            options.len = true;
        } else if is(word, "idx") {
            options.idx = true;
        } else if is(word, "withmatchlen") {
            options.with_match_len = true;
        } else if is(word, "minmatchlen") {
            let least = integer(words.next().ok_or(Refused(SYNTAX))?)?;
            options.min_match = least.max(0) as usize;
        } else {
            return Err(Refused(SYNTAX));
        }
    }
    if options.len && options.idx { Err(BOTH) } else { Ok(options) }
}

/// Bytes that stand side by side in both strings.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Run {
    a: usize,
    b: usize,
    len: usize,
}

/// Length of the longest common subsequence of each pair of prefixes.
struct Table<'a> {
    a: &'a [u8],
    b: &'a [u8],
    cells: Vec<u32>,
}

impl<'a> Table<'a> {
    fn new(a: &'a [u8], b: &'a [u8]) -> Table<'a> {
        let width = b.len() + 1;
        let mut cells = vec![0; (a.len() + 1) * width];
        for (i, x) in a.iter().enumerate() {
            let (above, row) = cells[i * width..(i + 2) * width].split_at_mut(width);
            for (j, y) in b.iter().enumerate() {
                row[j + 1] = if x == y { above[j] + 1 } else { above[j + 1].max(row[j]) };
            }
        }
        Table { a, b, cells }
    }

    fn at(&self, i: usize, j: usize) -> u32 {
        self.cells[i * (self.b.len() + 1) + j]
    }

    fn len(&self) -> usize {
        self.at(self.a.len(), self.b.len()) as usize
    }

    /// The runs of one longest subsequence, last first.
    fn runs(&self) -> Vec<Run> {
        let (mut i, mut j) = (self.a.len(), self.b.len());
        let mut runs: Vec<Run> = Vec::new();
        let mut open = false;
        while i > 0 && j > 0 {
            if self.a[i - 1] == self.b[j - 1] {
                (i, j) = (i - 1, j - 1);
                match runs.last_mut() {
                    Some(run) if open => *run = Run { a: i, b: j, len: run.len + 1 },
                    _ => runs.push(Run { a: i, b: j, len: 1 }),
                }
                open = true;
            } else {
                open = false;
                if self.at(i - 1, j) > self.at(i, j - 1) { i -= 1 } else { j -= 1 }
            }
        }
        runs
    }
}

fn matches(runs: &[Run], len: usize, options: &Options, out: &mut Reply<'_>) {
    let long: Vec<&Run> = runs.iter().filter(|run| run.len >= options.min_match).collect();
    out.map(2);
    out.bulk(b"matches");
    out.array(long.len());
    for run in long {
        out.array(2 + usize::from(options.with_match_len));
        for start in [run.a, run.b] {
            out.array(2);
            out.int(start as i64);
            out.int((start + run.len - 1) as i64);
        }
        if options.with_match_len {
            out.int(run.len as i64);
        }
    }
    out.bulk(b"len");
    out.int(len as i64);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_two_texts() {
        let table = Table::new(b"ohmytext", b"mynewtext");
        assert_eq!(table.len(), 6);
        assert_eq!(table.runs(), [Run { a: 4, b: 5, len: 4 }, Run { a: 2, b: 0, len: 2 }]);
        assert_eq!(Table::new(b"", b"x").runs(), []);
        assert_eq!(Table::new(b"abc", b"abc").runs(), [Run { a: 0, b: 0, len: 3 }]);
    }
}
