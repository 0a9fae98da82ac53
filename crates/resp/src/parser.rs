//! The request parser: multibulk and inline, at any chunking.

use crate::args::Span;
use crate::error::ProtocolError;
use base::bytes::find;
use base::num::parse_i64;
use base::tokens::split_args;

/// Bytes of a line (inline, `*n` or `$n`) before its end must have come.
const LINE_MAX: usize = 64 * 1024;
/// Arguments of a request.
const ARGS_MAX: i64 = i32::MAX as i64;
/// Arguments of a request from a client that nobody authenticated.
const UNAUTHENTICATED_ARGS_MAX: i64 = 10;
/// Bytes of an argument from a client that nobody authenticated.
const UNAUTHENTICATED_BULK_MAX: usize = 16 * 1024;
/// Spans that a parser keeps room for between requests.
const SPANS_KEPT: usize = 64;

/// What a connection may send.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of one argument (`proto-max-bulk-len`; the primary's link has none). 4 GiB at most count.
    pub bulk_max: usize,
    /// No user authenticated, and the default user needs to.
    pub unauthenticated: bool,
}

/// What a call to [`Parser::next`] found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Parsed {
    /// One request, of one argument or more.
    Request,
    /// An empty line or a request of no arguments: nothing to answer, call again.
    Empty,
    /// The buffer ends inside a request, or holds none.
    Incomplete,
}

/// The parsing state of one connection: where it stopped inside a request that has not arrived in full.
#[derive(Default, Debug)]
pub struct Parser {
    /// Arguments of the open request still to come, the current one included; 0 before its first line is read.
    args_left: u32,
    /// Where parsing goes on, from the start of the request.
    at: usize,
    /// Bytes from `at` on known not to end the line.
    scanned: usize,
    /// Length of the argument at `at`, once known.
    bulk: Option<usize>,
    /// The arguments so far, from the start of the request.
    spans: Vec<Span>,
    /// See [`Parser::needed`].
    needed: usize,
}

impl Parser {
    /// A parser between two requests.
    pub fn new() -> Parser {
        Parser::default()
    }

    /// Parses at most one request from `buf[*pos..]`. If it is all there, appends its spans (relative to `buf`) to
    /// `spans` and moves `*pos` past it. If not, `*pos` stays at its first byte: call again once more of it has
    /// come, with `*pos` still at that byte wherever the buffer has been moved to.
    ///
    /// `buf` is mutable for the quotes of inline requests, which are resolved in place; nothing else is written.
    /// After an error the connection is of no more use.
    #[inline]
    pub fn next(
        &mut self,
        buf: &mut [u8],
        pos: &mut usize,
        spans: &mut Vec<Span>,
        limits: &Limits,
    ) -> Result<Parsed, ProtocolError> {
        if self.at == 0 && !limits.unauthenticated {
            let before = spans.len();
            if let Some(end) = whole_request(buf, *pos, spans, limits.bulk_max) {
                *pos = end;
                self.scanned = 0;
                return Ok(Parsed::Request);
            }
            spans.truncate(before);
        }
        self.next_piece(buf, pos, spans, limits)
    }

    /// Bytes of a long argument that must still come: a hint to grow the buffer as they do, not before.
    pub fn needed(&self) -> usize {
        self.needed
    }

    /// Whether the buffer ended inside a request.
    pub fn is_inside(&self) -> bool {
        self.at > 0 || self.scanned > 0
    }

    fn next_piece(
        &mut self,
        buf: &mut [u8],
        pos: &mut usize,
        spans: &mut Vec<Span>,
        limits: &Limits,
    ) -> Result<Parsed, ProtocolError> {
        let start = *pos;
        self.needed = 0;
        let parsed = match buf.get(start) {
            None => return Ok(Parsed::Incomplete),
            Some(b'*') => self.multibulk(buf, start, limits)?,
            Some(_) => return self.inline(buf, pos, spans),
        };
        if parsed != Parsed::Incomplete {
            let shift = start as u32;
            spans.extend(self.spans.iter().map(|s| Span { start: s.start + shift, len: s.len }));
            *pos = start + self.at;
            self.reset();
        }
        Ok(parsed)
    }

