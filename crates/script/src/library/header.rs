//! The first line of a library: `#!lua name=<library>`.

use super::LibraryError;
use base::tokens::split_args;

/// What begins the code of every library.
const MARK: &[u8] = b"#!";
const NAME: &[u8] = b"name=";

/// The only engine.
const ENGINE: &[u8] = b"lua";

/// The code of a library, with what its first line says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Header<'c> {
    /// The library's name.
    pub name: String,
    /// What is compiled. Its first line is empty, so that line numbers are those of the whole.
    pub body: &'c [u8],
}

impl<'c> Header<'c> {
    /// Reads the first line. The line must end, and a NUL ends the code before.
    pub fn parse(code: &'c [u8]) -> Result<Header<'c>, LibraryError> {
        if !code.starts_with(MARK) {
            return Err(LibraryError::NoHeader);
        }
        let end = code.iter().position(|byte| matches!(byte, b'\n' | 0));
        let end = end.filter(|at| code[*at] == b'\n').ok_or(LibraryError::BadHeader)?;
        let words = split_args(&code[..end]).map_err(|_| LibraryError::BadHeader)?;
        let (first, rest) = words.split_first().ok_or(LibraryError::BadHeader)?;
        let name = verified_name(name_of(rest)?)?;
        let engine = &first[MARK.len()..];
        if !engine.eq_ignore_ascii_case(ENGINE) {
            return Err(LibraryError::NoEngine(String::from_utf8_lossy(engine).into_owned()));
        }
        Ok(Header { name, body: &code[end..] })
    }
}

/// The name among the words behind the engine.
fn name_of(words: &[Vec<u8>]) -> Result<&[u8], LibraryError> {
    let mut found = None;
    for word in words {
        let is_name = word.get(..NAME.len()).is_some_and(|start| start.eq_ignore_ascii_case(NAME));
        if !is_name {
            return Err(LibraryError::UnknownMetadata(String::from_utf8_lossy(word).into_owned()));
        }
        if found.replace(&word[NAME.len()..]).is_some() {
            return Err(LibraryError::SeveralNames);
        }
    }
    found.ok_or(LibraryError::NoName)
}

/// A name of a library or function: letters, digits, underscores.
pub(super) fn verified_name(name: &[u8]) -> Result<String, LibraryError> {
    let fits = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    match std::str::from_utf8(name) {
        Ok(text) if !name.is_empty() && name.iter().all(fits) => Ok(text.to_owned()),
        _ => Err(LibraryError::BadName),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(code: &str, name: &str, body: &str) {
        assert_eq!(
            Header::parse(code.as_bytes()),
            Ok(Header { name: name.into(), body: body.as_bytes() }),
            "{code:?}"
        );
    }

    fn refused(code: &str, why: &str) {
        let error = Header::parse(code.as_bytes()).expect_err("refused");
        assert_eq!(error.to_string(), why, "{code:?}");
    }

    #[test]
    fn names_are_found() {
        check("#!lua name=a\nx", "a", "\nx");
        check("#!LUA  NAME=\"q1\"  \n", "q1", "\n");
        check("#!lua name=A_9\r\nx", "A_9", "\nx");
    }

    #[test]
    fn faults_are_named_as_redis_7_names_them() {
        let name = "Library names can only contain letters, numbers, or underscores(_) and must be at least one character \
             long";
        refused("", "Missing library metadata");
        refused("\n#!lua name=a\n", "Missing library metadata");
        refused("#!", "Invalid library metadata");
        refused("#!lua name=a", "Invalid library metadata");
        refused("#!lua name=a\0\n", "Invalid library metadata");
        refused("#!lua name=\"a\n", "Invalid library metadata");
        refused("#!\n", "Library name was not given");
        refused("#!lua\n", "Library name was not given");
        refused("#! name=a\n", "Engine '' not found");
        refused("#!js name=a\n", "Engine 'js' not found");
        refused("#!lua name=\n", name);
        refused("#!lua name=a-b\n", name);
        refused("#!lua name=a=b\n", name);
        refused("#!lua name=a name=b\n", "Invalid metadata value, name argument was given multiple times");
        refused("#!lua name=a foo=bar\n", "Invalid metadata value given: foo=bar");
        refused("#!lua name\n", "Invalid metadata value given: name");
    }
}
