//! Recorded packets, and what is made of them.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::mesh::Mesh;
use crate::rng::Rng;

/// What a sender may know and say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manners {
    /// No node of the cluster knows it, and it does not introduce itself.
    PasserBy,
    /// Says MEET.
    Newcomer,
    /// Speaks in the nodes' names.
    Insider,
}

/// Full headers are so long, and light ones.
const HEADER: usize = 2256;
const LIGHT: usize = 16;
const GOSSIP: usize = 104;
const NAME: usize = 40;

/// Types that matter here.
const MEET: u16 = 2;
const FAIL: u16 = 3;
const UPDATE: u16 = 7;
const LIGHT_BIT: u16 = 0x8000;

/// Where fields stand: (offset, width).
const FIELDS: [(usize, usize); 24] = [
    (0, 4),
    (4, 4),
    (8, 2),
    (10, 2),
    (12, 2),
    (14, 2),
    (16, 8),
    (24, 8),
    (32, 8),
    (40, 8),
    (80, 8),
    (2128, 8),
    (2168, 8),
    (2214, 2),
    (2216, 8),
    (2246, 2),
    (2248, 2),
    (2250, 2),
    (2252, 1),
    (2253, 1),
    (2256, 4),
    (2260, 4),
    (2264, 8),
    (2360, 4),
];
/// Made-up names in use: more would only fill the tables, as gossip may.
const STRANGERS: u8 = 32;
/// Packets that get longer, get longer by so much at most, in bytes.
const LONGER_MAX: u64 = 20_000;
/// Epochs that are claimed.
const EPOCHS: [u64; 6] = [0, 1, 5, 1000, 1 << 20, 1 << 40];

/// One packet, ready to be sent.
pub(super) struct Cartridge {
    pub bytes: Vec<u8>,
    /// Cut as it says: what follows it on the link is read as a packet again.
    pub aligned: bool,
}

/// What all is made of.
pub(super) struct Magazine {
    templates: Vec<Vec<u8>>,
    /// Names of the cluster's nodes.
    names: Vec<Vec<u8>>,
}

impl Magazine {
    /// The packets in the tree, and those that were `recorded`.
    pub fn load(recorded: Vec<Vec<u8>>, mesh: &Mesh) -> Result<Magazine> {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/cluster/testdata/bus");
        let mut files: Vec<_> = fs::read_dir(&dir)
            .with_context(|| dir.display().to_string())?
            .map(|entry| Ok(entry?.path()))
            .collect::<Result<_>>()?;
        files.retain(|file| file.extension().is_some_and(|e| e == "hex"));
        files.sort();
        let mut templates: Vec<Vec<u8>> =
            files.iter().map(|file| Ok(unhex(&fs::read_to_string(file)?))).collect::<Result<_>>()?;
        ensure!(!templates.is_empty(), "{} holds no packets", dir.display());
        templates.extend(recorded);
        ensure!(templates.iter().all(|t| t.len() >= LIGHT), "a recorded packet is too short");
        let names = (0..mesh.nodes.len()).map(|n| Ok(mesh.id(n)?.into_bytes())).collect::<Result<_>>()?;
        Ok(Magazine { templates, names })
    }

    /// How many packets others are made of.
    pub fn len(&self) -> usize {
        self.templates.len()
    }

    /// A packet in the mouth of `speaker`.
    pub fn make(&self, manners: Manners, speaker: &[u8], rng: &mut Rng) -> Cartridge {
        let mut bytes = rng.pick(&self.templates).clone();
        if bytes.len() >= HEADER {
            self.cast(&mut bytes, manners, speaker, rng);
        }
        let mut aligned = true;
        if !rng.one_in(4) {
            for _ in 0..=rng.below(4) {
                overwrite(&mut bytes, rng);
            }
            aligned = resize(&mut bytes, rng);
        }
        if manners == Manners::PasserBy {
            unsay_meet(&mut bytes);
        }
        let announced = u32::from_be_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]) as usize;
        aligned &= announced == bytes.len() && bytes.starts_with(b"RCmb");
        Cartridge { bytes, aligned }
    }

    /// A name to speak under for a while.
    pub fn speaker(&self, manners: Manners, rng: &mut Rng) -> Vec<u8> {
        match manners {
            Manners::Insider if !rng.one_in(8) => rng.pick(&self.names).clone(),
            _ => stranger(rng),
        }
    }

    /// A name that a packet tells of. Who is no insider does not know the nodes' own.
    fn name(&self, manners: Manners, rng: &mut Rng) -> Vec<u8> {
        match manners {
            Manners::Insider if !rng.one_in(3) => rng.pick(&self.names).clone(),
            _ => stranger(rng),
        }
    }

    /// Fills in the names, so that the packet is about this cluster.
    fn cast(&self, bytes: &mut [u8], manners: Manners, speaker: &[u8], rng: &mut Rng) {
        let put = |bytes: &mut [u8], at: usize, name: &[u8]| {
            if let Some(field) = bytes.get_mut(at..at + NAME) {
                field.copy_from_slice(name);
            }
        };
        put(bytes, 40, speaker);
        if bytes[2128] != 0 || rng.one_in(16) {
            let name = self.name(manners, rng);
            put(bytes, 2128, &name);
        }
        let kind = u16::from_be_bytes([bytes[12], bytes[13]]);
        match kind {
            FAIL => put(bytes, HEADER, &self.name(manners, rng)),
            UPDATE => put(bytes, HEADER + 8, &self.name(manners, rng)),
            0..=MEET => {
                let count = usize::from(u16::from_be_bytes([bytes[14], bytes[15]]));
                for entry in 0..count {
                    put(bytes, HEADER + entry * GOSSIP, &self.name(manners, rng));
                }
                forgotten(bytes, HEADER + count * GOSSIP, &self.name(manners, rng));
            }
            _ => {}
        }
        if rng.one_in(4) {
            let at = *rng.pick(&[16, 24]);
            bytes[at..at + 8].copy_from_slice(&rng.pick(&EPOCHS).to_be_bytes());
        }
        if rng.one_in(8) {
            let slots = if rng.one_in(2) { 0xff } else { 0 };
            bytes[80..80 + rng.below(2048) as usize].fill(slots);
        }
    }
}

