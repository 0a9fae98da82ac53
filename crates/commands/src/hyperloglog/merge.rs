//! PFMERGE.

use ds::hll::{self, Encoding, Registers, Sketch};
use store::{Expiry, NewString};

use super::sketch_of;
use crate::args::Refused;
use crate::command::Cmd;
use crate::effects::Class;

/// `PFMERGE destkey [sourcekey ...]`: the union of the destination and the sources. Dense if one of them is.
pub fn pfmerge(cmd: &mut Cmd<'_, '_>) {
    let result = try_pfmerge(cmd).map(|()| cmd.out.ok());
    cmd.end(result);
}

fn try_pfmerge(cmd: &mut Cmd<'_, '_>) -> Result<(), Refused> {
    let (mut registers, mut dense) = (Registers::default(), false);
    // The destination's key is there twice: it is read and written.
    for at in 1..cmd.args.len() {
        let key = cmd.key(at, at - 1);
        let Some(entry) = cmd.keys.lookup(cmd.db, key) else {
            cmd.missed(key);
            continue;
        };
        let sketch = sketch_of(entry)?;
        dense |= sketch.encoding() == Encoding::Dense;
        sketch.merge_into(&mut registers)?;
    }
    let key = cmd.first();
    if let Some(mut entry) = cmd.keys.lookup_mut(cmd.db, key)
        && sketch_of(entry.view())?.encoding() == Encoding::Dense
    {
        // The registers are the union with it already.
        entry.with_bytes(0, |bytes| hll::store_dense(bytes, &registers));
        cmd.changed(key, Class::String, "pfadd");
        return Ok(());
    }
    let mut merged = match cmd.keys.peek(cmd.db, key) {
        Some(entry) => sketch_of(entry)?.to_sketch()?,
        None => Sketch::default(),
    };
    if dense {
        merged.make_dense();
    }
    merged.merge(registers, cmd.env.limits.hll_sparse_bytes_max);
    cmd.put_as(key, NewString::Raw(merged.bytes()), Expiry::Keep);
    cmd.changed(key, Class::String, "pfadd");
    Ok(())
}
