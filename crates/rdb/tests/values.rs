//! Every form that a real server wrote, read, written and damaged.

mod golden;

use ds::{Kind, ValueRef};
use golden::{Golden, all, check, digest, rules};
use rdb::{Checksum, Cursor, Fault, Loading, Payload, Reader, Value, dump, restore};

/// Longest payload that is cut everywhere, and whose every bit is flipped.
const CUT_BYTES_MAX: usize = 500;
const FLIPPED_BYTES_MAX: usize = 100;
/// Longest payload that comes byte by byte.
const BYTEWISE_BYTES_MAX: usize = 2000;

fn read(golden: &Golden) -> Value {
    restore(&golden.payload, Checksum::Verified, &rules())
        .unwrap_or_else(|why| panic!("{}: {why}", golden.name))
}

/// The payload that the value has here, and the version in it.
fn written(value: &Value, compress: bool, reader: Reader) -> (Vec<u8>, u16) {
    let entry = value.clone().into_entry(b"k", None);
    let mut payload = Vec::new();
    dump(&entry.view().value(), compress, reader, &mut payload);
    let version = Payload::open(&payload, Checksum::Verified).expect("just written").version;
    (payload, version)
}

#[test]
fn each_has_the_value_that_its_server_says() {
    let mut count = 0;
    for golden in all() {
        let value = read(&golden);
        check(&value);
        assert_eq!(digest(&value), golden.digest, "{}", golden.name);
        count += 1;
    }
    assert!(count > 300, "{count}");
}

#[test]
fn what_is_written_is_read_again() {
    for golden in all() {
        let value = read(&golden);
        for (compress, reader) in [(false, Reader::Anybody), (true, Reader::Anybody), (true, Reader::Newest)]
        {
            let (payload, version) = written(&value, compress, reader);
            let again = restore(&payload, Checksum::Verified, &rules()).expect("our own");
            check(&again);
            assert_eq!(digest(&again), golden.digest, "{}", golden.name);
            let needs_newest = reader == Reader::Newest || golden.name.contains("hash.");
            assert!(version == 10 || version == 80 && needs_newest, "{}", golden.name);
        }
    }
}

#[test]
fn a_value_may_come_in_portions() {
    for golden in all() {
        let payload = Payload::open(&golden.payload, Checksum::Verified).expect("golden");
        let (number, bytes) = payload.body.split_first().expect("a type");
        let least = if golden.payload.len() < BYTEWISE_BYTES_MAX { 1 } else { 100 };
        for portion in [least, 7 * least, 1000] {
            let mut loading = Loading::begin(*number, payload.dialect).expect("golden");
            let (mut buffer, mut whole) = (Vec::new(), false);
            for chunk in bytes.chunks(portion) {
                assert!(!whole, "{}: whole before the end", golden.name);
                buffer.extend_from_slice(chunk);
                let mut from = Cursor::new(&buffer);
                whole = loading.read(&mut from, &rules()).expect("golden");
                let at = from.at();
                buffer.drain(..at);
            }
            assert!(whole && buffer.is_empty(), "{}", golden.name);
            assert_eq!(digest(&loading.finish(&rules()).expect("golden")), golden.digest, "{}", golden.name);
        }
    }
}

#[test]
fn nothing_is_missed_when_it_is_cut() {
    for golden in all().filter(|golden| golden.payload.len() < CUT_BYTES_MAX) {
        let payload = Payload::open(&golden.payload, Checksum::Verified).expect("golden");
        for cut in 0..payload.body.len() {
            let payload = Payload { body: &payload.body[..cut], ..payload };
            assert_eq!(payload.value(&rules()).err(), Some(Fault::Short), "{} at {cut}", golden.name);
        }
        let longer = [payload.body, &[0]].concat();
        assert!(matches!(Payload { body: &longer, ..payload }.value(&rules()), Err(Fault::Bad(_))));
        for at in 0..golden.payload.len() {
            let mut bytes = golden.payload.clone();
            bytes[at] ^= 1;
            assert!(restore(&bytes, Checksum::Verified, &rules()).is_err(), "{} at {at}", golden.name);
        }
    }
}

#[test]
fn what_is_damaged_is_refused_or_sound() {
    for golden in all().filter(|golden| golden.payload.len() < FLIPPED_BYTES_MAX) {
        for at in 0..golden.payload.len() - 10 {
            for bit in 0..8 {
                let mut bytes = golden.payload.clone();
                bytes[at] ^= 1 << bit;
                if let Ok(value) = restore(&bytes, Checksum::Ignored, &rules()) {
                    check(&value);
                    let again =
                        restore(&written(&value, true, Reader::Anybody).0, Checksum::Verified, &rules())
                            .expect("our own");
                    assert_eq!(digest(&again), digest(&value), "{} at {at}", golden.name);
                }
            }
        }
    }
}

#[test]
fn numbers_are_stored_as_numbers() {
    let golden = all().find(|golden| golden.name == "string.int32.small").expect("in the data");
    let entry = read(&golden).into_entry(b"k", Some(5));
    assert_eq!((entry.view().kind(), entry.view().encoding()), (Kind::String, "int"));
    assert!(matches!(entry.view().value(), ValueRef::Str(ds::StrRef::Int(7))));
}

#[test]
fn footers() {
    let check = |bytes: &[u8], is_good: bool| {
        assert_eq!(Payload::open(bytes, Checksum::Ignored).is_ok(), is_good, "{bytes:?}");
    };
    for (version, is_good) in
        [(0, false), (1, true), (12, true), (13, false), (79, false), (80, true), (81, false)]
    {
        check(&[0, 1, b'a', version, 0, 0, 0, 0, 0, 0, 0, 0, 0], is_good);
    }
    check(&[10, 0, 0, 0, 0, 0, 0, 0, 0, 0], true);
    check(&[0, 0, 0, 0, 0, 0, 0, 0, 0], false);
    check(b"", false);
}