/// Names the node that the first extension, if it tells of a forgotten one, is about.
fn forgotten(bytes: &mut [u8], at: usize, name: &[u8]) {
    if let Some(extension) = bytes.get_mut(at..at + 8 + NAME)
        && extension[4..6] == [0, 2]
    {
        extension[8..].copy_from_slice(name);
    }
}

fn stranger(rng: &mut Rng) -> Vec<u8> {
    // Now and then one that never comes again.
    let (n, letter) = match rng.one_in(500) {
        true => (rng.any(), 'f'),
        false => (rng.below(u64::from(STRANGERS)), '7'),
    };
    format!("{letter}{n:039x}").into_bytes()
}

/// A field or a byte becomes another.
fn overwrite(bytes: &mut [u8], rng: &mut Rng) {
    let len = bytes.len();
    let (at, width) = match rng.below(4) {
        0 => (rng.below(len as u64) as usize, 1),
        _ => *rng.pick(&FIELDS),
    };
    let values =
        [0, 1, 2, 8, 0xff, len as u64 - 1, len as u64, len as u64 + 1, 1 << 16, 1 << 31, u64::from(u32::MAX)];
    let value = match rng.below(8) {
        0 | 1 => rng.any(),
        2 => 1 << rng.below(64),
        _ => *rng.pick(&values),
    };
    // Epochs only grow: one random claim would end all further play with them.
    let value = if at == 16 || at == 24 { value & 0xff_ffff_ffff } else { value };
    if let Some(field) = bytes.get_mut(at..at + width) {
        field.copy_from_slice(&value.to_be_bytes()[8 - width..]);
    }
}

/// Cut or made longer, seldom; the length field is mended mostly. False if it was not.
fn resize(bytes: &mut Vec<u8>, rng: &mut Rng) -> bool {
    let len = bytes.len();
    match rng.below(24) {
        0 => bytes.truncate((rng.below(len as u64) as usize).max(LIGHT)),
        1 => bytes.resize(len + rng.below(LONGER_MAX) as usize, b'x'),
        2 => bytes.extend_from_within(len - len.min(GOSSIP)..),
        _ => {}
    }
    // A wrong length or signature ends the link, so most are right.
    if rng.one_in(60) {
        return false;
    }
    let kind = u16::from_be_bytes([bytes[12], bytes[13]]);
    let least = if kind & LIGHT_BIT == 0 { HEADER } else { LIGHT };
    if bytes.len() < least {
        bytes.resize(least, 0);
    }
    let total = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    bytes[..4].copy_from_slice(b"RCmb");
    bytes[4..8].copy_from_slice(&total.to_be_bytes());
    true
}

/// MEET becomes PING.
fn unsay_meet(bytes: &mut [u8]) {
    if bytes[12..14] == MEET.to_be_bytes() {
        bytes[13] = 0;
    }
}

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.chars().filter_map(|c| c.to_digit(16)).map(|d| d as u8).collect();
    digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn magazine() -> Magazine {
        let mut ping = vec![0; HEADER + GOSSIP];
        ping[..4].copy_from_slice(b"RCmb");
        ping[13] = 2;
        ping[15] = 1;
        Magazine { templates: vec![ping], names: vec![vec![b'a'; NAME]] }
    }

    #[test]
    fn what_is_aligned_says_its_length() {
        let (magazine, mut rng) = (magazine(), Rng::new(1));
        let mut whole = 0;
        for _ in 0..2000 {
            let made = magazine.make(Manners::Insider, &[b'b'; NAME], &mut rng);
            let announced = u32::from_be_bytes([made.bytes[4], made.bytes[5], made.bytes[6], made.bytes[7]]);
            assert_eq!(
                made.aligned,
                announced as usize == made.bytes.len() && made.bytes.starts_with(b"RCmb")
            );
            whole += u32::from(made.aligned);
        }
        // Most get past the framer, where the deeper code is; some must not.
        assert!((1200..2000).contains(&whole), "{whole} of 2000 are aligned");
    }

    #[test]
    fn passers_by_do_not_introduce_themselves_nor_name_nodes() {
        let (magazine, mut rng) = (magazine(), Rng::new(2));
        for _ in 0..2000 {
            let made = magazine.make(Manners::PasserBy, &[b'7'; NAME], &mut rng);
            assert_ne!(made.bytes[12..14], MEET.to_be_bytes());
            assert!(!made.bytes.windows(NAME).any(|name| name == [b'a'; NAME]));
        }
    }
}
