//! The words that shapes are filled with: few, so that commands meet the same keys, members and values again and again.

use super::lua;
use crate::rng::Rng;

/// Keys of each family.
const KEYS: u64 = 3;
/// Members, fields and elements.
const MEMBERS: u64 = 12;

/// The letters of families, which begin their keys.
pub const FAMILIES: [(char, &str); 10] = [
    ('s', "string"),
    ('b', "bitmap"),
    ('p', "hyperloglog"),
    ('l', "list"),
    ('h', "hash"),
    ('e', "set"),
    ('z', "zset"),
    ('y', "lex"),
    ('g', "geo"),
    ('x', "stream"),
];

/// Times to come, long after the run: 2100 and later.
const FUTURE_S: u64 = 4_102_444_800;

/// Fills in one placeholder; `None` if the name is none. `letters`: families whose keys are in play.
pub fn fill(name: &str, letters: &[char], rng: &mut Rng) -> Option<Vec<u8>> {
    let mut chars = name.chars();
    if let (Some(letter), None) = (chars.next(), chars.next())
        && FAMILIES.iter().any(|(known, _)| *known == letter)
    {
        // Now and then a key of another type.
        let letter = if rng.one_in(25) { *rng.pick(letters) } else { letter };
        return Some(key(letter, rng));
    }
    Some(match name {
        "lua" => lua::program(false, rng),
        "plain-lua" => lua::program(true, rng),
        "k" => key(*rng.pick(letters), rng),
        "v" => value(rng),
        "m" => member(rng),
        "n" => rng.below(5).to_string().into(),
        "i" => integer(rng),
        "bit" => rng.pick(&["0", "1", "0", "1", "0", "1", "2", "x"]).as_bytes().to_vec(),
        "off" => offset(rng),
        "ty" => width(rng),
        "f" => float(rng),
        "sc" => score(rng),
        "ttl" => rng
            .pick(&["100", "1000", "100000", "100", "0", "-1", "x", "9223372036854775807"])
            .as_bytes()
            .to_vec(),
        "pttl" => {
            // None is a `ttl` in other units: GT and LT would compare times that are a moment apart.
            rng.pick(&["150000", "250000", "150000000", "0", "-5", "9223372036854775807"]).as_bytes().to_vec()
        }
        // Relative times that GT and LT compare: hardly ever the same one twice, as then a moment would decide.
        "later" => (300_001 + 7 * rng.below(10_000_000)).to_string().into(),
        "at" => (FUTURE_S + rng.below(3) * 1000).to_string().into(),
        "pat" => ((FUTURE_S + rng.below(3) * 1000) * 1000).to_string().into(),
        "id" => stream_id(rng),
        "lon" => coordinate(rng, 181),
        "lat" => coordinate(rng, 86),
        "r" => rng.pick(&["1", "100", "1000", "100000", "0", "-1", "3000.5", "x"]).as_bytes().to_vec(),
        "u" => rng.pick(&["m", "km", "mi", "ft", "M", "yd"]).as_bytes().to_vec(),
        "pat*" => {
            rng.pick(&["*", "a*", "?", "[a-f]*", "m1*", "h?", "*\\**", "[^a]", "\\"]).as_bytes().to_vec()
        }
        "zb" => bound(rng),
        "lex" => lex(rng),
        _ => return None,
    })
}

/// Whether a placeholder stands for a number.
pub fn is_number(name: &str) -> bool {
    const NUMBERS: [&str; 15] =
        ["n", "i", "bit", "off", "f", "sc", "ttl", "pttl", "at", "pat", "id", "lon", "lat", "r", "zb"];
    NUMBERS.contains(&name)
}

fn key(letter: char, rng: &mut Rng) -> Vec<u8> {
    format!("{letter}{}", rng.below(KEYS)).into_bytes()
}

/// A key that [`fill`] makes.
pub fn is_key(word: &[u8]) -> bool {
    let letter = |first: &u8| FAMILIES.iter().any(|(letter, _)| *letter == char::from(*first));
    word.len() == 2 && letter(&word[0]) && word[1].is_ascii_digit()
}

fn member(rng: &mut Rng) -> Vec<u8> {
    match rng.below(30) {
        0 => rng.below(1000).to_string().into(),
        1 => vec![b'L'; 60 + rng.below(10) as usize],
        2 => value(rng),
        3..8 => rng.below(10).to_string().into(),
        _ => format!("m{}", rng.below(MEMBERS)).into(),
    }
}

