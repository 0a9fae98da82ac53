//! A stream of bytes to packets.

use super::header::SIGNATURE;
use super::{HEADER_LEN, LIGHT, LIGHT_HEADER_LEN};

/// Default of `cluster-bus-packet-max`, in bytes.
pub const PACKET_MAX: usize = 16 << 20;

/// As many bytes as it takes to judge the frame: through the type.
const PREFIX: usize = 14;

/// Why a link is closed: what comes cannot be cut into packets.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadFrame {
    /// Not a packet, or shorter than its header.
    #[error("Bad message length or signature received on the Cluster bus")]
    Malformed,
    /// Longer than we take.
    #[error("Message of {total} bytes received on the Cluster bus exceeds the limit of {max}")]
    TooLong {
        /// Announced.
        total: usize,
        /// Accepted.
        max: usize,
    },
}

impl BadFrame {
    /// One word for counters and records.
    pub fn name(&self) -> &'static str {
        match self {
            BadFrame::Malformed => "frame",
            BadFrame::TooLong { .. } => "too-long",
        }
    }
}

/// Cuts a link's bytes into packets. Its memory follows the bytes that came, never a length that was
/// announced.
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

    /// From now on packets up to `max` bytes are accepted.
    pub fn set_max(&mut self, max: usize) {
        self.max = max.max(HEADER_LEN);
    }

    /// The next packet of `input`, which is advanced past what was taken; `None` when `input` is used up. A
    /// packet that lies whole in `input` is not copied. After an error the link must be closed.
    pub fn next<'a, 'i: 'a>(&'a mut self, input: &mut &'i [u8]) -> Result<Option<&'a [u8]>, BadFrame> {
        if std::mem::take(&mut self.done) {
            self.held = Vec::new();
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The first 14 bytes of a packet.
    fn prefix(total: u32, kind: u16) -> Vec<u8> {
        let kind = kind.to_be_bytes();
        [&b"RCmb"[..], &total.to_be_bytes(), &[0, 1, 0, 0], &kind].concat()
    }

    fn first(bytes: &[u8]) -> Result<bool, BadFrame> {
        Framer::new(PACKET_MAX).next(&mut &bytes[..]).map(|packet| packet.is_some())
    }

    #[test]
    fn frames_are_judged_by_their_first_bytes() {
        let too_long = |total| Err(BadFrame::TooLong { total, max: PACKET_MAX });
        assert_eq!(first(b"RCmc"), Err(BadFrame::Malformed));
        assert_eq!(first(b"G"), Err(BadFrame::Malformed));
        assert_eq!(first(b"RC"), Ok(false));
        assert_eq!(first(&prefix(2255, 4)), Err(BadFrame::Malformed));
        assert_eq!(first(&prefix(2256, 4)), Ok(false));
        assert_eq!(first(&prefix(15, 4 | LIGHT)), Err(BadFrame::Malformed));
        assert_eq!(first(&prefix(0, 4 | LIGHT)), Err(BadFrame::Malformed));
        assert_eq!(first(&[prefix(16, 4 | LIGHT), vec![0, 0]].concat()), Ok(true));
        assert_eq!(first(&prefix(u32::MAX, 4)), too_long(u32::MAX as usize));
        assert_eq!(first(&prefix(PACKET_MAX as u32, 4)), Ok(false));
        assert_eq!(first(&prefix(PACKET_MAX as u32 + 1, 4)), too_long(PACKET_MAX + 1));
    }

    #[test]
    fn a_whole_packet_is_not_copied() {
        let bytes = [prefix(16, 4 | LIGHT), vec![0, 0], prefix(16, 4 | LIGHT)].concat();
        let mut framer = Framer::new(PACKET_MAX);
        let mut input = &bytes[..];
        let packet = framer.next(&mut input).expect("frames").expect("whole");
        assert!(std::ptr::eq(packet.as_ptr(), bytes.as_ptr()));
        assert_eq!((framer.memory(), input.len()), (0, 14));
    }

    #[test]
    fn memory_follows_what_came_and_goes_with_the_packet() {
        let mut framer = Framer::new(PACKET_MAX);
        let total = 1 << 20;
        let packet = [prefix(total, 4), vec![0; total as usize - 14]].concat();
        let mut came = 0;
        for mut piece in packet.chunks(5000) {
            came += piece.len();
            let whole = framer.next(&mut piece).expect("frames").is_some();
            assert_eq!(whole, came == packet.len());
            assert!(framer.memory() <= 2 * came);
        }
        assert_eq!(framer.held(), 0);
        assert_eq!(framer.next(&mut &b"R"[..]), Ok(None));
        assert!(framer.memory() <= 16);
    }
}
