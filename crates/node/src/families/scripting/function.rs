//! FUNCTION FLUSH and LIST: there are no libraries to remove or to list.

use crate::dispatch::{Call, Flow};

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
