//! The small decoders of `base`: numbers, words, patterns, names.

use base::num::{
    LongDouble, format_f64, format_i64, format_u64, parse_f64, parse_i64, parse_memory, parse_u64,
};
use base::tokens::{repr, split_args};
use base::{NodeId, Slot, glob};

use crate::parts;

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let inputs: [&[u8]; 12] = [
        b"-9223372036854775808",
        b"18446744073709551615",
        b"1.7976931348623157e308",
        b"-inf",
        b"0x1.8p3",
        b"4294967296gb",
        b"set \"a\\x41\\n\" 'b\\'' c",
        b"a*b?[^c-e]\\*\0axbydx",
        b"a*a*a*a*b\0aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        b"[[[[[[[[[[[[[[[[[[\0[",
        b"0123456789abcdefghijklmnopqrstuvwxyz0000",
        b"{user1000}.following",
    ];
    inputs.iter().map(|input| input.to_vec()).collect()
}

pub(crate) fn run(input: &[u8]) {
    let [text, subject] = parts(input);
    integers(text);
    floats(text);
    let _ = parse_memory(text);
    words(input);
    for ignore_case in [false, true] {
        glob::matches(text, subject, ignore_case);
        // As in Redis, no pattern but the empty one matches the empty text.
        assert_eq!(glob::matches(b"*", input, ignore_case), !input.is_empty());
    }
    if let Some(id) = NodeId::parse(text) {
        assert_eq!(NodeId::parse(id.as_str().as_bytes()), Some(id));
    }
    let _ = Slot::of_key(input);
}

/// Only what would be printed is read.
fn integers(text: &[u8]) {
    let mut out = Vec::new();
    if let Some(n) = parse_i64(text) {
        format_i64(&mut out, n);
        assert_eq!(out, text);
        assert_eq!(std::str::from_utf8(text).ok().and_then(|t| t.parse().ok()), Some(n));
    }
    out.clear();
    if let Some(n) = parse_u64(text) {
        format_u64(&mut out, n);
        assert_eq!(out, text);
    }
}

/// What is printed reads back as the same number.
fn floats(text: &[u8]) {
    if let Some(n) = parse_f64(text) {
        let mut out = Vec::new();
        format_f64(&mut out, n);
        let again = parse_f64(&out).unwrap_or_else(|| panic!("{} reads back", out.escape_ascii()));
        assert!(again == n || again.is_nan() && n.is_nan(), "{n} became {again}");
    }
    if let Some(n) = LongDouble::parse(text) {
        let mut out = Vec::new();
        n.format_human(&mut out);
        let sum = n.add(LongDouble::from_i64(-1)).add(n);
        out.clear();
        sum.format_human(&mut out);
    }
}

fn words(line: &[u8]) {
    if let Ok(words) = split_args(line) {
        let quoted: Vec<u8> = words.iter().flat_map(|word| [repr(word), b" ".to_vec()].concat()).collect();
        assert_eq!(split_args(&quoted), Ok(words));
    }
    assert_eq!(split_args(&repr(line)), Ok(vec![line.to_vec()]));
}
