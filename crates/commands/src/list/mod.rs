//! Commands on lists.

mod blocking;
mod edit;
mod look;
mod pop;
mod position;
mod push;
mod table;
mod transfer;

pub use table::ROWS;

use resp::Reply;
use store::StrRef;
use store::value::list::End;

use crate::args::{Refused, SYNTAX, is};

/// Replies an element.
#[inline]
fn element(out: &mut Reply<'_>, value: StrRef<'_>) {
    match value {
        StrRef::Bytes(bytes) => out.bulk(bytes),
        StrRef::Int(n) => out.bulk_int(n),
    }
}

/// `LEFT` or `RIGHT`.
fn end_of(arg: &[u8]) -> Result<End, Refused> {
    if is(arg, "left") {
        Ok(End::Left)
    } else if is(arg, "right") {
        Ok(End::Right)
    } else {
        Err(Refused(SYNTAX))
    }
}

/// The notification of a removal at an end.
fn popped_event(end: End) -> &'static str {
    match end {
        End::Left => "lpop",
        End::Right => "rpop",
    }
}

/// The notification of an addition at an end.
fn pushed_event(end: End) -> &'static str {
    match end {
        End::Left => "lpush",
        End::Right => "rpush",
    }
}

/// From an index that may count from the end to one from the left; `None` if there is no such element.
fn index_of(index: i64, len: usize) -> Option<usize> {
    let from_left = if index < 0 { index.checked_add_unsigned(len as u64)? } else { index };
    usize::try_from(from_left).ok().filter(|index| *index < len)
}

/// The elements from `start` to `stop`, both included, negative from the end: the first, and how many.
fn span_of(start: i64, stop: i64, len: usize) -> (usize, usize) {
    let len = len as i64;
    let start = if start < 0 { (start + len).max(0) } else { start };
    let stop = if stop < 0 { stop + len } else { stop.min(len - 1) };
    if start > stop { (0, 0) } else { (start as usize, (stop - start + 1) as usize) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans() {
        let check = |start, stop, expect| assert_eq!(span_of(start, stop, 5), expect, "{start} {stop}");
        check(0, -1, (0, 5));
        check(1, 2, (1, 2));
        check(-2, 100, (3, 2));
        check(-100, 0, (0, 1));
        check(i64::MIN, i64::MAX, (0, 5));
        check(3, 1, (0, 0));
        check(5, 9, (0, 0));
        check(0, -6, (0, 0));
        assert_eq!(span_of(0, -1, 0), (0, 0));
        assert_eq!((index_of(-5, 5), index_of(-6, 5), index_of(4, 5)), (Some(0), None, Some(4)));
        assert_eq!((index_of(i64::MIN, 5), index_of(i64::MAX, 5)), (None, None));
    }
}
