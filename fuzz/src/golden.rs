//! Packets recorded between real servers.

use std::sync::OnceLock;

use cluster::wire::{Message, Packet, decode};

/// All of them, in the order of their files' names.
pub(crate) fn bytes() -> &'static [Vec<u8>] {
    static PACKETS: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    PACKETS.get_or_init(|| {
        let dir = crate::testdata("cluster/testdata/bus");
        let list = std::fs::read_dir(&dir).unwrap_or_else(|why| panic!("{}: {why}", dir.display()));
        let mut files: Vec<_> = list.flatten().map(|entry| entry.path()).collect();
        files.retain(|path| path.extension().is_some_and(|e| e == "hex"));
        files.sort();
        files.iter().filter_map(|path| std::fs::read_to_string(path).ok()).map(|text| unhex(&text)).collect()
    })
}

/// Those with a full header, decoded.
pub(crate) fn packets() -> &'static [Packet] {
    static PACKETS: OnceLock<Vec<Packet>> = OnceLock::new();
    PACKETS.get_or_init(|| {
        let full = |bytes: &Vec<u8>| match decode(bytes) {
            Ok(Message::Full(packet)) => Some(*packet),
            _ => None,
        };
        bytes().iter().filter_map(full).collect()
    })
}

pub(crate) fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter_map(|b| char::from(b).to_digit(16)).map(|d| d as u8).collect();
    digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}
