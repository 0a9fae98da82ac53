//! The reply decoder: cut anywhere, it finds the same replies and the same fault.

use resp::client::{DecodeError, Decoder, DecoderLimits, Value};

/// Small, so that short inputs reach them.
const LIMITS: DecoderLimits = DecoderLimits { bulk_max: 200, line_max: 100, depth_max: 8, values_max: 64 };

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let streams: [&[u8]; 7] = [
        b"+OK\r\n-ERR no\r\n:5\r\n$3\r\nabc\r\n$-1\r\n*-1\r\n_\r\n",
        b"*2\r\n%1\r\n+k\r\n,1.5\r\n~2\r\n#t\r\n(123\r\n",
        b"|1\r\n+a\r\n*1\r\n:1\r\n>2\r\n+p\r\n=7\r\ntxt:abc\r\n!5\r\nERR x\r\n",
        b"*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n",
        b"$99999999999\r\n",
        b"%9223372036854775807\r\n",
        b",nan\r\n,-inf\r\n*65\r\n",
    ];
    streams.iter().map(|stream| [&[3][..], stream].concat()).collect()
}

/// The first byte says how the rest is cut.
pub(crate) fn run(input: &[u8]) {
    let Some((step, stream)) = input.split_first() else { return };
    let whole = decode(stream, usize::MAX);
    for step in [1, usize::from(*step) + 1] {
        assert_eq!(decode(stream, step), whole, "pieces of {step}");
    }
}

/// Printed, since a NaN is not equal to itself.
fn decode(stream: &[u8], step: usize) -> (String, Option<DecodeError>) {
    let mut decoder = Decoder::new(LIMITS);
    let mut values: Vec<Value> = Vec::new();
    for piece in stream.chunks(step) {
        decoder.push(piece);
        loop {
            match decoder.next() {
                Ok(Some(value)) => {
                    inspect(&value);
                    values.push(value);
                }
                Ok(None) => break,
                Err(error) => return (format!("{values:?}"), Some(error)),
            }
        }
    }
    assert!(decoder.remaining().len() <= stream.len());
    (format!("{values:?}"), None)
}

/// What tools ask of a reply.
fn inspect(value: &Value) {
    let _ = (value.as_str(), value.as_int(), value.as_array(), value.error(), value.field("k"));
}
