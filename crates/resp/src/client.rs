//! The other side: commands out, replies in. For tools and tests.

mod decoder;
mod value;

pub use decoder::{DecodeError, Decoder, DecoderLimits};
pub use value::Value;

use base::num::format_u64;

/// Appends a command as an array of bulk strings.
pub fn encode_command<A: AsRef<[u8]>>(out: &mut Vec<u8>, args: &[A]) {
    out.push(b'*');
    format_u64(out, args.len() as u64);
    out.extend_from_slice(b"\r\n");
    for arg in args {
        let arg = arg.as_ref();
        out.push(b'$');
        format_u64(out, arg.len() as u64);
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(arg);
        out.extend_from_slice(b"\r\n");
    }
}
