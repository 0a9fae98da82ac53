//! Telling code from comments and literals in Rust text, well enough for the rules here.

/// What a byte of Rust text belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Code,
    Literal,
    Comment,
}

/// The text with everything but code blanked; lines stay where they were.
pub fn code_only(text: &str) -> String {
    only(Part::Code, text)
}

/// The text with everything but comments blanked; lines stay where they were.
pub fn comments_only(text: &str) -> String {
    only(Part::Comment, text)
}

fn only(wanted: Part, text: &str) -> String {
    let bytes = text.bytes().zip(classify(text.as_bytes()));
    let kept = bytes.map(|(b, part)| if part == wanted || b == b'\n' { b } else { b' ' });
    String::from_utf8_lossy(&kept.collect::<Vec<u8>>()).into_owned()
}

/// How many lines a file has before its test module. Tests come last.
pub fn lines_without_tests(text: &str) -> usize {
    let code = code_only(text);
    let end = code.lines().position(|line| line.trim_start().starts_with("#[cfg(test)]"));
    let has_module = |at: usize| {
        code.lines().skip(at + 1).find(|l| !l.trim().is_empty()).is_some_and(|l| l.contains("mod "))
    };
    match end {
        Some(at) if has_module(at) => at,
        _ => text.lines().count(),
    }
}

/// Whether `word` occurs in `text` as a whole word.
pub fn has_word(text: &str, word: &str) -> bool {
    let part_of_word = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word).any(|(at, _)| {
        !text[..at].chars().next_back().is_some_and(part_of_word)
            && !text[at + word.len()..].chars().next().is_some_and(part_of_word)
    })
}

fn classify(bytes: &[u8]) -> Vec<Part> {
    let mut parts = vec![Part::Code; bytes.len()];
    let mut at = 0;
    while at < bytes.len() {
        let rest = &bytes[at..];
        let (len, part) = if rest.starts_with(b"//") {
            (rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len()), Part::Comment)
        } else if rest.starts_with(b"/*") {
            (block_comment(rest), Part::Comment)
        } else if let Some(len) = raw_string(bytes, at) {
            (len, Part::Literal)
        } else if rest[0] == b'"' {
            (quoted(rest, b'"'), Part::Literal)
        } else if rest[0] == b'\'' && is_char(rest) {
            (quoted(rest, b'\''), Part::Literal)
        } else {
            (1, Part::Code)
        };
        parts[at..at + len].fill(part);
        at += len;
    }
    parts
}

fn block_comment(rest: &[u8]) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        if rest[at..].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    rest.len()
}

/// The length of a raw string (`r"…"`, `br#"…"#`) that starts at `at`.
fn raw_string(bytes: &[u8], at: usize) -> Option<usize> {
    let part_of_word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    if at > 0 && part_of_word(bytes[at - 1]) {
        return None;
    }
    let rest = &bytes[at..];
    let after =
        rest.strip_prefix(b"br").or_else(|| rest.strip_prefix(b"cr")).or_else(|| rest.strip_prefix(b"r"))?;
    let hashes = after.iter().take_while(|b| **b == b'#').count();
    if after.get(hashes) != Some(&b'"') {
        return None;
    }
    let body = rest.len() - after.len() + hashes + 1;
    let close: Vec<u8> = [b'"'].into_iter().chain(std::iter::repeat_n(b'#', hashes)).collect();
    let end = rest[body..].windows(close.len()).position(|w| w == close);
    Some(end.map_or(rest.len(), |end| body + end + close.len()))
}

fn quoted(rest: &[u8], quote: u8) -> usize {
    let mut at = 1;
    while at < rest.len() {
        match rest[at] {
            b'\\' => at += 2,
            b if b == quote => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

/// Tells a character literal from a lifetime.
fn is_char(rest: &[u8]) -> bool {
    match rest.get(1) {
        Some(b'\\') => true,
        Some(b) if b.is_ascii() => rest.get(2) == Some(&b'\''),
        Some(_) => rest.iter().skip(1).take(5).any(|b| *b == b'\''),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &str) {
        assert_eq!(code_only(text).split_whitespace().collect::<Vec<_>>().join(" "), expect, "{text}");
    }

    #[test]
    fn comments_and_literals_go() {
        check("let a = 1; // unsafe\nlet b;", "let a = 1; let b;");
        check("/* a /* b */ c */ x", "x");
        check(r##"f("unsafe \" {", r#"un"safe"#, b"x");"##, "f( , , b );");
        check("match c { '\"' => 1, '\\'' => 2 }", "match c { => 1, => 2 }");
        check("fn f<'a>(x: &'a str) {}", "fn f<'a>(x: &'a str) {}");
    }

    #[test]
    fn comments_are_kept_apart() {
        assert_eq!(comments_only("let a = \"// no\"; // yes").trim(), "// yes");
    }

    #[test]
    fn tests_do_not_count() {
        assert_eq!(lines_without_tests("a\nb\n#[cfg(test)]\nmod tests {\n}\n"), 2);
        assert_eq!(lines_without_tests("a\n#[cfg(test)]\nuse x;\nb\n"), 4);
    }

    #[test]
    fn words_are_whole() {
        assert!(has_word("x unsafe {", "unsafe"));
        assert!(!has_word("unsafe_code", "unsafe"));
    }
}
