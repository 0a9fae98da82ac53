//! PFDEBUG and PFSELFTEST.

use base::Rng;
use ds::hll::{Encoding, REGISTERS, Registers, Sketch, SketchRef};
use store::NewString;

use super::sketch_of;
use crate::args::{Refused, is};
use crate::command::Cmd;

/// Elements that the self-test adds, and how many standard errors an estimate may be off.
const TEST_ELEMENTS: u64 = 100_000;
const TEST_ERRORS_MAX: f64 = 6.0;
/// Registers that the self-test raises.
const TEST_REGISTERS: usize = 20_000;
/// Longest string of a sparse sketch in the self-test, bytes.
const TEST_SPARSE_BYTES_MAX: usize = 3000;

/// `PFDEBUG GETREG|DECODE|ENCODING|TODENSE key`, `PFDEBUG SIMD ON|OFF`
pub fn pfdebug(cmd: &mut Cmd<'_, '_>) {
    let result = try_pfdebug(cmd);
    cmd.end(result);
}

fn try_pfdebug(cmd: &mut Cmd<'_, '_>) -> Result<(), Refused> {
    let word = cmd.args.at(1);
    if is(word, "simd") {
        return simd(cmd);
    }
    let key = cmd.key(2, 0);
    let Some(entry) = cmd.keys.lookup_mut(cmd.db, key) else {
        return Err(Refused("The specified key does not exist"));
    };
    let view = entry.view();
    let sketch = sketch_of(view)?;
    if is(word, "getreg") {
        let mut registers = Registers::default();
        sketch.merge_into(&mut registers)?;
        to_dense(cmd)?;
        cmd.out.array(REGISTERS);
        registers.values().iter().for_each(|value| cmd.out.int(i64::from(*value)));
    } else if is(word, "decode") {
        let text = decode(sketch)?;
        cmd.out.bulk(text.as_bytes());
    } else if is(word, "encoding") {
        let name = if sketch.encoding() == Encoding::Dense { "dense" } else { "sparse" };
        cmd.out.simple(name);
    } else if is(word, "todense") {
        let changed = to_dense(cmd)?;
        cmd.out.int(i64::from(changed));
    } else {
        cmd.out.error(&format!("Unknown PFDEBUG subcommand '{}'", String::from_utf8_lossy(word)));
    }
    Ok(())
}

/// There is one way of merging, without vector instructions of its own: the answer is that of a Valkey built so.
fn simd(cmd: &mut Cmd<'_, '_>) -> Result<(), Refused> {
    let known = ["on", "off"].iter().any(|word| is(cmd.args.at(2), word));
    if !known {
        return Err(Refused("Argument must be ON or OFF"));
    }
    cmd.out.simple("disabled");
    Ok(())
}

/// Changes the key's sketch to the dense encoding; whether it was sparse.
fn to_dense(cmd: &mut Cmd<'_, '_>) -> Result<bool, Refused> {
    let key = cmd.key(2, 0);
    let Some(mut entry) = cmd.keys.lookup_mut(cmd.db, key) else { return Ok(false) };
    let sketch = sketch_of(entry.view())?;
    if sketch.encoding() == Encoding::Dense {
        return Ok(false);
    }
    let mut sketch = sketch.to_sketch()?;
    sketch.make_dense();
    entry.set(NewString::Raw(sketch.bytes()));
    cmd.keys.signal_modified(cmd.db, key);
    cmd.effects.dirty += 1;
    Ok(true)
}

/// The runs: `z:` and `Z:` zeros in one byte and in two, `v:` a value and how often.
fn decode(sketch: SketchRef<'_>) -> Result<String, Refused> {
    if sketch.encoding() == Encoding::Dense {
        return Err(Refused("HLL encoding is not sparse"));
    }
    let mut words = Vec::new();
    for run in sketch.runs() {
        let run = run?;
        words.push(match (run.value, run.wide) {
            (0, true) => format!("Z:{}", run.len),
            (0, false) => format!("z:{}", run.len),
            (value, _) => format!("v:{value},{}", run.len),
        });
    }
    Ok(words.join(" "))
}

/// `PFSELFTEST`: both encodings against each other and a plain array, and estimates against true counts.
pub fn pfselftest(cmd: &mut Cmd<'_, '_>) {
    match registers_hold(cmd.rng).and_then(|()| estimates_are_near(cmd.rng)) {
        Ok(()) => cmd.out.ok(),
        Err(why) => cmd.out.error(&format!("-TESTFAILED {why}")),
    }
}

fn registers_hold(rng: &mut Rng) -> Result<(), String> {
    let (mut sketch, mut model) = (Sketch::default(), vec![0; REGISTERS]);
    for _ in 0..TEST_REGISTERS {
        let (index, value) = (rng.below(REGISTERS as u64) as usize, 1 + rng.below(63) as u8);
        let raised = sketch.raise(index, value, TEST_SPARSE_BYTES_MAX);
        if raised != (model[index] < value) {
            return Err(format!("Register {index} was {} and {value} raised it: {raised}", model[index]));
        }
        model[index] = value.max(model[index]);
    }
    let mut registers = Registers::default();
    let merged = sketch.view().merge_into(&mut registers);
    let wrong = (0..REGISTERS).find(|i| registers.values()[*i] != model[*i]);
    match (merged, wrong) {
        (Ok(()), None) => Ok(()),
        (_, at) => Err(format!("Registers differ, the first is {at:?}")),
    }
}

fn estimates_are_near(rng: &mut Rng) -> Result<(), String> {
    let (seed, standard_error) = (rng.next_u64(), 1.04 / (REGISTERS as f64).sqrt());
    let (mut sparse, mut dense) = (Sketch::default(), Sketch::default());
    dense.make_dense();
    let mut checkpoint = 1;
    for added in 1..=TEST_ELEMENTS {
        let element = (seed ^ added).to_le_bytes();
        sparse.add(&element, TEST_SPARSE_BYTES_MAX);
        dense.add(&element, TEST_SPARSE_BYTES_MAX);
        if added != checkpoint {
            continue;
        }
        checkpoint *= 10;
        let counts = [sparse.view().count(), dense.view().count()].map(Result::ok);
        let near = |count: u64| {
            count.abs_diff(added) as f64 <= 1.0 + (standard_error * TEST_ERRORS_MAX * added as f64).ceil()
        };
        if counts[0] != counts[1] || !counts[0].is_some_and(near) {
            return Err(format!("Estimates are {counts:?} for {added}"));
        }
    }
    Ok(())
}
