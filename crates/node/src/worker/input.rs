//! A connection's unread bytes. A buffer is lent by the worker's pool while there is something in it.

/// Size of a pooled buffer, in bytes.
pub const READ_BYTES: usize = 16 * 1024;
/// Free buffers a worker keeps.
const POOL_MAX: usize = 64;
/// A buffer grows by doubling up to this, then by this much, as data arrives.
const GROW_STEP_MAX: usize = 8 << 20;

/// Buffers free for use.
#[derive(Default)]
pub struct Pool {
    free: Vec<Vec<u8>>,
}

impl Pool {
    fn lend(&mut self) -> Vec<u8> {
        self.free.pop().unwrap_or_else(|| vec![0; READ_BYTES])
    }

    fn take_back(&mut self, buf: Vec<u8>) {
        if buf.len() == READ_BYTES && self.free.len() < POOL_MAX {
            self.free.push(buf);
        }
    }
}

/// Received bytes: `buf[start..end]`.
#[derive(Default)]
pub struct Input {
    buf: Vec<u8>,
    start: usize,
    end: usize,
}

impl Input {
    /// The bytes not consumed yet.
    pub fn bytes(&self) -> &[u8] {
        &self.buf[self.start..self.end]
    }

    /// The same, for the parser, which undoes quotes in place.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.buf[self.start..self.end]
    }

    /// Puts `with` in the place of the first `n` bytes.
    pub fn replace_front(&mut self, n: usize, with: &[u8]) {
        let rest = [with, &self.bytes()[n..]].concat();
        (self.start, self.end) = (0, rest.len());
        self.buf = rest;
    }

    /// How many they are.
    pub fn len(&self) -> usize {
        self.end - self.start
    }

    /// Room behind them.
    pub fn free(&self) -> usize {
        self.buf.len() - self.end
    }

    /// A place for the next read: at least `READ_BYTES / 2`, more if a large argument (`needed` bytes of it
    /// still to come) is being received; never more than what has arrived already on top of that.
    pub fn space(&mut self, pool: &mut Pool, needed: usize) -> &mut [u8] {
        if self.buf.is_empty() {
            self.buf = pool.lend();
        }
        if self.start > 0 && self.buf.len() - self.end < READ_BYTES / 2 {
            self.buf.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        let room = self.buf.len() - self.end;
        if room < READ_BYTES / 2 {
            let wanted = needed.clamp(READ_BYTES, GROW_STEP_MAX).min(self.buf.len().max(READ_BYTES));
            self.buf.resize(self.buf.len() + wanted, 0);
        }
        &mut self.buf[self.end..]
    }

    /// `n` bytes were read into the space.
    pub fn filled(&mut self, n: usize) {
        self.end += n;
        assert!(self.end <= self.buf.len(), "more was read than there was room for");
    }

    /// The first `n` bytes are done with.
    pub fn consume(&mut self, n: usize) {
        self.start += n;
        assert!(self.start <= self.end, "more was consumed than received");
    }

    /// Gives an empty buffer back, and returns whether there was nothing left.
    pub fn settle(&mut self, pool: &mut Pool) -> bool {
        if self.start < self.end {
            return false;
        }
        (self.start, self.end) = (0, 0);
        pool.take_back(std::mem::take(&mut self.buf));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(input: &mut Input, pool: &mut Pool, bytes: &[u8]) {
        input.space(pool, 0)[..bytes.len()].copy_from_slice(bytes);
        input.filled(bytes.len());
    }

    #[test]
    fn what_is_left_moves_to_the_front_when_room_runs_out() {
        let (mut input, mut pool) = (Input::default(), Pool::default());
        put(&mut input, &mut pool, &[b'a'; READ_BYTES / 2 + 10]);
        input.consume(READ_BYTES / 2);
        put(&mut input, &mut pool, b"xyz");
        assert_eq!(input.bytes(), b"aaaaaaaaaaxyz");
        input.consume(13);
        assert!(input.settle(&mut pool));
        assert_eq!(pool.free.len(), 1);
    }

    #[test]
    fn a_large_announcement_alone_costs_little() {
        let (mut input, mut pool) = (Input::default(), Pool::default());
        input.space(&mut pool, 500 << 20);
        put(&mut input, &mut pool, &[0; READ_BYTES]);
        input.space(&mut pool, 500 << 20);
        assert!(input.buf.len() <= 2 * READ_BYTES);
    }
}
