//! Listpacks inside values.

use crate::fault::Fault;
use ds::{Listpack, StrRef};

/// A listpack that is sound to the last byte. Numbers in it are stored as numbers, whoever wrote them: they are
/// looked for as such.
pub(super) fn parse(bytes: &[u8]) -> Result<Listpack, Fault> {
    let pack = Listpack::parse(bytes).map_err(|_| Fault::Bad("a listpack is damaged"))?;
    let is_compact = |element: StrRef<'_>| match element {
        StrRef::Int(_) => true,
        StrRef::Bytes(bytes) => matches!(StrRef::compact(bytes), StrRef::Bytes(_)),
    };
    Ok(if pack.view().iter().all(is_compact) { pack } else { Listpack::of(pack.view().iter()) })
}
