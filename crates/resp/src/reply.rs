//! The reply writer: one vocabulary, two shapes (spec `resp.md` §3).

use base::num::{format_f64, format_i64};

/// The protocol version of a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Proto {
    /// What every connection begins with.
    #[default]
    Resp2,
    /// After `HELLO 3`.
    Resp3,
}

/// Where a header whose count was not known belongs. Headers are to be set last one first.
#[derive(Debug)]
#[must_use = "without its header the reply is broken"]
pub struct Mark(usize);

/// Appends replies to an output buffer.
pub struct Reply<'b> {
    out: &'b mut Vec<u8>,
    proto: Proto,
}

impl<'b> Reply<'b> {
    /// Appends to `out`.
    #[inline]
    pub fn new(out: &'b mut Vec<u8>, proto: Proto) -> Reply<'b> {
        Reply { out, proto }
    }

    /// The version written.
    pub fn proto(&self) -> Proto {
        self.proto
    }

    /// Writes the other version from here on.
    pub fn set_proto(&mut self, proto: Proto) {
        self.proto = proto;
    }

    /// Bytes in the buffer, those of earlier replies included.
    #[expect(clippy::len_without_is_empty, reason = "a position, not a size")]
    pub fn len(&self) -> usize {
        self.out.len()
    }

    /// Takes back everything after a position that [`Reply::len`] gave.
    pub fn truncate(&mut self, len: usize) {
        self.out.truncate(len);
    }

    /// `+OK`.
    #[inline]
    pub fn ok(&mut self) {
        self.out.extend_from_slice(b"+OK\r\n");
    }

    /// A simple string. Line ends become spaces.
    pub fn simple(&mut self, text: &str) {
        self.line(b'+', text.as_bytes());
    }

    /// An error. A text that starts with `-` brings its code; any other gets `ERR`. Line ends become spaces, at the
    /// end they are cut.
    pub fn error(&mut self, text: &str) {
        self.error_bytes(text.as_bytes());
    }

    /// [`Reply::error`] of a text that echoes arbitrary bytes.
    pub fn error_bytes(&mut self, text: &[u8]) {
        let end = text.iter().rposition(|b| !matches!(b, b'\r' | b'\n')).map_or(0, |last| last + 1);
        match &text[..end] {
            [b'-', coded @ ..] => self.line(b'-', coded),
            plain => {
                self.out.extend_from_slice(b"-ERR ");
                self.rest_of_line(plain);
            }
        }
    }

    fn line(&mut self, kind: u8, text: &[u8]) {
        self.out.push(kind);
        self.rest_of_line(text);
    }

    fn rest_of_line(&mut self, text: &[u8]) {
        self.out.extend(text.iter().map(|b| if matches!(b, b'\r' | b'\n') { b' ' } else { *b }));
        self.out.extend_from_slice(b"\r\n");
    }

    /// Bytes that are a reply already.
    #[inline]
    pub fn raw(&mut self, reply: &[u8]) {
        self.out.extend_from_slice(reply);
    }

    /// An integer.
    #[inline]
    pub fn int(&mut self, n: i64) {
        self.header(b':', n);
    }

    /// A string of any bytes.
    #[inline]
    pub fn bulk(&mut self, bytes: &[u8]) {
        self.out.reserve(bytes.len() + 24);
        self.count(b'$', bytes.len());
        self.out.extend_from_slice(bytes);
        self.out.extend_from_slice(b"\r\n");
    }

    /// A number as a string.
    #[inline]
    pub fn bulk_int(&mut self, n: i64) {
        self.bulk(itoa::Buffer::new().format(n).as_bytes());
    }

    /// The absent value.
    #[inline]
    pub fn null(&mut self) {
        self.raw(if self.proto == Proto::Resp3 { b"_\r\n" } else { b"$-1\r\n" });
    }

    /// The absent array: timeouts of blocking commands, EXEC after a watched key changed.
    pub fn null_array(&mut self) {
        self.raw(if self.proto == Proto::Resp3 { b"_\r\n" } else { b"*-1\r\n" });
    }

    /// The head of an array; `n` replies must follow.
    #[inline]
    pub fn array(&mut self, n: usize) {
        self.count(b'*', n);
    }

    /// The head of a map; `n` pairs of replies must follow.
    pub fn map(&mut self, n: usize) {
        match self.proto {
            Proto::Resp2 => self.count(b'*', 2 * n),
            Proto::Resp3 => self.count(b'%', n),
        }
    }

    /// The head of a set; `n` replies must follow.
    pub fn set(&mut self, n: usize) {
        self.count(if self.proto == Proto::Resp3 { b'~' } else { b'*' }, n);
    }

    /// The head of a push message; `n` replies must follow.
    pub fn push(&mut self, n: usize) {
        self.count(if self.proto == Proto::Resp3 { b'>' } else { b'*' }, n);
    }

    /// The head of attributes of the reply after them; `n` pairs must follow, but only if this is true: RESP2 has none.
    pub fn attribute(&mut self, n: usize) -> bool {
        let known = self.proto == Proto::Resp3;
        if known {
            self.count(b'|', n);
        }
        known
    }

    /// A double.
    pub fn double(&mut self, value: f64) {
        match self.proto {
            Proto::Resp3 => {
                self.out.push(b',');
                format_f64(self.out, value);
                self.out.extend_from_slice(b"\r\n");
            }
            Proto::Resp2 => {
                let mark = self.out.len();
                format_f64(self.out, value);
                self.out.extend_from_slice(b"\r\n");
                let len = self.out.len() - mark - 2;
                self.insert_header(mark, b'$', len);
            }
        }
    }

    /// A truth value.
    pub fn bool(&mut self, value: bool) {
        self.raw(match (self.proto, value) {
            (Proto::Resp3, true) => b"#t\r\n",
            (Proto::Resp3, false) => b"#f\r\n",
            (Proto::Resp2, true) => b":1\r\n",
            (Proto::Resp2, false) => b":0\r\n",
        });
    }

    /// A number of any size, given as its digits.
    pub fn big_number(&mut self, digits: &str) {
        match self.proto {
            Proto::Resp2 => self.bulk(digits.as_bytes()),
            Proto::Resp3 => self.line(b'(', digits.as_bytes()),
        }
    }

    /// A text with a format of three letters, `txt` for plain.
    pub fn verbatim(&mut self, format: &str, text: &[u8]) {
        assert_eq!(format.len(), 3);
        match self.proto {
            Proto::Resp2 => self.bulk(text),
            Proto::Resp3 => {
                self.count(b'=', text.len() + 4);
                self.out.extend_from_slice(format.as_bytes());
                self.out.push(b':');
                self.out.extend_from_slice(text);
                self.out.extend_from_slice(b"\r\n");
            }
        }
    }

    /// Leaves the head of an array, map or set open until its size is known.
    pub fn array_later(&mut self) -> Mark {
        Mark(self.out.len())
    }

    /// Makes what was written since the mark an array of `n`.
    pub fn set_array_len(&mut self, mark: Mark, n: usize) {
        self.insert_header(mark.0, b'*', n);
    }

    /// Makes what was written since the mark a map of `n` pairs.
    pub fn set_map_len(&mut self, mark: Mark, n: usize) {
        match self.proto {
            Proto::Resp2 => self.insert_header(mark.0, b'*', 2 * n),
            Proto::Resp3 => self.insert_header(mark.0, b'%', n),
        }
    }

    /// Makes what was written since the mark a set of `n`.
    pub fn set_set_len(&mut self, mark: Mark, n: usize) {
        self.insert_header(mark.0, if self.proto == Proto::Resp3 { b'~' } else { b'*' }, n);
    }

    fn insert_header(&mut self, at: usize, kind: u8, n: usize) {
        let end = self.out.len();
        self.count(kind, n);
        let header = self.out.len() - end;
        self.out[at..].rotate_right(header);
    }

    #[inline]
    fn count(&mut self, kind: u8, n: usize) {
        match n {
            0..10 => self.out.extend_from_slice(&[kind, b'0' + n as u8, b'\r', b'\n']),
            10..100 => {
                let (tens, ones) = (n as u8 / 10, n as u8 % 10);
                self.out.extend_from_slice(&[kind, b'0' + tens, b'0' + ones, b'\r', b'\n']);
            }
            _ => self.header(kind, n as i64),
        }
    }

    #[inline]
    fn header(&mut self, kind: u8, n: i64) {
        // Most answers to writes are 0 or 1.
        if let Ok(digit @ 0..=9) = u8::try_from(n) {
            self.out.extend_from_slice(&[kind, b'0' + digit, b'\r', b'\n']);
            return;
        }
        self.out.reserve(24);
        self.out.push(kind);
        format_i64(self.out, n);
        self.out.extend_from_slice(b"\r\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(write: impl Fn(&mut Reply<'_>), resp2: &str, resp3: &str) {
        for (proto, expect) in [(Proto::Resp2, resp2), (Proto::Resp3, resp3)] {
            let mut out = b"before".to_vec();
            write(&mut Reply::new(&mut out, proto));
            assert_eq!(String::from_utf8_lossy(&out[6..]), expect, "{proto:?}");
        }
    }

    fn same(write: impl Fn(&mut Reply<'_>), expect: &str) {
        check(write, expect, expect);
    }

    #[test]
    fn both_shapes() {
        same(|r| r.ok(), "+OK\r\n");
        same(|r| r.simple("a\r\nb"), "+a  b\r\n");
        same(|r| r.int(i64::MIN), ":-9223372036854775808\r\n");
        same(|r| r.bulk(b""), "$0\r\n\r\n");
        same(|r| r.bulk(&[b'x'; 12]), "$12\r\nxxxxxxxxxxxx\r\n");
        same(|r| r.bulk_int(-7), "$2\r\n-7\r\n");
        same(|r| r.array(100), "*100\r\n");
        check(|r| r.null(), "$-1\r\n", "_\r\n");
        check(|r| r.null_array(), "*-1\r\n", "_\r\n");
        check(|r| r.map(2), "*4\r\n", "%2\r\n");
        check(|r| r.set(2), "*2\r\n", "~2\r\n");
        check(|r| r.push(2), "*2\r\n", ">2\r\n");
        check(|r| r.double(1.5), "$3\r\n1.5\r\n", ",1.5\r\n");
        check(|r| r.double(f64::NEG_INFINITY), "$4\r\n-inf\r\n", ",-inf\r\n");
        check(|r| r.bool(true), ":1\r\n", "#t\r\n");
        check(|r| r.bool(false), ":0\r\n", "#f\r\n");
        check(|r| r.big_number("123"), "$3\r\n123\r\n", "(123\r\n");
        check(|r| r.verbatim("txt", b"hello"), "$5\r\nhello\r\n", "=9\r\ntxt:hello\r\n");
        check(|r| assert_eq!(r.attribute(1), r.proto() == Proto::Resp3), "", "|1\r\n");
    }

    #[test]
    fn errors_stay_on_their_line() {
        same(|r| r.error("syntax error"), "-ERR syntax error\r\n");
        same(|r| r.error("-NOAUTH Authentication required."), "-NOAUTH Authentication required.\r\n");
        same(|r| r.error("unknown 'a\r\n+OK\r\n'\r\n"), "-ERR unknown 'a  +OK  '\r\n");
        same(|r| r.error("-\r\n"), "-\r\n");
        same(|r| r.error(""), "-ERR \r\n");
        let mut out = Vec::new();
        Reply::new(&mut out, Proto::Resp2).error_bytes(b"\xff\0");
        assert_eq!(out, b"-ERR \xff\0\r\n");
    }

    #[test]
    fn headers_set_later() {
        let write = |r: &mut Reply<'_>| {
            let outer = r.array_later();
            r.int(1);
            let map = r.array_later();
            r.bulk(b"k");
            r.int(2);
            r.set_map_len(map, 1);
            let set = r.array_later();
            r.set_set_len(set, 0);
            r.set_array_len(outer, 3);
            let before = r.len();
            r.ok();
            r.truncate(before);
        };
        check(
            write,
            "*3\r\n:1\r\n*2\r\n$1\r\nk\r\n:2\r\n*0\r\n",
            "*3\r\n:1\r\n%1\r\n$1\r\nk\r\n:2\r\n~0\r\n",
        );
    }
}