    fn reset(&mut self) {
        (self.args_left, self.at, self.scanned, self.bulk) = (0, 0, 0, None);
        self.spans.clear();
        self.spans.shrink_to(SPANS_KEPT);
    }

    fn multibulk(&mut self, buf: &[u8], start: usize, limits: &Limits) -> Result<Parsed, ProtocolError> {
        let request = &buf[start..];
        if self.args_left == 0 {
            let Some(line) = self.line(request, ProtocolError::MultibulkLineTooBig)? else {
                return Ok(Parsed::Incomplete);
            };
            let count =
                parse_i64(&line[1..]).filter(|n| *n <= ARGS_MAX).ok_or(ProtocolError::MultibulkLength)?;
            if limits.unauthenticated && count > UNAUTHENTICATED_ARGS_MAX {
                return Err(ProtocolError::UnauthenticatedMultibulk);
            }
            if count <= 0 {
                return Ok(Parsed::Empty);
            }
            self.args_left = count as u32;
        }
        while self.args_left > 0 {
            if !self.argument(request, start, limits)? {
                return Ok(Parsed::Incomplete);
            }
        }
        Ok(Parsed::Request)
    }

    /// Reads one argument; false if it is not all there.
    fn argument(&mut self, request: &[u8], start: usize, limits: &Limits) -> Result<bool, ProtocolError> {
        let len = match self.bulk {
            Some(len) => len,
            None => {
                let line = self.line(request, ProtocolError::BulkLineTooBig);
                // The peers look at the first byte before they look at the line's end.
                let line = line.map_err(|error| match request[self.at] {
                    b if b != b'$' && error == ProtocolError::Crlf => ProtocolError::ExpectedBulk(b),
                    _ => error,
                });
                let Some(line) = line? else { return Ok(false) };
                let len = bulk_len(line, limits)?;
                // Spans count in 32 bits.
                if start + self.at + len + 2 > u32::MAX as usize {
                    return Err(ProtocolError::BulkLength);
                }
                self.bulk = Some(len);
                len
            }
        };
        let end = self.at + len;
        let Some(crlf) = request.get(end..end + 2) else {
            self.needed = end + 2 - request.len();
            return Ok(false);
        };
        if crlf != b"\r\n" {
            return Err(ProtocolError::Crlf);
        }
        self.spans.push(Span::new(self.at, len));
        self.at = end + 2;
        self.bulk = None;
        self.args_left -= 1;
        Ok(true)
    }

    /// Reads the line at `self.at` and moves past it; `None` if its end has not come.
    fn line<'r>(
        &mut self,
        request: &'r [u8],
        too_big: ProtocolError,
    ) -> Result<Option<&'r [u8]>, ProtocolError> {
        let rest = &request[self.at..];
        let window = &rest[..rest.len().min(LINE_MAX + 1)];
        let Some(found) = find(&window[self.scanned..], b'\r') else {
            self.scanned = window.len();
            return if window.len() > LINE_MAX { Err(too_big) } else { Ok(None) };
        };
        let len = self.scanned + found;
        match rest.get(len + 1) {
            None => {
                self.scanned = len;
                Ok(None)
            }
            Some(b'\n') => {
                self.scanned = 0;
                self.at += len + 2;
                Ok(Some(&rest[..len]))
            }
            Some(_) => Err(ProtocolError::Crlf),
        }
    }

    fn inline(
        &mut self,
        buf: &mut [u8],
        pos: &mut usize,
        spans: &mut Vec<Span>,
    ) -> Result<Parsed, ProtocolError> {
        let start = *pos;
        let window = &buf[start..buf.len().min(start + LINE_MAX + 1)];
        let Some(found) = find(&window[self.scanned..], b'\n') else {
            self.scanned = window.len();
            return if window.len() > LINE_MAX {
                Err(ProtocolError::InlineTooBig)
            } else {
                Ok(Parsed::Incomplete)
            };
        };
        let len = self.scanned + found;
        if start + len > u32::MAX as usize {
            return Err(ProtocolError::InlineTooBig);
        }
        self.scanned = 0;
        let before = spans.len();
        resolve_inline(&mut buf[start..start + len], start, spans)?;
        *pos = start + len + 1;
        Ok(if spans.len() > before { Parsed::Request } else { Parsed::Empty })
    }
}

