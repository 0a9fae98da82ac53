//! The arguments of one request.

use std::ops::Index;

/// Where an argument lies in its buffer, in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Span {
    /// Offset of the first byte.
    pub start: u32,
    /// Number of bytes.
    pub len: u32,
}

impl Span {
    /// Offsets past 4 GiB are the caller's mistake: the parser refuses requests that need them.
    #[inline]
    pub(crate) fn new(start: usize, len: usize) -> Span {
        debug_assert!(start + len <= u32::MAX as usize);
        Span { start: start as u32, len: len as u32 }
    }

    #[inline]
    fn of(self, buf: &[u8]) -> &[u8] {
        &buf[self.start as usize..][..self.len as usize]
    }
}

/// One request's arguments, the command's name first, borrowed from a connection's buffer or an [`OwnedRequest`].
#[derive(Clone, Copy)]
pub struct Args<'a> {
    buf: &'a [u8],
    spans: &'a [Span],
}

impl<'a> Args<'a> {
    /// The spans must lie in `buf`.
    #[inline]
    pub fn new(buf: &'a [u8], spans: &'a [Span]) -> Args<'a> {
        Args { buf, spans }
    }

    /// Number of arguments, the command's name included.
    #[inline]
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether there is no argument at all.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// The argument at `i`, if there is one.
    #[inline]
    pub fn get(&self, i: usize) -> Option<&'a [u8]> {
        self.spans.get(i).map(|span| span.of(self.buf))
    }

    /// The argument at `i`; panics if there is none, so only after the arity was checked.
    #[inline]
    pub fn at(&self, i: usize) -> &'a [u8] {
        self.spans[i].of(self.buf)
    }

    /// The arguments in order.
    #[inline]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &'a [u8]> + DoubleEndedIterator + Clone + use<'a> {
        let buf = self.buf;
        self.spans.iter().map(move |span| span.of(buf))
    }

    /// The first `n` arguments and the others; panics if there are fewer.
    pub fn split_at(&self, n: usize) -> (Args<'a>, Args<'a>) {
        let (first, others) = self.spans.split_at(n);
        (Args { buf: self.buf, spans: first }, Args { buf: self.buf, spans: others })
    }

    /// The arguments from `from` on; none if there are not that many.
    #[inline]
    pub fn sub(&self, from: usize) -> Args<'a> {
        Args { buf: self.buf, spans: self.spans.get(from..).unwrap_or_default() }
    }
}

impl Index<usize> for Args<'_> {
    type Output = [u8];

    #[inline]
    fn index(&self, i: usize) -> &[u8] {
        self.at(i)
    }
}

impl std::fmt::Debug for Args<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.iter().map(|a| String::from_utf8_lossy(a).into_owned())).finish()
    }
}

/// A request that outlives the buffer it came in: queued by MULTI, or parked.
#[derive(Clone, PartialEq, Eq)]
pub struct OwnedRequest {
    bytes: Box<[u8]>,
    spans: Box<[Span]>,
}

impl OwnedRequest {
    /// Copies the arguments out of their buffer.
    pub fn from_args(args: Args<'_>) -> OwnedRequest {
        OwnedRequest::from_parts(args.iter())
    }

    /// Builds a request out of arguments; together they must stay below 4 GiB.
    pub fn from_parts<'p>(parts: impl ExactSizeIterator<Item = &'p [u8]> + Clone) -> OwnedRequest {
        let total: usize = parts.clone().map(<[u8]>::len).sum();
        assert!(u32::try_from(total).is_ok(), "a request below 4 GiB");
        let mut bytes = Vec::with_capacity(total);
        let mut spans = Vec::with_capacity(parts.len());
        for part in parts {
            spans.push(Span::new(bytes.len(), part.len()));
            bytes.extend_from_slice(part);
        }
        OwnedRequest { bytes: bytes.into_boxed_slice(), spans: spans.into_boxed_slice() }
    }

    /// The arguments.
    pub fn as_args(&self) -> Args<'_> {
        Args::new(&self.bytes, &self.spans)
    }

    /// Bytes of heap that the request holds.
    pub fn memory(&self) -> usize {
        self.bytes.len() + std::mem::size_of_val(&*self.spans)
    }
}

/// A request that is built again and again in the same memory.
#[derive(Default)]
pub struct RequestBuf {
    bytes: Vec<u8>,
    spans: Vec<Span>,
}

impl RequestBuf {
    /// Makes it this request. False, and nothing in it, if the arguments together have 4 GiB or more.
    pub fn fill(&mut self, args: Args<'_>) -> bool {
        self.bytes.clear();
        self.spans.clear();
        let total: usize = args.iter().map(<[u8]>::len).sum();
        if u32::try_from(total).is_err() {
            return false;
        }
        for part in args.iter() {
            self.spans.push(Span::new(self.bytes.len(), part.len()));
            self.bytes.extend_from_slice(part);
        }
        true
    }

    /// The arguments.
    pub fn as_args(&self) -> Args<'_> {
        Args::new(&self.bytes, &self.spans)
    }

    /// Gives memory beyond this many bytes of arguments back.
    pub fn shrink(&mut self, most: usize) {
        if self.bytes.capacity() > most {
            *self = RequestBuf::default();
        }
    }
}

impl std::fmt::Debug for OwnedRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.as_args().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn views_and_copies() {
        let request = OwnedRequest::from_parts([&b"SET"[..], b"", b"v\0w"].into_iter());
        let args = request.as_args();
        assert_eq!((args.len(), &args[0], args.get(3)), (3, &b"SET"[..], None));
        assert_eq!(args.sub(1).iter().collect::<Vec<_>>(), [&b""[..], b"v\0w"]);
        assert!(args.sub(3).is_empty() && args.sub(9).is_empty());
        assert_eq!(OwnedRequest::from_args(args.sub(2)).as_args().at(0), b"v\0w");
        let mut buf = RequestBuf::default();
        assert!(buf.fill(args.sub(1)) && buf.fill(args));
        assert_eq!(buf.as_args().iter().collect::<Vec<_>>(), [&b"SET"[..], b"", b"v\0w"]);
        let (first, others) = args.split_at(1);
        assert_eq!((first.at(0), others.len(), others.at(1)), (&b"SET"[..], 2, &b"v\0w"[..]));
    }
}
