//! FUNCTION DUMP, FLUSH, LIST and RESTORE: there are no libraries to dump, remove or list, and none are taken.

use crate::dispatch::{Call, Flow};
use base::crc::crc64;

pub fn flush(call: &mut Call<'_, '_>) -> Flow {
    let fits = match call.args.get(2) {
        None => true,
        Some(mode) => {
            call.args.len() == 3
                && (mode.eq_ignore_ascii_case(b"sync") || mode.eq_ignore_ascii_case(b"async"))
        }
    };
    if fits {
        call.out.ok();
    } else {
        call.out.error("FUNCTION FLUSH only supports SYNC|ASYNC option");
    }
    Flow::Next
}

pub fn list(call: &mut Call<'_, '_>) -> Flow {
    let args = call.args;
    let mut at = 2;
    while let Some(word) = args.get(at) {
        if word.eq_ignore_ascii_case(b"withcode") {
            at += 1;
        } else if word.eq_ignore_ascii_case(b"libraryname") {
            if args.get(at + 1).is_none() {
                call.out.error("library name argument was not given");
                return Flow::Next;
            }
            at += 2;
        } else {
            call.out.error(&format!("Unknown argument {}", String::from_utf8_lossy(word)));
            return Flow::Next;
        }
    }
    call.out.array(0);
    Flow::Next
}

/// What DUMP gives: nothing, sealed.
pub fn dump(call: &mut Call<'_, '_>) -> Flow {
    call.out.bulk(&seal(&[]));
    Flow::Next
}

/// RESTORE of what another server dumped. Cluster managers do that to every node they add, so one without functions is taken.
pub fn restore(call: &mut Call<'_, '_>) -> Flow {
    let args = call.args;
    let policy = args.get(3).unwrap_or(b"append");
    let known = [&b"flush"[..], b"append", b"replace"].iter().any(|p| policy.eq_ignore_ascii_case(p));
    match opened(&args[2]) {
        _ if args.len() > 4 => {
            let name = String::from_utf8_lossy(&args[1]);
            call.out.error(&format!(
                "unknown subcommand or wrong number of arguments for '{name}'. Try FUNCTION HELP."
            ));
        }
        _ if !known => {
            call.out.error("Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE.");
        }
        None => call.out.error("DUMP payload version or checksum are wrong"),
        Some([]) => call.out.ok(),
        Some(_) => call.out.error("functions are not built yet in Handfast, and the payload has some"),
    }
    Flow::Next
}

/// A version that Redis 7.0 and all its successors take.
const RDB_VERSION: u16 = 10;
/// Version and checksum.
const SEAL_BYTES: usize = 2 + CHECKSUM_BYTES;
const CHECKSUM_BYTES: usize = 8;

fn seal(body: &[u8]) -> Vec<u8> {
    let mut payload = [body, &RDB_VERSION.to_le_bytes()].concat();
    payload.extend(crc64(0, &payload).to_le_bytes());
    payload
}

/// The body of a payload, whatever version wrote it; `None` if it is damaged.
fn opened(payload: &[u8]) -> Option<&[u8]> {
    let body = payload.len().checked_sub(SEAL_BYTES)?;
    let (sealed, checksum) = payload.split_at(payload.len() - CHECKSUM_BYTES);
    (crc64(0, sealed).to_le_bytes() == checksum).then_some(&payload[..body])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_dump_is_what_redis_7_gives() {
        assert_eq!(seal(&[]), b"\n\x00]\x9b\\@\x0f\x7f\xa2\xda");
    }

    #[test]
    fn payloads_are_opened_if_they_are_whole() {
        assert_eq!(opened(&seal(b"functions")), Some(&b"functions"[..]));
        assert_eq!(opened(&seal(&[])), Some(&[][..]));
        let mut damaged = seal(b"functions");
        damaged[3] ^= 1;
        assert_eq!((opened(&damaged), opened(b"short"), opened(b"")), (None, None, None));
    }
}
