//! JSON text to tokens.

use crate::libs::number::parse_prefix;

/// A piece of JSON. The text of a string is in the lexer.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Token {
    ObjectBegin,
    ObjectEnd,
    ArrayBegin,
    ArrayEnd,
    Text,
    Number(f64),
    Boolean(bool),
    Null,
    Colon,
    Comma,
    End,
    /// Nothing of these: what is wrong with it.
    Bad(&'static str),
}

impl Token {
    /// As errors name it.
    pub fn name(self) -> &'static str {
        match self {
            Token::ObjectBegin => "T_OBJ_BEGIN",
            Token::ObjectEnd => "T_OBJ_END",
            Token::ArrayBegin => "T_ARR_BEGIN",
            Token::ArrayEnd => "T_ARR_END",
            Token::Text => "T_STRING",
            Token::Number(_) => "T_NUMBER",
            Token::Boolean(_) => "T_BOOLEAN",
            Token::Null => "T_NULL",
            Token::Colon => "T_COLON",
            Token::Comma => "T_COMMA",
            Token::End => "T_END",
            Token::Bad(why) => why,
        }
    }
}

/// Takes text apart.
pub(super) struct Lexer<'a> {
    text: &'a [u8],
    at: usize,
    /// Where the last token, or what is wrong with it, begins.
    start: usize,
    string: Vec<u8>,
    /// Whether numbers that JSON has not are read.
    loosely: bool,
}

