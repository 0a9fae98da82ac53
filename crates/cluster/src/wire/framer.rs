//! A stream of bytes to packets.

use super::header::SIGNATURE;
use super::{HEADER_LEN, LIGHT, LIGHT_HEADER_LEN};

/// Default of `cluster-bus-packet-max`, in bytes.
pub const PACKET_MAX: usize = 16 << 20;

/// As many bytes as it takes to judge the frame: through the type.
const PREFIX: usize = 14;
/// Capacity kept from packet to packet, in bytes: a PING of a small cluster.
const KEPT: usize = 4096;

/// Why a link is closed: what comes cannot be cut into packets.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadFrame {
    /// Not a packet, or shorter than its header.
    #[error("Bad message length or signature received on the Cluster bus")]
    Malformed,
    /// Longer than we take.
    #[error("Message of {total} bytes received on the Cluster bus exceeds cluster-bus-packet-max ({max})")]
    TooLong {
        /// Announced.
        total: usize,
        /// Accepted.
        max: usize,
    },
}

/// Cuts a link's bytes into packets. Its memory follows the bytes that came, never a length that was announced.
#[derive(Debug)]
pub struct Framer {
    held: Vec<u8>,
    /// The packet in `held` was handed out and goes with the next call.
    done: bool,
    max: usize,
}

impl Framer {
    /// `max`: the longest packet accepted, in bytes.
    pub fn new(max: usize) -> Framer {
        Framer { held: Vec::new(), done: false, max: max.max(HEADER_LEN) }
    }

    /// The next packet of `input`, which is advanced past what was taken; `None` when `input` is used up. A packet that
    /// lies whole in `input` is not copied. After an error the link must be closed.
    pub fn next<'a>(&'a mut self, input: &mut &'a [u8]) -> Result<Option<&'a [u8]>, BadFrame> {
        if std::mem::take(&mut self.done) {
            self.held.clear();
            self.held.shrink_to(KEPT);
        }
        if self.held.is_empty() {
            let whole = frame_length(input, self.max)?.filter(|total| *total <= input.len());
            if let Some(total) = whole {
                let (packet, rest) = input.split_at(total);
                *input = rest;
                return Ok(Some(packet));
            }
        } else {
            self.take(input, PREFIX);
        }
        if let Some(total) = frame_length(&self.held, self.max)? {
            self.take(input, total);
            self.done = self.held.len() == total;
            return Ok(self.done.then_some(&self.held));
        }
        self.held.extend_from_slice(input);
        *input = &[];
        Ok(None)
    }

    /// Bytes held of a packet that has not ended.
    pub fn held(&self) -> usize {
        if self.done { 0 } else { self.held.len() }
    }

    /// Bytes of memory held.
    pub fn memory(&self) -> usize {
        self.held.capacity()
    }

    /// Moves bytes over until `upto` are held.
    fn take(&mut self, input: &mut &[u8], upto: usize) {
        let (taken, rest) = input.split_at(upto.saturating_sub(self.held.len()).min(input.len()));
        self.held.extend_from_slice(taken);
        *input = rest;
    }
}

/// The length of the packet that starts here, as soon as it can be judged.
fn frame_length(bytes: &[u8], max: usize) -> Result<Option<usize>, BadFrame> {
    if bytes.iter().zip(SIGNATURE).any(|(a, b)| a != b) {
        return Err(BadFrame::Malformed);
    }
    let Some([_, _, _, _, a, b, c, d, _, _, _, _, e, f]) = bytes.first_chunk::<PREFIX>() else {
        return Ok(None);
    };
    let total = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
    let light = u16::from_be_bytes([*e, *f]) & LIGHT != 0;
    if total < if light { LIGHT_HEADER_LEN } else { HEADER_LEN } {
        return Err(BadFrame::Malformed);
    }
    if total > max {
        return Err(BadFrame::TooLong { total, max });
    }
    Ok(Some(total))
}
