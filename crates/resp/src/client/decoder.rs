//! The reply decoder: bytes as they come, replies when they are whole.

use super::Value;
use base::bytes::find;
use base::num::{parse_f64, parse_i64};

/// What a server may send.
#[derive(Clone, Copy, Debug)]
pub struct DecoderLimits {
    /// Bytes of one string.
    pub bulk_max: usize,
    /// Bytes of one line.
    pub line_max: usize,
    /// Aggregates inside each other.
    pub depth_max: usize,
    /// Values of one reply, nested ones included.
    pub values_max: usize,
}

impl Default for DecoderLimits {
    fn default() -> DecoderLimits {
        DecoderLimits { bulk_max: 512 << 20, line_max: 64 << 10, depth_max: 128, values_max: 16 << 20 }
    }
}

/// Why a server's bytes are not replies. The stream is of no more use.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DecodeError {
    /// No reply begins with this byte.
    #[error("no reply begins with '{}'", .0.escape_ascii())]
    Kind(u8),
    /// A length or number that is none.
    #[error("a malformed length or number")]
    Number,
    /// A line or string without its CRLF.
    #[error("a missing CRLF")]
    Crlf,
    /// A limit passed: its name.
    #[error("a reply passes {0}")]
    Limit(&'static str),
}

/// Room made for elements on the word of a header alone.
const RESERVE_MAX: usize = 1024;
/// Consumed bytes kept in front of the buffer before it is moved down.
const CONSUMED_MAX: usize = 64 * 1024;

#[derive(Clone, Copy, PartialEq, Debug)]
enum Kind {
    Array,
    Set,
    Push,
    Map,
    Attribute,
}

#[derive(Debug)]
struct Open {
    kind: Kind,
    left: usize,
    items: Vec<Value>,
}

/// Decodes a stream of replies.
#[derive(Default, Debug)]
pub struct Decoder {
    buf: Vec<u8>,
    /// Bytes of `buf` already decoded.
    at: usize,
    /// Bytes after `at` known to hold no end of line.
    scanned: usize,
    /// The aggregates around the next value, outermost first.
    open: Vec<Open>,
    /// Values of the current reply so far.
    values: usize,
    limits: DecoderLimits,
}

impl Decoder {
    /// A decoder at the start of a stream.
    pub fn new(limits: DecoderLimits) -> Decoder {
        Decoder { limits, ..Decoder::default() }
    }

