//! What FUNCTION DUMP answers: the code of libraries, the version it is written in, and a checksum of both.
//!
//! ```text
//! (245 | code as a string)* | version 2 | CRC64 of everything before 8
//! ```

use crate::cursor::Cursor;
use crate::form::PLAIN_VERSION;
use crate::lzf::Compressor;
use crate::payload::{BadPayload, Checksum, Payload};
use crate::text::{self, Text};
use base::crc::crc64;
use ds::StrRef;

/// The mark before the code of a library, in files as in payloads.
pub const LIBRARY: u8 = 245;

/// The mark of an older form that no release wrote.
const LIBRARY_PRE_RELEASE: u8 = 246;

/// Why the payload of libraries is refused, as servers say it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadLibraries {
    /// Its footer is wrong.
    #[error("DUMP payload version or checksum are wrong")]
    Footer(#[from] BadPayload),
    /// Something else than a library is in it.
    #[error("given type is not a function")]
    NoLibrary,
    /// A form that no release wrote.
    #[error("Pre-GA function format not supported")]
    PreRelease,
    /// The code of a library is damaged.
    #[error("Failed loading library payload")]
    Damaged,
}

/// Appends the payload of libraries, given their code. It is compressed if `compress` says so.
pub fn dump_libraries<'a>(codes: impl IntoIterator<Item = &'a [u8]>, compress: bool, out: &mut Vec<u8>) {
    let start = out.len();
    let mut compressor = compress.then(Compressor::new);
    for code in codes {
        out.push(LIBRARY);
        text::write(out, StrRef::Bytes(code), compressor.as_mut());
    }
    out.extend_from_slice(&PLAIN_VERSION.to_le_bytes());
    let crc = crc64(0, &out[start..]);
    out.extend_from_slice(&crc.to_le_bytes());
}

/// The code of every library of a payload, in its order.
pub fn restore_libraries(bytes: &[u8], checksum: Checksum) -> Result<Vec<Text<'_>>, BadLibraries> {
    let mut from = Cursor::new(Payload::open(bytes, checksum)?.body);
    let mut codes = Vec::new();
    while from.left() > 0 {
        match from.byte() {
            Ok(LIBRARY) => codes.push(from.text().map_err(|_| BadLibraries::Damaged)?),
            Ok(LIBRARY_PRE_RELEASE) => return Err(BadLibraries::PreRelease),
            _ => return Err(BadLibraries::NoLibrary),
        }
    }
    Ok(codes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SHORT: &[u8] = b"#!lua name=b\nredis.register_function(\"f2\",function() return 2 end)";

    fn long() -> Vec<u8> {
        let code = b"#!lua name=a\nredis.register_function(\"f1\",function() return 1 end) -- ";
        [&code[..], &[b'x'; 100]].concat()
    }

    /// What Redis 7.0.15 and Valkey 9.1.2 answer for both: only version and checksum differ.
    const BODY: &[u8] =
        b"\xf5@B#!lua name=b\nredis.register_function(\"f2\",function() return 2 end)\xf5\xc3@J@\xaa\
        \x1f#!lua name=a\nredis.register_func\ttion(\"f1\",\xe0\x00\r\x13) return 1 end) -- x\xe0X\x00\x01xx";
    const REDIS_7: &[u8] = b"\n\x00\x08\x89\x8d\xb0\x9e\xd5\xa9\xb0";
    const VALKEY_9: &[u8] = b"P\x00\xc7\xa3D!\x00\x87\xceD";

    fn codes(payload: &[u8]) -> Result<Vec<Vec<u8>>, BadLibraries> {
        let codes = restore_libraries(payload, Checksum::Verified)?;
        Ok(codes.into_iter().map(Text::into_vec).collect())
    }

    /// A payload with a footer that is right.
    fn sealed(body: &[u8]) -> Vec<u8> {
        let mut payload = [body, &PLAIN_VERSION.to_le_bytes()].concat();
        payload.extend(crc64(0, &payload).to_le_bytes());
        payload
    }

    #[test]
    fn payloads_of_both_families_are_read() {
        let expect = vec![SHORT.to_vec(), long()];
        assert_eq!(codes(&[BODY, REDIS_7].concat()), Ok(expect.clone()));
        assert_eq!(codes(&[BODY, VALKEY_9].concat()), Ok(expect));
    }

    #[test]
    fn an_empty_dump_is_what_redis_7_gives() {
        let mut payload = Vec::new();
        dump_libraries([], true, &mut payload);
        assert_eq!(payload, b"\n\x00]\x9b\\@\x0f\x7f\xa2\xda");
        assert_eq!(codes(&payload), Ok(Vec::new()));
    }

    #[test]
    fn damage_is_named() {
        let check = |body: &[u8], expect| assert_eq!(codes(&sealed(body)), Err(expect), "{body:?}");
        check(b"\x00\x01a", BadLibraries::NoLibrary);
        check(b"\xf5\x01ax", BadLibraries::NoLibrary);
        check(b"\xf6\x01a", BadLibraries::PreRelease);
        check(b"\xf5", BadLibraries::Damaged);
        check(b"\xf5\x02a", BadLibraries::Damaged);
        check(b"\xf5\x81\xff\xff\xff\xff\xff\xff\xff\xff", BadLibraries::Damaged);
        check(b"\xf5\xc3\x01\x80\x7f\xff\xff\xffx", BadLibraries::Damaged);
        let damaged = codes(b"\n\x00]\x9b\\@\x0f\x7f\xa2\xdb");
        assert_eq!(damaged, Err(BadLibraries::Footer(BadPayload)));
    }

    proptest! {
        #[test]
        fn what_is_dumped_is_restored(all: Vec<Vec<u8>>, compress: bool) {
            let mut payload = Vec::new();
            dump_libraries(all.iter().map(Vec::as_slice), compress, &mut payload);
            prop_assert_eq!(codes(&payload), Ok(all));
        }
    }
}
