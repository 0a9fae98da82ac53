//! PFADD.

use ds::hll::{self, Encoding, Sketch};
use store::{EntryMut, Expiry, NewString};

use super::sketch_of;
use crate::args::Refused;
use crate::command::Cmd;
use crate::effects::Class;

/// `PFADD key [element ...]`: 1 if that changed the sketch, or made it.
pub fn pfadd(cmd: &mut Cmd<'_, '_>) {
    let result = try_pfadd(cmd);
    cmd.end(result);
}

fn try_pfadd(cmd: &mut Cmd<'_, '_>) -> Result<(), Refused> {
    let (key, max) = (cmd.first(), cmd.env.limits.hll_sparse_bytes_max);
    let elements = cmd.args.sub(2).iter();
    let changes = match cmd.keys.lookup_mut(cmd.db, key) {
        Some(entry) => add_to(entry, elements, max)?,
        None => {
            let mut sketch = Sketch::default();
            let changes = 1 + add(&mut sketch, elements, max);
            cmd.put_as(key, NewString::Raw(sketch.bytes()), Expiry::Clear);
            changes
        }
    };
    if changes > 0 {
        cmd.changed(key, Class::String, "pfadd");
        cmd.effects.dirty += changes - 1;
    }
    cmd.out.int(i64::from(changes > 0));
    Ok(())
}

/// Adds elements to the sketch of an entry: the number of changes.
fn add_to<'a>(
    mut entry: EntryMut<'_>,
    mut elements: impl Iterator<Item = &'a [u8]>,
    sparse_bytes_max: usize,
) -> Result<u64, Refused> {
    let sketch = sketch_of(entry.view())?;
    if sketch.encoding() == Encoding::Dense {
        let add = |bytes: &mut [u8]| elements.map(|e| u64::from(hll::add_dense(bytes, e))).sum();
        return Ok(entry.with_bytes(0, add));
    }
    let mut sketch = sketch.to_sketch()?;
    let changes = add(&mut sketch, elements.by_ref(), sparse_bytes_max);
    if changes > 0 {
        entry.set(NewString::Raw(sketch.bytes()));
    }
    Ok(changes)
}

fn add<'a>(sketch: &mut Sketch, elements: impl Iterator<Item = &'a [u8]>, sparse_bytes_max: usize) -> u64 {
    elements.map(|element| u64::from(sketch.add(element, sparse_bytes_max))).sum()
}