fn bulk_len(line: &[u8], limits: &Limits) -> Result<usize, ProtocolError> {
    match line {
        [b'$', digits @ ..] => {
            let len = parse_i64(digits).and_then(|n| usize::try_from(n).ok());
            let len = len.filter(|n| *n <= limits.bulk_max).ok_or(ProtocolError::BulkLength)?;
            if limits.unauthenticated && len > UNAUTHENTICATED_BULK_MAX {
                return Err(ProtocolError::UnauthenticatedBulk);
            }
            Ok(len)
        }
        // An empty line: what was got is its end.
        other => Err(ProtocolError::ExpectedBulk(other.first().copied().unwrap_or(b'\r'))),
    }
}

/// Appends the spans of a line's arguments; `start` is the line's place in the buffer.
fn resolve_inline(line: &mut [u8], start: usize, spans: &mut Vec<Span>) -> Result<(), ProtocolError> {
    if line.iter().any(|b| matches!(b, b'"' | b'\'' | 0)) {
        let args = split_args(line).map_err(|_| ProtocolError::UnbalancedQuotes)?;
        let mut at = 0;
        // Quoting only ever takes more room than what it quotes.
        for arg in args {
            line[at..at + arg.len()].copy_from_slice(&arg);
            spans.push(Span::new(start + at, arg.len()));
            at += arg.len();
        }
        return Ok(());
    }
    let mut at = 0;
    while at < line.len() {
        if matches!(line[at], b' ' | b'\t'..=b'\r') {
            at += 1;
            continue;
        }
        let len = line[at..].iter().position(|b| matches!(b, b' ' | b'\n' | b'\r' | b'\t'));
        let len = len.unwrap_or(line.len() - at);
        spans.push(Span::new(start + at, len));
        at += len;
    }
    Ok(())
}

/// The common case, a well-formed multibulk request that is all there: its end. `None` says nothing but that the
/// other way must be taken; spans may have been appended.
#[inline]
fn whole_request(buf: &[u8], pos: usize, spans: &mut Vec<Span>, bulk_max: usize) -> Option<usize> {
    if *buf.get(pos)? != b'*' || buf.len() > u32::MAX as usize {
        return None;
    }
    let (count, mut at) = short_number(buf, pos + 1)?;
    if count == 0 {
        return None;
    }
    for _ in 0..count {
        if *buf.get(at)? != b'$' {
            return None;
        }
        let (len, start) = short_number(buf, at + 1)?;
        if len > bulk_max || buf.get(start + len..start + len + 2)? != b"\r\n" {
            return None;
        }
        spans.push(Span::new(start, len));
        at = start + len + 2;
    }
    Some(at)
}

/// A canonical number of up to nine digits and its CRLF, and where they end.
#[inline(always)]
fn short_number(buf: &[u8], at: usize) -> Option<(usize, usize)> {
    let digit = |b: u8| Some(usize::from(b.wrapping_sub(b'0'))).filter(|d| *d < 10);
    // No whole request ends within four bytes of a length's first digit.
    let head = buf.get(at..at + 4)?;
    let first = digit(head[0])?;
    if head[1] == b'\r' && head[2] == b'\n' {
        return Some((first, at + 3));
    }
    if first == 0 {
        return None;
    }
    let second = digit(head[1])?;
    if head[2] == b'\r' && head[3] == b'\n' {
        return Some((first * 10 + second, at + 4));
    }
    long_number(buf, at)
}

/// Three to nine digits, the first of which is known not to be zero.
fn long_number(buf: &[u8], at: usize) -> Option<(usize, usize)> {
    let mut n = 0;
    for (i, b) in buf[at..].iter().take(10).enumerate() {
        match b {
            b'0'..=b'9' => n = n * 10 + usize::from(b - b'0'),
            b'\r' => return (*buf.get(at + i + 1)? == b'\n').then_some((n, at + i + 2)),
            _ => return None,
        }
    }
    None
}
