//! A sketch that can be changed.

use super::{CACHED_AT, Corrupted, DENSE_BYTES, ENCODING_AT, HEADER_BYTES, MAGIC, REGISTERS, STALE};
use super::{Encoding, Registers, SketchRef, dense, hash, sparse};

const DENSE: u8 = 0;
const SPARSE: u8 = 1;

/// The bytes of a sketch, owned. Its runs are verified.
#[derive(Clone, Debug)]
pub struct Sketch {
    bytes: Vec<u8>,
}

impl Default for Sketch {
    /// Sparse and without elements; the estimate is stale.
    fn default() -> Sketch {
        let mut bytes = MAGIC.to_vec();
        bytes.resize(HEADER_BYTES, 0);
        bytes[ENCODING_AT] = SPARSE;
        bytes.extend(sparse::empty());
        make_stale(&mut bytes);
        Sketch { bytes }
    }
}

impl Sketch {
    /// Header and runs were verified.
    pub(super) fn verified(bytes: Vec<u8>) -> Sketch {
        Sketch { bytes }
    }

    /// For reading.
    pub fn view(&self) -> SketchRef<'_> {
        let encoding = if self.is_sparse() { Encoding::Sparse } else { Encoding::Dense };
        SketchRef { bytes: &self.bytes, encoding }
    }

    /// The string.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Adds an element; whether that changed anything. A sparse sketch stays one while the string fits `sparse_bytes_max`.
    pub fn add(&mut self, element: &[u8], sparse_bytes_max: usize) -> bool {
        let (index, value) = hash::place(element);
        self.raise(index, value, sparse_bytes_max)
    }

    /// Raises a register to at least `value`, which is not 0; whether it was lower. The estimate is stale then.
    pub fn raise(&mut self, index: usize, value: u8, sparse_bytes_max: usize) -> bool {
        assert!(value > 0 && index < REGISTERS);
        if self.is_sparse() {
            match sparse::raise(&mut self.bytes, HEADER_BYTES, index, value, sparse_bytes_max) {
                sparse::Raised::Not => return false,
                sparse::Raised::Yes => {
                    make_stale(&mut self.bytes);
                    return true;
                }
                sparse::Raised::TooMuch => self.make_dense(),
            }
        }
        raise_dense(&mut self.bytes, index, value)
    }

    /// Raises each register to that of `registers`, one after the other: where a sparse sketch becomes dense depends on the order. The estimate is stale
    /// then, changed or not.
    pub fn merge(&mut self, mut registers: Registers, sparse_bytes_max: usize) {
        if self.is_sparse() {
            for (index, value) in registers.values().iter().enumerate().filter(|(_, value)| **value > 0) {
                self.raise(index, *value, sparse_bytes_max);
            }
        } else {
            let body = &mut self.bytes[HEADER_BYTES..];
            registers.raise_to(body);
            registers.pack(body);
        }
        make_stale(&mut self.bytes);
    }

    /// Changes to the dense encoding; the estimate stays as it is.
    pub fn make_dense(&mut self) {
        if !self.is_sparse() {
            return;
        }
        let mut registers = Registers::default();
        let merged = self.view().merge_into(&mut registers);
        assert_eq!(merged, Ok(()), "the runs are verified");
        self.bytes.truncate(HEADER_BYTES);
        self.bytes[ENCODING_AT] = DENSE;
        self.bytes.resize(DENSE_BYTES, 0);
        registers.pack(&mut self.bytes[HEADER_BYTES..]);
    }

    /// Panics if the runs do not cover the registers.
    pub fn check_invariants(&self) {
        let view = SketchRef::of(&self.bytes).expect("the header of a sketch");
        assert_eq!(view.to_sketch().err(), None::<Corrupted>);
    }

    fn is_sparse(&self) -> bool {
        self.bytes[ENCODING_AT] == SPARSE
    }
}

/// Adds an element to the bytes of a dense sketch; whether that changed anything.
pub fn add_dense(bytes: &mut [u8], element: &[u8]) -> bool {
    assert!(bytes.len() == DENSE_BYTES && bytes[ENCODING_AT] == DENSE);
    let (index, value) = hash::place(element);
    raise_dense(bytes, index, value)
}

/// Makes these the registers of a dense sketch; the estimate is stale then.
pub fn store_dense(bytes: &mut [u8], registers: &Registers) {
    assert!(bytes.len() == DENSE_BYTES && bytes[ENCODING_AT] == DENSE);
    registers.pack(&mut bytes[HEADER_BYTES..]);
    make_stale(bytes);
}

/// Notes the estimate in the bytes of a sketch.
pub fn set_cached(bytes: &mut [u8], count: u64) {
    bytes[CACHED_AT..HEADER_BYTES].copy_from_slice(&count.to_le_bytes());
}

fn raise_dense(bytes: &mut [u8], index: usize, value: u8) -> bool {
    let raised = dense::raise(&mut bytes[HEADER_BYTES..], index, value);
    if raised {
        make_stale(bytes);
    }
    raised
}

fn make_stale(bytes: &mut [u8]) {
    bytes[HEADER_BYTES - 1] |= STALE;
}
