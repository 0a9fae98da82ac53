//! Encodings that servers before Redis 7.0 wrote: read only.

pub(crate) mod ziplist;
pub(crate) mod zipmap;
