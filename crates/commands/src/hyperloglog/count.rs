//! PFCOUNT.

use ds::hll::{self, Registers};

use super::{sketch, sketch_of};
use crate::args::Refused;
use crate::command::Cmd;
use crate::string::read;

/// `PFCOUNT key [key ...]`: the estimated cardinality, of the union if there are several.
pub fn pfcount(cmd: &mut Cmd<'_, '_>) {
    let result = if cmd.hashes.len() == 1 { count_one(cmd) } else { count_all(cmd) };
    let result = result.map(|count| cmd.out.int(count as i64));
    cmd.end(result);
}

/// A computed estimate is noted in the sketch, which changes the key.
fn count_one(cmd: &mut Cmd<'_, '_>) -> Result<u64, Refused> {
    let key = cmd.first();
    let Some(text) = read(cmd.keys, cmd.effects, cmd.db, key)? else { return Ok(0) };
    let sketch = sketch(text)?;
    if let Some(count) = sketch.cached() {
        return Ok(count);
    }
    let count = sketch.count()?;
    if let Some(mut entry) = cmd.keys.lookup_mut(cmd.db, key) {
        entry.with_bytes(0, |bytes| hll::set_cached(bytes, count));
    }
    cmd.keys.signal_modified(cmd.db, key);
    cmd.effects.dirty += 1;
    Ok(count)
}

fn count_all(cmd: &mut Cmd<'_, '_>) -> Result<u64, Refused> {
    let mut registers = Registers::default();
    for key in cmd.every(1) {
        let Some(entry) = cmd.keys.lookup(cmd.db, key) else {
            cmd.missed(key);
            continue;
        };
        sketch_of(entry)?.merge_into(&mut registers)?;
    }
    Ok(registers.count())
}