    /// Adds bytes that came.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.at == self.buf.len() || self.at > CONSUMED_MAX {
            self.buf.drain(..self.at);
            self.at = 0;
        }
        self.buf.extend_from_slice(bytes);
    }

    /// Bytes that came and are not decoded yet, to take over when the stream turns to something else.
    pub fn remaining(&self) -> &[u8] {
        &self.buf[self.at..]
    }

    /// The next whole reply, if there is one. Attributes are skipped.
    #[expect(clippy::should_implement_trait, reason = "an iterator would end where more may come")]
    pub fn next(&mut self) -> Result<Option<Value>, DecodeError> {
        loop {
            let Some(mut value) = self.element()? else { return Ok(None) };
            // Close every aggregate that the value completes.
            loop {
                let Some(parent) = self.open.last_mut() else {
                    self.values = 0;
                    return Ok(Some(value));
                };
                parent.items.push(value);
                parent.left -= 1;
                if parent.left > 0 {
                    break;
                }
                match self.open.pop().and_then(close) {
                    Some(whole) => value = whole,
                    None => break,
                }
            }
        }
    }

    /// Reads values and opens aggregates until there is a value without elements to come.
    fn element(&mut self) -> Result<Option<Value>, DecodeError> {
        loop {
            let Some((kind, line, mut after)) = self.line()? else { return Ok(None) };
            let line = &self.buf[line];
            let value = match kind {
                b'+' => Value::Simple(line.to_vec()),
                b'-' => Value::Error(line.to_vec()),
                b':' => Value::Int(parse_i64(line).ok_or(DecodeError::Number)?),
                b',' => Value::Double(double(line)?),
                b'#' => Value::Bool(match line {
                    b"t" => true,
                    b"f" => false,
                    _ => return Err(DecodeError::Number),
                }),
                b'(' => Value::BigNumber(line.to_vec()),
                b'_' if line.is_empty() => Value::Null,
                b'$' | b'=' | b'!' => match length(line)? {
                    None => Value::Null,
                    Some(len) => match self.string(kind, after, len)? {
                        Some(value) => {
                            after += len + 2;
                            value
                        }
                        None => return Ok(None),
                    },
                },
                b'*' | b'~' | b'>' | b'%' | b'|' => {
                    let len = length(line)?;
                    (self.at, self.scanned) = (after, 0);
                    match self.aggregate(kind, len)? {
                        Some(value) => value,
                        None => continue,
                    }
                }
                kind => return Err(DecodeError::Kind(kind)),
            };
            (self.at, self.scanned) = (after, 0);
            self.count()?;
            return Ok(Some(value));
        }
    }

    fn count(&mut self) -> Result<(), DecodeError> {
        self.values += 1;
        if self.values > self.limits.values_max { Err(DecodeError::Limit("values_max")) } else { Ok(()) }
    }

    /// The line at `at`: its first byte, where the rest lies, and where the next begins.
    fn line(&mut self) -> Result<Option<(u8, std::ops::Range<usize>, usize)>, DecodeError> {
        let rest = &self.buf[self.at..];
        let window = &rest[..rest.len().min(self.limits.line_max + 1)];
        let Some(found) = find(&window[self.scanned..], b'\n') else {
            self.scanned = window.len();
            let over = window.len() > self.limits.line_max;
            return if over { Err(DecodeError::Limit("line_max")) } else { Ok(None) };
        };
        let end = self.scanned + found;
        match rest[..end] {
            [kind, .., b'\r'] => Ok(Some((kind, self.at + 1..self.at + end - 1, self.at + end + 1))),
            _ => Err(DecodeError::Crlf),
        }
    }

    /// The string of `len` bytes at `start`, if it is all there.
    fn string(&self, kind: u8, start: usize, len: usize) -> Result<Option<Value>, DecodeError> {
        if len > self.limits.bulk_max {
            return Err(DecodeError::Limit("bulk_max"));
        }
        let Some(bytes) = self.buf.get(start..start + len + 2) else { return Ok(None) };
        let Some(text) = bytes.strip_suffix(b"\r\n") else { return Err(DecodeError::Crlf) };
        match (kind, text) {
            (b'$', text) => Ok(Some(Value::Bulk(text.to_vec()))),
            (b'!', text) => Ok(Some(Value::Error(text.to_vec()))),
            (_, [a, b, c, b':', text @ ..]) => {
                Ok(Some(Value::Verbatim { format: [*a, *b, *c], text: text.to_vec() }))
            }
            _ => Err(DecodeError::Number),
        }
    }

    /// Opens an aggregate, or gives it if it is empty or absent.
    fn aggregate(&mut self, kind: u8, len: Option<usize>) -> Result<Option<Value>, DecodeError> {
        let Some(len) = len else { return Ok(Some(Value::Null)) };
        let (kind, left) = match kind {
            b'*' => (Kind::Array, len),
            b'~' => (Kind::Set, len),
            b'>' => (Kind::Push, len),
            b'%' => (Kind::Map, len.saturating_mul(2)),
            _ => (Kind::Attribute, len.saturating_mul(2)),
        };
        if left > self.limits.values_max {
            return Err(DecodeError::Limit("values_max"));
        }
        let open = Open { kind, left, items: Vec::with_capacity(left.min(RESERVE_MAX)) };
        if left == 0 {
            return Ok(close(open));
        }
        if self.open.len() == self.limits.depth_max {
            return Err(DecodeError::Limit("depth_max"));
        }
        self.count()?;
        self.open.push(open);
        Ok(None)
    }
}

/// The value of a full aggregate; attributes have none.
fn close(open: Open) -> Option<Value> {
    Some(match open.kind {
        Kind::Array => Value::Array(open.items),
        Kind::Set => Value::Set(open.items),
        Kind::Push => Value::Push(open.items),
        Kind::Map => {
            let mut items = open.items.into_iter();
            Value::Map(std::iter::from_fn(|| Some((items.next()?, items.next()?))).collect())
        }
        Kind::Attribute => return None,
    })
}

/// A length; -1 is absence.
fn length(line: &[u8]) -> Result<Option<usize>, DecodeError> {
    match parse_i64(line).ok_or(DecodeError::Number)? {
        -1 => Ok(None),
        n => usize::try_from(n).map(Some).map_err(|_| DecodeError::Number),
    }
}

