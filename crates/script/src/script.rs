//! Scripts as clients send them: code, its digest, and what its first line says.

use crate::library::Flags;
use base::tokens::split_args;
use sha1::{Digest, Sha1};

const SHEBANG: &[u8] = b"#!";
const ENGINE: &[u8] = b"#!lua";
const FLAGS: &[u8] = b"flags=";

/// Why a script is refused. Shown as Redis 7.0 words it, without `-ERR `.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ScriptError {
    /// The first line does not end.
    #[error("Invalid script shebang")]
    Unended,
    /// The first line has no words, or unbalanced quotes.
    #[error("Invalid engine in script shebang")]
    BadLine,
    /// Another language.
    #[error("Unexpected engine in script shebang: {0}")]
    Engine(String),
    /// Something else than flags.
    #[error("Unknown lua shebang option: {0}")]
    Option(String),
    /// A flag that does not exist.
    #[error("Unexpected flag in script shebang: {0}")]
    Flag(String),
    /// The code does not compile.
    #[error("Error compiling script (new function): {0}")]
    Compile(String),
}

/// A script, not yet compiled.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Script {
    /// SHA-1 of the body, 40 lower-case hexadecimal digits.
    pub sha: String,
    /// All that the client sent.
    pub body: Vec<u8>,
    /// What the first line allows; `None` if there is no such line, which Redis treats as a script of old.
    pub flags: Option<Flags>,
    /// Where the code begins: at the end of the first line, if that is a shebang.
    code_at: usize,
}

impl Script {
    /// Reads the first line and takes the digest.
    pub fn parse(body: &[u8]) -> Result<Script, ScriptError> {
        let (flags, code_at) = shebang(body)?;
        Ok(Script { sha: sha1_hex(body), body: body.to_vec(), flags, code_at })
    }

    /// What is compiled. The first line is empty instead of a shebang, so that line numbers are those of the whole.
    pub fn code(&self) -> &[u8] {
        &self.body[self.code_at..]
    }
}

/// The digest under which a script is cached, and what `redis.sha1hex` gives.
pub fn sha1_hex(bytes: &[u8]) -> String {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let digest = Sha1::digest(bytes);
    digest.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|digit| HEX[digit as usize] as char).collect()
}

fn shebang(body: &[u8]) -> Result<(Option<Flags>, usize), ScriptError> {
    if !body.starts_with(SHEBANG) {
        return Ok((None, 0));
    }
    let end = body.iter().position(|byte| *byte == b'\n').ok_or(ScriptError::Unended)?;
    let words = split_args(&body[..end]).map_err(|_| ScriptError::BadLine)?;
    let (engine, options) = words.split_first().ok_or(ScriptError::BadLine)?;
    if engine != ENGINE {
        return Err(ScriptError::Engine(lossy(engine)));
    }
    let mut flags = Flags::default();
    for option in options {
        let names = option.strip_prefix(FLAGS).ok_or_else(|| ScriptError::Option(lossy(option)))?;
        for name in names.split(|byte| *byte == b',').filter(|_| !names.is_empty()) {
            flags = flags.with(Flags::named(name).ok_or_else(|| ScriptError::Flag(lossy(name)))?);
        }
    }
    Ok((Some(flags), end))
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(body: &str, flags: Option<&[&str]>) {
        let script = Script::parse(body.as_bytes()).expect(body);
        let names = script.flags.map(|flags| flags.names().collect::<Vec<_>>());
        assert_eq!(names.as_deref(), flags, "{body:?}");
    }

    fn refused(body: &str, why: &str) {
        assert_eq!(Script::parse(body.as_bytes()).expect_err(body).to_string(), why, "{body:?}");
    }

    #[test]
    fn first_lines() {
        check("return 1", None);
        check("#", None);
        check("#!lua\nreturn 1", Some(&[]));
        check("#!lua flags=\nreturn 1", Some(&[]));
        check("#!lua\r\nreturn 1", Some(&[]));
        check("#!lua  flags=no-writes flags=allow-oom\n", Some(&["no-writes", "allow-oom"]));
        check("#!lua flags=\"no-writes,allow-stale\"\n", Some(&["no-writes", "allow-stale"]));
        refused("#!lua", "Invalid script shebang");
        refused("#!lua flags=nosuch\n", "Unexpected flag in script shebang: nosuch");
        refused("#!lua flags=no-writes,,allow-oom\n", "Unexpected flag in script shebang: ");
        refused("#!lua flags=No-Writes\n", "Unexpected flag in script shebang: No-Writes");
        refused("#!lua name=x\n", "Unknown lua shebang option: name=x");
        refused("#!python\n", "Unexpected engine in script shebang: #!python");
        refused("#!LUA\n", "Unexpected engine in script shebang: #!LUA");
        refused("#! lua\n", "Unexpected engine in script shebang: #!");
        refused("#!lua \"flags=no-writes\n", "Invalid engine in script shebang");
    }

    #[test]
    fn digests_and_lines() {
        let script = Script::parse(b"#!lua\nreturn 1").expect("fine");
        assert_eq!(script.code(), b"\nreturn 1");
        assert_eq!(sha1_hex(b""), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
        assert_eq!(sha1_hex(b"Pizza & Mandolino"), "74822d82031af7493c20eefa13bd07ec4fada82f");
    }
}
