//! Listpacks from dumps: what is accepted can be read from both ends, and changed anywhere.

use ds::{Listpack, StrRef};

/// Elements shown to be readable; an input holds fewer.
const ELEMENTS_MAX: usize = 4096;

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let long = vec![b'x'; 300];
    let texts: [&[u8]; 9] =
        [b"", b"a", b"127", b"-4096", b"-32769", b"8388608", b"2147483648", b"-9223372036854775808", &long];
    let packs = (0..=texts.len()).map(|n| Listpack::of(texts[..n].iter().map(|text| StrRef::Bytes(text))));
    packs.map(|pack| [&[1, 7][..], pack.view().bytes()].concat()).collect()
}

/// The first byte says where to change, the second what to put there.
pub(crate) fn run(input: &[u8]) {
    let Some((&[at, value], bytes)) = input.split_first_chunk() else { return };
    let Ok(mut pack) = Listpack::parse(bytes) else { return };
    check(&pack);
    let view = pack.view();
    let entry = view.seek(i64::from(at) - 128).unwrap_or(view.end());
    let tail = pack.split_off(entry);
    pack.push_back(StrRef::Int(i64::from(value) << (value % 56)));
    pack.append(tail.view());
    check(&pack);
    pack.replace(entry, StrRef::Bytes(&bytes[..bytes.len().min(usize::from(value) * 40)]));
    pack.remove(entry, usize::from(value % 3));
    check(&pack);
}

fn check(pack: &Listpack) {
    pack.check_invariants();
    let elements: Vec<Vec<u8>> = pack.view().iter().map(StrRef::to_vec).collect();
    assert!(elements.len() <= ELEMENTS_MAX && elements.len() == pack.len());
    assert!(pack.view().iter().rev().map(StrRef::to_vec).eq(elements.iter().rev().cloned()));
    for element in elements.iter().take(8) {
        let found = pack.view().find(pack.view().first(), element, 0);
        assert!(found.is_some_and(|at| pack.view().get(at).to_vec() == *element));
    }
}