impl<'a> Lexer<'a> {
    pub fn new(text: &'a [u8], loosely: bool) -> Lexer<'a> {
        Lexer { text, at: 0, start: 0, string: Vec::new(), loosely }
    }

    /// The position of the last token, counted from 1.
    pub fn character(&self) -> usize {
        self.start + 1
    }

    /// Bytes read so far.
    pub fn at(&self) -> usize {
        self.at
    }

    /// The text of the last `Token::Text`.
    pub fn string(&self) -> &[u8] {
        &self.string
    }

    /// The next one. A NUL byte ends the text, as in C.
    pub fn next(&mut self) -> Token {
        let rest = &self.text[self.at..];
        let spaces = rest.iter().take_while(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r')).count();
        self.at += spaces;
        self.start = self.at;
        let rest = &self.text[self.at..];
        let simple = |token| (token, 1);
        let (token, len) = match rest {
            [] | [0, ..] => (Token::End, 0),
            [b'{', ..] => simple(Token::ObjectBegin),
            [b'}', ..] => simple(Token::ObjectEnd),
            [b'[', ..] => simple(Token::ArrayBegin),
            [b']', ..] => simple(Token::ArrayEnd),
            [b',', ..] => simple(Token::Comma),
            [b':', ..] => simple(Token::Colon),
            [b'"', ..] => return self.read_string(),
            [b't', b'r', b'u', b'e', ..] => (Token::Boolean(true), 4),
            [b'f', b'a', b'l', b's', b'e', ..] => (Token::Boolean(false), 5),
            [b'n', b'u', b'l', b'l', ..] => (Token::Null, 4),
            [b'0'..=b'9' | b'-', ..] => number(rest, self.loosely),
            [b'+', ..] if self.loosely => number(rest, true),
            [b'i' | b'I' | b'n' | b'N', ..] if self.loosely && parse_prefix(rest).is_some() => {
                number(rest, true)
            }
            _ => (Token::Bad("invalid token"), 0),
        };
        self.at += len;
        token
    }

    fn read_string(&mut self) -> Token {
        self.string.clear();
        self.at += 1;
        loop {
            let rest = &self.text[self.at..];
            let plain = rest.iter().position(|b| matches!(b, b'"' | b'\\' | 0)).unwrap_or(rest.len());
            self.string.extend_from_slice(&rest[..plain]);
            self.at += plain;
            let escaped = match &rest[plain..] {
                [b'"', ..] => {
                    self.at += 1;
                    return Token::Text;
                }
                [b'\\', b'u', ..] => match unicode(&rest[plain..]) {
                    Some((c, len)) => {
                        self.string.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                        self.at += len;
                        continue;
                    }
                    None => return self.bad("invalid unicode escape code"),
                },
                [b'\\', escaped, ..] => unescape(*escaped),
                [b'\\'] => None,
                _ => return self.bad("unexpected end of string"),
            };
            match escaped {
                Some(b) => self.string.push(b),
                None => return self.bad("invalid escape code"),
            }
            self.at += 2;
        }
    }

    fn bad(&mut self, why: &'static str) -> Token {
        self.start = self.at;
        Token::Bad(why)
    }
}

fn unescape(b: u8) -> Option<u8> {
    Some(match b {
        b'"' | b'\\' | b'/' => b,
        b'b' => 8,
        b't' => b'\t',
        b'n' => b'\n',
        b'f' => 12,
        b'r' => b'\r',
        _ => return None,
    })
}

/// The character of `\uXXXX`, or of two that are a surrogate pair, and the length of that.
fn unicode(text: &[u8]) -> Option<(char, usize)> {
    let high = code_unit(text)?;
    if let Some(c) = char::from_u32(high) {
        return Some((c, 6));
    }
    let low = code_unit(text.get(6..)?)?;
    if high >= 0xdc00 || !(0xdc00..0xe000).contains(&low) {
        return None;
    }
    char::from_u32(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00)).map(|c| (c, 12))
}

fn code_unit(text: &[u8]) -> Option<u32> {
    let digits = text.strip_prefix(b"\\u")?.get(..4)?;
    digits.iter().try_fold(0, |code, b| Some(code << 4 | char::from(*b).to_digit(16)?))
}

fn number(text: &[u8], loosely: bool) -> (Token, usize) {
    let unsigned = text.strip_prefix(b"-").unwrap_or(text);
    let is_odd = match unsigned {
        [b'0', b'x' | b'X' | b'0'..=b'9', ..] => true,
        // Whatever sorts before letters, as in Lua-CJSON.
        [first, ..] => *first > b'9',
        [] => true,
    };
    match parse_prefix(text) {
        Some((n, len)) if loosely || !is_odd => (Token::Number(n), len),
        _ => (Token::Bad("invalid number"), 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &[Token]) {
        let mut lexer = Lexer::new(text.as_bytes(), true);
        let tokens: Vec<Token> = expect.iter().map(|_| lexer.next()).collect();
        assert_eq!(tokens, expect, "{text:?}");
    }

    #[test]
    fn text_is_taken_apart() {
        check(
            "{}[],:",
            &[
                Token::ObjectBegin,
                Token::ObjectEnd,
                Token::ArrayBegin,
                Token::ArrayEnd,
                Token::Comma,
                Token::Colon,
                Token::End,
                Token::End,
            ],
        );
        check(" 1\t-2.5\nnull", &[Token::Number(1.0), Token::Number(-2.5), Token::Null, Token::End]);
        check("true,\0false", &[Token::Boolean(true), Token::Comma, Token::End]);
        check("\"a\" x", &[Token::Text, Token::Bad("invalid token"), Token::Bad("invalid token")]);
    }

    fn check_string(text: &[u8], expect: Result<&[u8], usize>) {
        let mut lexer = Lexer::new(text, true);
        match lexer.next() {
            Token::Text => assert_eq!(Ok(lexer.string()), expect),
            _ => assert_eq!(Err(lexer.character()), expect),
        }
    }

    #[test]
    fn strings_are_unescaped() {
        check_string(br#""a\/\n\"""#, Ok(b"a/\n\""));
        check_string(br#""\u00e9\ud83d\ude00""#, Ok("\u{e9}\u{1f600}".as_bytes()));
        check_string(b"\"\xff\x01\"", Ok(b"\xff\x01"));
        check_string(br#""ab\ud83d""#, Err(4));
        check_string(br#""ab\q""#, Err(4));
        check_string(b"\"ab", Err(4));
        check_string(b"\"a\0b\"", Err(3));
    }
}
