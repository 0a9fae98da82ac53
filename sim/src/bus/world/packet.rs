//! A packet on its way. Millions may be, and nearly all of each is a bitmap of slots that its sender repeats: that is
//! kept once.

use base::SLOTS;
use base::crc::crc64;
use std::rc::Rc;

const SLOTS_AT: usize = 80;
const SLOTS_LEN: usize = SLOTS / 8;

/// The bitmap that a sender showed last, and its checksum.
#[derive(Default)]
pub struct Shown(Option<(Rc<[u8; SLOTS_LEN]>, u64)>);

/// The bytes of one packet.
#[derive(Clone)]
pub struct Packet {
    /// All but the bitmap.
    rest: Box<[u8]>,
    bitmap: Bitmap,
}

#[derive(Clone)]
enum Bitmap {
    /// The packet is too short to have one.
    None,
    /// It is empty.
    Zero,
    Shared(Rc<[u8; SLOTS_LEN]>, u64),
}

impl Packet {
    /// Takes a packet apart. `shown`: of its sender.
    pub fn new(bytes: &[u8], shown: &mut Shown) -> Packet {
        let Some(bitmap) = bytes.get(SLOTS_AT..).and_then(|b| b.first_chunk::<SLOTS_LEN>()) else {
            return Packet { rest: bytes.into(), bitmap: Bitmap::None };
        };
        let mut rest = Vec::with_capacity(bytes.len() - SLOTS_LEN);
        rest.extend_from_slice(&bytes[..SLOTS_AT]);
        rest.extend_from_slice(&bytes[SLOTS_AT + SLOTS_LEN..]);
        let bitmap = match &shown.0 {
            _ if *bitmap == [0; SLOTS_LEN] => Bitmap::Zero,
            Some((last, sum)) if **last == *bitmap => Bitmap::Shared(last.clone(), *sum),
            _ => {
                let (fresh, sum) = (Rc::new(*bitmap), crc64(0, bitmap));
                shown.0 = Some((fresh.clone(), sum));
                Bitmap::Shared(fresh, sum)
            }
        };
        Packet { rest: rest.into(), bitmap }
    }

    /// All but the bitmap, and the bitmap's checksum: what names the packet in a trace.
    pub fn essence(&self) -> (&[u8], u64) {
        let sum = if let Bitmap::Shared(_, sum) = &self.bitmap { *sum } else { 0 };
        (&self.rest, sum)
    }

    /// Appends the bytes as they were.
    pub fn write(&self, out: &mut Vec<u8>) {
        let bitmap: &[u8] = match &self.bitmap {
            Bitmap::None => return out.extend_from_slice(&self.rest),
            Bitmap::Zero => &[0; SLOTS_LEN],
            Bitmap::Shared(bitmap, _) => &bitmap[..],
        };
        out.extend_from_slice(&self.rest[..SLOTS_AT]);
        out.extend_from_slice(bitmap);
        out.extend_from_slice(&self.rest[SLOTS_AT..]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], shown: &mut Shown) {
        let mut back = Vec::new();
        Packet::new(bytes, shown).write(&mut back);
        assert_eq!(back, bytes);
    }

    #[test]
    fn bytes_come_back() {
        let mut shown = Shown::default();
        let mut full: Vec<u8> = (0..2300_u32).map(|n| n as u8 | 1).collect();
        for len in [0, 16, 80, 2127, 2128, 2256, 2300] {
            check(&full[..len], &mut shown);
        }
        full[SLOTS_AT..SLOTS_AT + SLOTS_LEN].fill(0);
        check(&full, &mut shown);
    }
}
