//! The two checksums of the protocols: CRC-16/XMODEM names slots, CRC-64/Jones ends dumps and files.
//!
//! Both run eight bytes a step over eight tables: the slot of a key is computed for every key of every command.

/// x^16 + x^12 + x^5 + 1, most significant bit first.
const POLY16: u16 = 0x1021;
/// Jones's polynomial 0xad93d23594c935a9, bits reversed.
const POLY64: u64 = 0x95AC_9329_AC4B_C9B5;

static TABLES16: [[u16; 256]; 8] = tables16();
static TABLES64: [[u64; 256]; 8] = tables64();

const fn tables16() -> [[u16; 256]; 8] {
    let mut tables = [[0u16; 256]; 8];
    let mut i = 0;
    while i < 256 {
        let mut crc = (i as u16) << 8;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 0x8000 != 0 { crc << 1 ^ POLY16 } else { crc << 1 };
            bit += 1;
        }
        tables[0][i] = crc;
        i += 1;
    }
    let mut t = 1;
    while t < 8 {
        let mut i = 0;
        while i < 256 {
            let crc = tables[t - 1][i];
            tables[t][i] = crc << 8 ^ tables[0][(crc >> 8) as usize];
            i += 1;
        }
        t += 1;
    }
    tables
}

const fn tables64() -> [[u64; 256]; 8] {
    let mut tables = [[0u64; 256]; 8];
    let mut i = 0;
    while i < 256 {
        let mut crc = i as u64;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 != 0 { crc >> 1 ^ POLY64 } else { crc >> 1 };
            bit += 1;
        }
        tables[0][i] = crc;
        i += 1;
    }
    let mut t = 1;
    while t < 8 {
        let mut i = 0;
        while i < 256 {
            let crc = tables[t - 1][i];
            tables[t][i] = crc >> 8 ^ tables[0][(crc & 255) as usize];
            i += 1;
        }
        t += 1;
    }
    tables
}

/// CRC-16/XMODEM of `bytes`: start 0, no reflection, no final xor.
#[inline]
pub fn crc16(bytes: &[u8]) -> u16 {
    let t = &TABLES16;
    let mut crc = 0u16;
    let (chunks, rest) = bytes.as_chunks::<8>();
    for c in chunks {
        let head = crc ^ u16::from_be_bytes([c[0], c[1]]);
        crc = t[7][usize::from(head >> 8)]
            ^ t[6][usize::from(head & 255)]
            ^ t[5][usize::from(c[2])]
            ^ t[4][usize::from(c[3])]
            ^ t[3][usize::from(c[4])]
            ^ t[2][usize::from(c[5])]
            ^ t[1][usize::from(c[6])]
            ^ t[0][usize::from(c[7])];
    }
    for b in rest {
        crc = crc << 8 ^ t[0][usize::from((crc >> 8) as u8 ^ b)];
    }
    crc
}

/// CRC-64/Jones of `bytes`, continued from `seed` (0 to begin): reflected, no final xor, as Redis stores it.
pub fn crc64(seed: u64, bytes: &[u8]) -> u64 {
    let t = &TABLES64;
    let mut crc = seed;
    let (chunks, rest) = bytes.as_chunks::<8>();
    for c in chunks {
        let w = (crc ^ u64::from_le_bytes(*c)).to_le_bytes();
        crc = 0;
        for i in 0..8 {
            crc ^= t[7 - i][usize::from(w[i])];
        }
    }
    for b in rest {
        crc = crc >> 8 ^ t[0][usize::from(crc as u8 ^ b)];
    }
    crc
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bitwise16(bytes: &[u8]) -> u16 {
        bytes.iter().fold(0, |crc, b| {
            (0..8).fold(crc ^ u16::from(*b) << 8, |c, _| if c >> 15 == 1 { c << 1 ^ POLY16 } else { c << 1 })
        })
    }

    fn bitwise64(seed: u64, bytes: &[u8]) -> u64 {
        bytes.iter().fold(seed, |crc, b| {
            (0..8).fold(crc ^ u64::from(*b), |c, _| if c & 1 == 1 { c >> 1 ^ POLY64 } else { c >> 1 })
        })
    }

    #[test]
    fn check_vectors() {
        assert_eq!(crc16(b"123456789"), 0x31C3);
        assert_eq!(crc64(0, b"123456789"), 0xE9C6_D914_C4B8_D9CA);
        assert_eq!((crc16(b""), crc64(0, b"")), (0, 0));
    }

    proptest! {
        #[test]
        fn tables_agree_with_bits(bytes: Vec<u8>, seed: u64, cut: prop::sample::Index) {
            prop_assert_eq!(crc16(&bytes), bitwise16(&bytes));
            prop_assert_eq!(crc64(seed, &bytes), bitwise64(seed, &bytes));
            let (a, b) = bytes.split_at(cut.index(bytes.len() + 1));
            prop_assert_eq!(crc64(crc64(seed, a), b), crc64(seed, &bytes));
        }
    }
}
