//! Registers in runs. One byte `00xxxxxx`: x + 1 registers are 0. Two bytes `01xxxxxx xxxxxxxx`: the same, up to 16384 of them. One byte `1vvvvvxx`: x + 1
//! registers have the value v + 1.

use super::{Corrupted, REGISTERS};

/// The longest run of zeros in one byte.
const ZERO_MAX: usize = 64;
/// The longest run of another value.
const VALUE_RUN_MAX: usize = 4;
/// The greatest value of a run; a greater one needs the dense encoding.
const RUN_VALUE_MAX: u8 = 32;
/// Runs that are looked at after a change, for neighbours that can be joined.
const JOIN_RUNS_MAX: usize = 5;

const WIDE: u8 = 1 << 6;
const VALUE: u8 = 1 << 7;

/// Registers of one value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Run {
    /// Their value.
    pub value: u8,
    /// How many there are.
    pub len: usize,
    /// A run of zeros in two bytes.
    pub wide: bool,
}

impl Run {
    /// The run at the start of some bytes, and its own bytes.
    fn read(bytes: &[u8]) -> Option<(Run, usize)> {
        let first = *bytes.first()?;
        if first & VALUE != 0 {
            let value = (first >> 2 & 0x1f) + 1;
            return Some((Run { value, len: usize::from(first & 3) + 1, wide: false }, 1));
        }
        if first & WIDE == 0 {
            return Some((Run { value: 0, len: usize::from(first) + 1, wide: false }, 1));
        }
        let len = u16::from_be_bytes([first & !WIDE, *bytes.get(1)?]);
        Some((Run { value: 0, len: usize::from(len) + 1, wide: true }, 2))
    }

    /// In as few bytes as it takes.
    fn write(value: u8, len: usize, out: &mut Pieces) {
        if len == 0 {
            return;
        }
        if value > 0 {
            debug_assert!(value <= RUN_VALUE_MAX && len <= VALUE_RUN_MAX);
            out.push(VALUE | (value - 1) << 2 | (len - 1) as u8);
        } else if len <= ZERO_MAX {
            out.push((len - 1) as u8);
        } else {
            let [high, low] = ((len - 1) as u16).to_be_bytes();
            out.push(WIDE | high);
            out.push(low);
        }
    }
}

/// What replaces one run: at most five bytes.
#[derive(Default)]
struct Pieces {
    bytes: [u8; 5],
    len: usize,
}

impl Pieces {
    fn push(&mut self, byte: u8) {
        self.bytes[self.len] = byte;
        self.len += 1;
    }
}

/// The runs of a body. An error, the last item, if they do not cover the registers exactly.
pub fn runs(body: &[u8]) -> impl Iterator<Item = Result<Run, Corrupted>> + '_ {
    let (mut rest, mut covered, mut failed) = (body, 0, false);
    std::iter::from_fn(move || {
        if failed || rest.is_empty() && covered == REGISTERS {
            return None;
        }
        let run = Run::read(rest).filter(|(run, _)| covered + run.len <= REGISTERS);
        failed = run.is_none();
        let Some((run, bytes)) = run else { return Some(Err(Corrupted)) };
        rest = &rest[bytes..];
        covered += run.len;
        Some(Ok(run))
    })
}

/// Whether the runs cover the registers exactly.
pub fn verify(body: &[u8]) -> Result<(), Corrupted> {
    runs(body).try_for_each(|run| run.map(|_| ()))
}

/// The runs of a sketch without elements.
pub fn empty() -> [u8; 2] {
    let [high, low] = (REGISTERS as u16 - 1).to_be_bytes();
    [WIDE | high, low]
}

/// What raising a register came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Raised {
    /// It was as high already.
    Not,
    /// The runs were changed.
    Yes,
    /// Nothing was changed: this needs the dense encoding.
    TooMuch,
}

/// Raises a register, in runs that are verified and begin at `from` of `bytes`, which may grow to `bytes_max`.
pub fn raise(bytes: &mut Vec<u8>, from: usize, index: usize, value: u8, bytes_max: usize) -> Raised {
    if value > RUN_VALUE_MAX {
        return Raised::TooMuch;
    }
    let found = find(&bytes[from..], index);
    let (run, at) = (found.run, from + found.at);
    if run.value >= value {
        return Raised::Not;
    }
    let mut new = Pieces::default();
    Run::write(run.value, index - found.first, &mut new);
    Run::write(value, 1, &mut new);
    Run::write(run.value, found.first + run.len - 1 - index, &mut new);
    let old_len = 1 + usize::from(run.wide);
    // A run that is one register long is overwritten: no check of the length.
    if new.len > old_len && bytes.len() + new.len - old_len > bytes_max {
        return Raised::TooMuch;
    }
    bytes.splice(at..at + old_len, new.bytes[..new.len].iter().copied());
    join(bytes, from + found.before.unwrap_or(0));
    Raised::Yes
}

/// Where the run of a register is.
struct Found {
    run: Run,
    /// Its first register.
    first: usize,
    /// Its offset, and that of the run before it.
    at: usize,
    before: Option<usize>,
}

fn find(body: &[u8], index: usize) -> Found {
    let (mut at, mut first, mut before) = (0, 0, None);
    loop {
        let (run, bytes) = Run::read(&body[at..]).expect("the runs are verified: they reach every register");
        if index < first + run.len {
            return Found { run, first, at, before };
        }
        first += run.len;
        before = Some(at);
        at += bytes;
    }
}

/// Joins neighbours of one value, among the few runs from `at` on.
fn join(bytes: &mut Vec<u8>, mut at: usize) {
    for _ in 0..JOIN_RUNS_MAX {
        let Some((run, len)) = bytes.get(at..).and_then(Run::read) else { return };
        let next = if run.value > 0 { bytes.get(at + 1..).and_then(Run::read) } else { None };
        match next {
            Some((next, _)) if next.value == run.value && run.len + next.len <= VALUE_RUN_MAX => {
                let mut joined = Pieces::default();
                Run::write(run.value, run.len + next.len, &mut joined);
                bytes[at] = joined.bytes[0];
                bytes.remove(at + 1);
            }
            _ => at += len,
        }
    }
}
