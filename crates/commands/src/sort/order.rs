//! The order of elements.

use std::cmp::Ordering;

use base::num::parse_f64;
use store::{IntText, StrRef};

use super::elements::Elements;
use super::options::Options;
use super::pattern::{Lookup, Pattern};
use crate::args::Refused;
use crate::command::Cmd;

const NOT_NUMBERS: Refused = Refused("One or more scores can't be converted into double");

/// The elements that are wanted, in order, by their index.
pub(super) fn choose(
    cmd: &mut Cmd<'_, '_>,
    elements: &Elements,
    options: &Options<'_>,
) -> Result<Vec<u32>, Refused> {
    let mut lookup = Lookup::new(cmd.keys, cmd.effects, cmd.db);
    let order = if options.unsorted {
        elements.as_they_are()
    } else if options.alpha {
        by_text(&mut lookup, elements, options)
    } else {
        by_number(&mut lookup, elements, options)?
    };
    Ok(order[elements.wanted.clone()].to_vec())
}

/// By numbers; elements of the same one by their bytes.
fn by_number(
    lookup: &mut Lookup<'_, '_>,
    elements: &Elements,
    options: &Options<'_>,
) -> Result<Vec<u32>, Refused> {
    let by = options.by.unwrap_or(Pattern::Element);
    let mut sound = true;
    let mut numbered: Vec<(f64, u32)> = Vec::with_capacity(elements.len());
    for i in 0..elements.len() {
        lookup.value(&by, elements.get(i), |value| {
            let number = value.map_or(Some(0.0), number_of);
            sound &= number.is_some();
            numbered.push((number.unwrap_or(0.0), i as u32));
        });
    }
    if !sound {
        return Err(NOT_NUMBERS);
    }
    let compare = |(a, i): &(f64, u32), (b, j): &(f64, u32)| {
        let order = a.partial_cmp(b).unwrap_or(Ordering::Equal);
        order.then_with(|| compare(elements.get(*i as usize), elements.get(*j as usize)))
    };
    if options.descending {
        numbered.sort_by(|a, b| compare(b, a));
    } else {
        numbered.sort_by(compare);
    }
    Ok(numbered.into_iter().map(|(_, i)| i).collect())
}

/// By bytes; those that lead to nothing first.
fn by_text(lookup: &mut Lookup<'_, '_>, elements: &Elements, options: &Options<'_>) -> Vec<u32> {
    let mut order = elements.as_they_are();
    let mut weights: Vec<Option<Vec<u8>>> = Vec::new();
    if let Some(by) = &options.by {
        for i in 0..elements.len() {
            lookup.value(by, elements.get(i), |value| weights.push(value.map(StrRef::to_vec)));
        }
    }
    let compare = |i: u32, j: u32| {
        let (i, j) = (i as usize, j as usize);
        match options.by {
            Some(_) => weights[i].cmp(&weights[j]),
            None => compare(elements.get(i), elements.get(j)),
        }
    };
    if options.descending {
        order.sort_by(|i, j| compare(*j, *i));
    } else {
        order.sort_by(|i, j| compare(*i, *j));
    }
    order
}

/// The order of texts.
fn compare(a: StrRef<'_>, b: StrRef<'_>) -> Ordering {
    match (a, b) {
        (StrRef::Bytes(a), StrRef::Bytes(b)) => a.cmp(b),
        _ => a.text(&mut IntText::new()).cmp(b.text(&mut IntText::new())),
    }
}

/// What C's `strtod` makes of a text, up to its first NUL: leading space is passed over, and nothing is 0.
fn number_of(value: StrRef<'_>) -> Option<f64> {
    let text = match value {
        StrRef::Int(n) => return Some(n as f64),
        StrRef::Bytes(bytes) => bytes.split(|b| *b == 0).next().unwrap_or_default(),
    };
    if text.is_empty() {
        return Some(0.0);
    }
    let space = text.iter().take_while(|b| matches!(b, b' ' | b'\t'..=b'\r')).count();
    parse_f64(&text[space..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        let check = |text: &[u8], expect| assert_eq!(number_of(StrRef::Bytes(text)), expect, "{text:?}");
        check(b"", Some(0.0));
        check(b"1.5", Some(1.5));
        check(b" \t\x0B7", Some(7.0));
        check(b"-inf", Some(f64::NEG_INFINITY));
        check(b"0x10", Some(16.0));
        check(b"1\0x", Some(1.0));
        check(b"\0x", Some(0.0));
        check(b"7 ", None);
        check(b" ", None);
        check(b"nan", None);
        check(b"1e400", None);
        check(b"x", None);
    }
}