fn value(rng: &mut Rng) -> Vec<u8> {
    const SOME: [&[u8]; 22] = [
        b"",
        b"a",
        b"b",
        b"ab",
        b"foobar",
        b"\x00\xff\r\n",
        b"-",
        b" 1",
        b"1 ",
        b"+1",
        b"01",
        b"0",
        b"1",
        b"-1",
        b"10",
        b"3.5",
        b"1e3",
        b"inf",
        b"nan",
        b"9223372036854775807",
        b"-9223372036854775808",
        b"9223372036854775808",
    ];
    match rng.below(8) {
        0 => integer(rng),
        1 => float(rng),
        2 => (0..rng.below(80)).map(|_| rng.any() as u8).collect(),
        3 if rng.one_in(4) => vec![rng.any() as u8; rng.below(5000) as usize],
        _ => rng.pick(&SOME).to_vec(),
    }
}

fn integer(rng: &mut Rng) -> Vec<u8> {
    const EDGES: [i64; 12] = [
        i64::MAX,
        i64::MIN,
        i64::MAX - 1,
        i64::MIN + 1,
        i32::MAX as i64,
        i32::MIN as i64,
        1 << 31,
        1 << 32,
        255,
        256,
        100,
        -100,
    ];
    match rng.below(12) {
        0 => rng.pick(&EDGES).to_string().into(),
        1 => rng.pick(&["x", "", "1.0", "01", "+1", " 1", "99999999999999999999"]).as_bytes().to_vec(),
        _ => (rng.below(21) as i64 - 10).to_string().into(),
    }
}

/// Mostly near, so that strings stay short.
fn offset(rng: &mut Rng) -> Vec<u8> {
    match rng.below(20) {
        0 => integer(rng),
        1 => format!("#{}", rng.below(20)).into(),
        2 => rng.below(3000).to_string().into(),
        _ => rng.below(100).to_string().into(),
    }
}

fn width(rng: &mut Rng) -> Vec<u8> {
    let letter = if rng.one_in(2) { 'i' } else { 'u' };
    match rng.below(8) {
        0 => rng.pick(&["i64", "u63", "u64", "i65", "i0", "x8", "u"]).as_bytes().to_vec(),
        _ => format!("{letter}{}", 1 + rng.below(63)).into(),
    }
}

fn float(rng: &mut Rng) -> Vec<u8> {
    const EDGES: [&str; 18] = [
        "inf",
        "-inf",
        "nan",
        "+inf",
        "1e308",
        "-1e308",
        "1e-320",
        "0x10",
        "-0",
        "0.1",
        "1e17",
        "1.5",
        "3.0e2",
        " 1",
        "1 ",
        "",
        "1e400",
        "12345678901234567890",
    ];
    match rng.below(5) {
        0 => rng.pick(&EDGES).as_bytes().to_vec(),
        1 => (rng.below(100) as i64 - 50).to_string().into(),
        2 => format!("{:e}", f64::from_bits(rng.any() >> 12 | (1000 + rng.below(50)) << 52)).into(),
        _ => format!("{}", (rng.below(2000) as f64 - 1000.0) / *rng.pick(&[2.0, 8.0, 10.0, 100.0])).into(),
    }
}

fn score(rng: &mut Rng) -> Vec<u8> {
    match rng.below(4) {
        0 => float(rng),
        _ => rng.below(10).to_string().into(),
    }
}

/// A bound of a range by score.
fn bound(rng: &mut Rng) -> Vec<u8> {
    match rng.below(6) {
        0 => b"-inf".to_vec(),
        1 => b"+inf".to_vec(),
        2 => [b"(", &score(rng)[..]].concat(),
        _ => score(rng),
    }
}

/// A bound of a range by member.
fn lex(rng: &mut Rng) -> Vec<u8> {
    match rng.below(6) {
        0 => b"-".to_vec(),
        1 => b"+".to_vec(),
        2 => [b"(", &member(rng)[..]].concat(),
        3 if rng.one_in(5) => member(rng),
        _ => [b"[", &member(rng)[..]].concat(),
    }
}

fn stream_id(rng: &mut Rng) -> Vec<u8> {
    match rng.below(12) {
        0 => format!("{}-*", rng.below(12)).into(),
        1 => rng
            .pick(&["0", "-", "+", "x", "0-0", "18446744073709551615-18446744073709551615", "1-x"])
            .as_bytes()
            .to_vec(),
        2 => rng.below(12).to_string().into(),
        _ => format!("{}-{}", rng.below(12), rng.below(4)).into(),
    }
}

fn coordinate(rng: &mut Rng, bound: u64) -> Vec<u8> {
    match rng.below(30) {
        0 => rng.pick(&["200", "-181", "90", "x", "nan", "inf"]).as_bytes().to_vec(),
        1..8 => format!("{}.{:04}", rng.below(3) as i64 + 13, rng.below(10_000)).into(),
        _ => {
            let sign = if rng.one_in(2) { "-" } else { "" };
            format!("{sign}{}.{}", rng.below(bound), rng.below(1_000_000)).into()
        }
    }
}