fn double(line: &[u8]) -> Result<f64, DecodeError> {
    match line {
        b"nan" | b"-nan" => Ok(f64::NAN),
        text => parse_f64(text).ok_or(DecodeError::Number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(bytes: &[u8], limits: DecoderLimits) -> Result<Vec<Value>, DecodeError> {
        let mut decoder = Decoder::new(limits);
        let mut values = Vec::new();
        for chunk in bytes.chunks(1) {
            decoder.push(chunk);
            while let Some(value) = decoder.next()? {
                values.push(value);
            }
        }
        Ok(values)
    }

    fn check(bytes: &str, expect: &[Value]) {
        assert_eq!(decode(bytes.as_bytes(), DecoderLimits::default()).as_deref(), Ok(expect), "{bytes:?}");
    }

    fn bulk(text: &str) -> Value {
        Value::Bulk(text.into())
    }

    #[test]
    fn every_kind() {
        check("+OK\r\n-ERR no\r\n", &[Value::Simple(b"OK".to_vec()), Value::Error(b"ERR no".to_vec())]);
        check(":-5\r\n$-1\r\n*-1\r\n_\r\n", &[Value::Int(-5), Value::Null, Value::Null, Value::Null]);
        check("$3\r\na\r\n\r\n$0\r\n\r\n", &[bulk("a\r\n"), bulk("")]);
        check(
            "#t\r\n,1.5\r\n,-inf\r\n",
            &[Value::Bool(true), Value::Double(1.5), Value::Double(f64::NEG_INFINITY)],
        );
        check(
            "(123\r\n!5\r\nERR x\r\n",
            &[Value::BigNumber(b"123".to_vec()), Value::Error(b"ERR x".to_vec())],
        );
        check("=6\r\ntxt:ab\r\n", &[Value::Verbatim { format: *b"txt", text: b"ab".to_vec() }]);
        check(
            "*0\r\n%0\r\n~1\r\n*0\r\n",
            &[Value::Array(vec![]), Value::Map(vec![]), Value::Set(vec![Value::Array(vec![])])],
        );
        check(
            "|1\r\n+a\r\n*1\r\n:1\r\n*2\r\n|1\r\n+k\r\n+v\r\n:1\r\n:2\r\n",
            &[Value::Array(vec![Value::Int(1), Value::Int(2)])],
        );
        check(
            ">2\r\n%1\r\n$1\r\nk\r\n*1\r\n:1\r\n_\r\n",
            &[Value::Push(vec![
                Value::Map(vec![(bulk("k"), Value::Array(vec![Value::Int(1)]))]),
                Value::Null,
            ])],
        );
    }

    #[test]
    fn malformed() {
        let check = |bytes: &[u8], expect| {
            assert_eq!(decode(bytes, DecoderLimits::default()), Err(expect), "{}", bytes.escape_ascii());
        };
        check(b"x\r\n", DecodeError::Kind(b'x'));
        check(b"\r\n", DecodeError::Crlf);
        check(b"+a\n", DecodeError::Crlf);
        check(b":x\r\n", DecodeError::Number);
        check(b"$-2\r\n", DecodeError::Number);
        check(b"$1\r\nabc", DecodeError::Crlf);
        check(b"#x\r\n", DecodeError::Number);
        check(b"=2\r\nab\r\n", DecodeError::Number);
        check(b"$99999999999\r\n", DecodeError::Limit("bulk_max"));
        check(b"*99999999999\r\n", DecodeError::Limit("values_max"));
        check(b"%9223372036854775807\r\n", DecodeError::Limit("values_max"));
        check(&b"*1\r\n".repeat(200), DecodeError::Limit("depth_max"));
        check(&[b'+'; 70_000], DecodeError::Limit("line_max"));
        let small = DecoderLimits { values_max: 3, ..DecoderLimits::default() };
        assert_eq!(decode(b"*3\r\n*1\r\n:1\r\n:2\r\n:3\r\n", small), Err(DecodeError::Limit("values_max")));
        assert_eq!(decode(b"*1\r\n:1\r\n*1\r\n:1\r\n", small).map(|v| v.len()), Ok(2));
    }

    #[test]
    fn fields_of_both_shapes() {
        for bytes in ["%2\r\n+a\r\n:1\r\n$1\r\nb\r\n$1\r\n2\r\n", "*4\r\n+a\r\n:1\r\n$1\r\nb\r\n$1\r\n2\r\n"]
        {
            let values = decode(bytes.as_bytes(), DecoderLimits::default()).expect("well formed");
            assert_eq!(values[0].field("a").and_then(Value::as_int), Some(1));
            assert_eq!(values[0].field("b").and_then(Value::as_int), Some(2));
            assert_eq!(values[0].field("c"), None);
        }
    }
}
