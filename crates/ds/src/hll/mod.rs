//! HyperLogLog: a set's cardinality, to a standard error of 0.81 %, in at most 12 KiB. The bytes are those of Redis, header and both encodings, so that a
//! sketch is an ordinary string that travels in dumps and can be read with `GET`.
//!
//! Header of 16 bytes: `HYLL`, the encoding, three bytes that are not used, the last estimate (8 bytes, little-endian; the highest bit says that it is
//! stale). Then 16384 registers: [`dense`] has six bits for each, [`sparse`] has runs.
//!
//! Bytes come from clients: [`SketchRef::of`] looks at the header, whatever reads runs checks that they cover all registers and no more.

mod dense;
mod estimate;
mod hash;
mod lanes;
mod sketch;
mod sparse;

pub use dense::Registers;
pub use sketch::{Sketch, add_dense, set_cached, store_dense};
pub use sparse::Run;

/// Registers of a sketch.
pub const REGISTERS: usize = 1 << INDEX_BITS;
/// Length of a sketch in the dense encoding, bytes.
pub const DENSE_BYTES: usize = HEADER_BYTES + dense::BYTES;
/// The greatest value that adding an element gives a register.
pub const VALUE_MAX: u8 = 64 - INDEX_BITS as u8 + 1;

/// Bits of the hash that choose the register.
const INDEX_BITS: u32 = 14;
const HEADER_BYTES: usize = 16;
const MAGIC: &[u8] = b"HYLL";
const ENCODING_AT: usize = 4;
const CACHED_AT: usize = 8;
/// In the last byte of the header: the estimate is stale.
const STALE: u8 = 1 << 7;

/// How registers are kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Encoding {
    /// Six bits each.
    Dense,
    /// In runs.
    Sparse,
}

/// Runs that do not cover the registers, or cover more.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("corrupted sketch")]
pub struct Corrupted;

/// A string whose header is that of a sketch.
#[derive(Clone, Copy, Debug)]
pub struct SketchRef<'a> {
    bytes: &'a [u8],
    encoding: Encoding,
}

impl<'a> SketchRef<'a> {
    /// `None`: the string is no sketch.
    pub fn of(bytes: &'a [u8]) -> Option<SketchRef<'a>> {
        let header = bytes.first_chunk::<HEADER_BYTES>()?;
        let encoding = match header[ENCODING_AT] {
            0 if bytes.len() == DENSE_BYTES => Encoding::Dense,
            1 => Encoding::Sparse,
            _ => return None,
        };
        header.starts_with(MAGIC).then_some(SketchRef { bytes, encoding })
    }

    /// How its registers are kept.
    pub fn encoding(self) -> Encoding {
        self.encoding
    }

    /// The estimate as it was last computed, unless elements came since.
    pub fn cached(self) -> Option<u64> {
        let number: [u8; 8] = self.bytes[CACHED_AT..HEADER_BYTES].try_into().ok()?;
        (number[7] & STALE == 0).then_some(u64::from_le_bytes(number))
    }

    /// The estimated cardinality, computed.
    pub fn count(self) -> Result<u64, Corrupted> {
        let mut histogram = [0; 64];
        match self.encoding {
            Encoding::Dense => dense::count(self.body(), &mut histogram),
            Encoding::Sparse => {
                for run in sparse::runs(self.body()) {
                    let run = run?;
                    histogram[usize::from(run.value)] += run.len as u32;
                }
            }
        }
        Ok(estimate::cardinality(&histogram))
    }

    /// Raises each of these registers to the sketch's. Nothing is raised if the sketch is corrupted.
    pub fn merge_into(self, registers: &mut Registers) -> Result<(), Corrupted> {
        if self.encoding == Encoding::Dense {
            registers.raise_to(self.body());
            return Ok(());
        }
        sparse::verify(self.body())?;
        let mut at = 0;
        for run in sparse::runs(self.body()) {
            let run = run?;
            if run.value > 0 {
                registers.raise(at..at + run.len, run.value);
            }
            at += run.len;
        }
        Ok(())
    }

    /// The runs of a sparse sketch, in order; of a dense one there are none.
    pub fn runs(self) -> impl Iterator<Item = Result<Run, Corrupted>> + use<'a> {
        let body = if self.encoding == Encoding::Sparse { self.body() } else { &[] };
        let wanted = self.encoding == Encoding::Sparse;
        wanted.then(|| sparse::runs(body)).into_iter().flatten()
    }

    /// A copy that can be changed.
    pub fn to_sketch(self) -> Result<Sketch, Corrupted> {
        if self.encoding == Encoding::Sparse {
            sparse::verify(self.body())?;
        }
        Ok(Sketch::verified(self.bytes.to_vec()))
    }

    fn body(self) -> &'a [u8] {
        &self.bytes[HEADER_BYTES..]
    }
}

#[cfg(test)]
mod tests;
