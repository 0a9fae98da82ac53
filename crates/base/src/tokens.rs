//! The tokenizer of inline requests, configuration lines and manifests, and the quoting that it reads back.

/// A quote was not closed, or something other than whitespace followed its closing quote.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("unbalanced quotes")]
pub struct Unbalanced;

/// Splits a line into arguments (spec `resp.md` §2). A NUL ends the line, as it ends a C string.
pub fn split_args(line: &[u8]) -> Result<Vec<Vec<u8>>, Unbalanced> {
    let line = &line[..line.iter().position(|b| *b == 0).unwrap_or(line.len())];
    let mut args = Vec::new();
    let mut i = 0;
    loop {
        while i < line.len() && is_space(line[i]) {
            i += 1;
        }
        if i == line.len() {
            return Ok(args);
        }
        let (arg, len) = token(&line[i..])?;
        args.push(arg);
        i += len;
    }
}

/// C's `isspace` in the C locale.
fn is_space(b: u8) -> bool {
    matches!(b, b' ' | b'\t'..=b'\r')
}

/// Reads one argument and how many bytes it took. A quoted part may follow a bare one and ends the argument.
fn token(text: &[u8]) -> Result<(Vec<u8>, usize), Unbalanced> {
    let mut arg = Vec::new();
    let mut i = 0;
    while let Some(b) = text.get(i) {
        match b {
            b' ' | b'\n' | b'\r' | b'\t' => break,
            b'"' | b'\'' => {
                i += 1 + quoted(&text[i + 1..], *b, &mut arg)?;
                return match text.get(i) {
                    Some(next) if !is_space(*next) => Err(Unbalanced),
                    _ => Ok((arg, i)),
                };
            }
            b => arg.push(*b),
        }
        i += 1;
    }
    Ok((arg, i))
}

/// Reads up to and with the closing `quote`; gives the length read.
fn quoted(text: &[u8], quote: u8, arg: &mut Vec<u8>) -> Result<usize, Unbalanced> {
    let mut i = 0;
    loop {
        match (&text[i..], quote) {
            ([], _) => return Err(Unbalanced),
            ([b'\\', b'x', high, low, ..], b'"') if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                arg.push(hex_digit(*high) << 4 | hex_digit(*low));
                i += 4;
            }
            ([b'\\', c, ..], b'"') => {
                arg.push(match c {
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'b' => 0x08,
                    b'a' => 0x07,
                    c => *c,
                });
                i += 2;
            }
            ([b'\\', b'\'', ..], b'\'') => {
                arg.push(b'\'');
                i += 2;
            }
            ([b, ..], _) if *b == quote => return Ok(i + 1),
            ([b, ..], _) => {
                arg.push(*b);
                i += 1;
            }
        }
    }
}

fn hex_digit(b: u8) -> u8 {
    match b {
        b'0'..=b'9' => b - b'0',
        b => (b | 0x20) - b'a' + 10,
    }
}

/// Quotes bytes for people and for [`split_args`] to read back (spec `resp.md` §9).
pub fn repr(bytes: &[u8]) -> Vec<u8> {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let mut out = Vec::with_capacity(bytes.len() + 2);
    out.push(b'"');
    for b in bytes {
        match b {
            b'\\' | b'"' => out.extend([b'\\', *b]),
            b'\n' => out.extend(b"\\n"),
            b'\r' => out.extend(b"\\r"),
            b'\t' => out.extend(b"\\t"),
            0x07 => out.extend(b"\\a"),
            0x08 => out.extend(b"\\b"),
            b' '..=b'~' => out.push(*b),
            b => out.extend([b'\\', b'x', HEX[usize::from(b >> 4)], HEX[usize::from(b & 15)]]),
        }
    }
    out.push(b'"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(line: &str, expect: &[&str]) {
        let args = split_args(line.as_bytes()).expect("balanced");
        let args: Vec<_> = args.iter().map(|a| String::from_utf8_lossy(a).into_owned()).collect();
        assert_eq!(args, expect, "{line:?}");
    }

    #[test]
    fn bare_and_quoted() {
        check("  set  k v \r\n", &["set", "k", "v"]);
        check("a \"b c\" 'd \"e'", &["a", "b c", "d \"e"]);
        check(r#""\x41\n\"\q" '\n\''"#, &["A\n\"q", "\\n'"]);
        check(r#""\x4""#, &["x4"]);
        check("ab\"c d\" e", &["abc d", "e"]);
        check("'' \"\"", &["", ""]);
        check("", &[]);
        check("\x0b \x0c", &[]);
        check("a\x0bb", &["a\x0bb"]);
        check("a\0b c", &["a"]);
    }

    #[test]
    fn unbalanced() {
        for line in ["\"a", "'a", "\"a\"b", "'a'b", "\"a\\\"", "\"\\", "a\"b\"c", "'a\0'"] {
            assert_eq!(split_args(line.as_bytes()), Err(Unbalanced), "{line:?}");
        }
    }

    #[test]
    fn quoting() {
        assert_eq!(repr(b"a\"\\\n\r\t\x07\x08\x00\xff~"), br#""a\"\\\n\r\t\a\b\x00\xff~""#);
    }

    proptest! {
        #[test]
        fn quoting_reads_back(args: Vec<Vec<u8>>) {
            let line: Vec<u8> = args.iter().flat_map(|a| [repr(a), b" ".to_vec()].concat()).collect();
            prop_assert_eq!(split_args(&line), Ok(args));
        }

        #[test]
        fn any_bytes_end(line: Vec<u8>) {
            let _ = split_args(&line);
        }
    }
}
