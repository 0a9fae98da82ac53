//! The arguments of MIGRATE.

use commands::KeyRef;
use commands::spec::{KeyFlag, KeyFlags};
use resp::Args;
use std::time::Duration;

const TIMEOUT_DEFAULT: Duration = Duration::from_secs(1);
/// What a socket can be told to wait.
const TIMEOUT_MS_MAX: u64 = i32::MAX as u64;
const SYNTAX: &str = "syntax error";
const NOT_AN_INTEGER: &str = "value is not an integer or out of range";
const KEY_AND_KEYS: &str = "When using MIGRATE KEYS option, the key argument must be set to the empty string";

/// Where options begin, and where the only key stands.
const OPTIONS_AT: usize = 6;
const KEY_AT: usize = 3;

const TAKEN: KeyFlags = KeyFlags::of(&[KeyFlag::RW, KeyFlag::Access, KeyFlag::Delete]);

/// What a client asks for.
#[derive(Debug)]
pub struct Wish<'a> {
    pub host: String,
    pub port: u16,
    pub db: i64,
    pub timeout: Duration,
    pub copy: bool,
    pub replace: bool,
    /// Arguments of AUTH.
    pub auth: Vec<Vec<u8>>,
    pub keys: Vec<&'a [u8]>,
}

impl<'a> Wish<'a> {
    pub fn parse(args: Args<'a>) -> Result<Wish<'a>, String> {
        let integer = |at: usize| base::num::parse_i64(args.at(at)).ok_or(NOT_AN_INTEGER);
        let mut wish = Wish {
            host: String::from_utf8_lossy(args.at(1)).into_owned(),
            port: 0,
            db: 0,
            timeout: TIMEOUT_DEFAULT,
            copy: false,
            replace: false,
            auth: Vec::new(),
            keys: vec![args.at(KEY_AT)],
        };
        wish.options(args)?;
        let (timeout, db) = (integer(5)?, integer(4)?);
        if let Ok(ms @ 1..) = u64::try_from(timeout) {
            wish.timeout = Duration::from_millis(ms.min(TIMEOUT_MS_MAX));
        }
        wish.db = db;
        // As for the reference, a port that there is not cannot be connected to.
        wish.port = base::num::parse_i64(args.at(2)).and_then(|port| port.try_into().ok()).unwrap_or(0);
        Ok(wish)
    }

    fn options(&mut self, args: Args<'a>) -> Result<(), String> {
        let mut at = OPTIONS_AT;
        while at < args.len() {
            let word = args.at(at).to_ascii_lowercase();
            let follow = args.len() - at - 1;
            match word.as_slice() {
                b"copy" => self.copy = true,
                b"replace" => self.replace = true,
                b"auth" if follow >= 1 => {
                    self.auth = vec![args.at(at + 1).to_vec()];
                    at += 1;
                }
                b"auth2" if follow >= 2 => {
                    self.auth = vec![args.at(at + 1).to_vec(), args.at(at + 2).to_vec()];
                    at += 2;
                }
                b"keys" if !args.at(KEY_AT).is_empty() => return Err(KEY_AND_KEYS.into()),
                b"keys" => {
                    self.keys = args.sub(at + 1).iter().collect();
                    return Ok(());
                }
                _ => return Err(SYNTAX.into()),
            }
            at += 1;
        }
        Ok(())
    }
}

/// The key, or what follows the option KEYS; passwords are skipped.
pub fn keys(args: Args<'_>, found: &mut Vec<KeyRef>) -> bool {
    let (mut first, mut last) = (KEY_AT, KEY_AT);
    let mut at = OPTIONS_AT;
    while at < args.len() {
        let word = args.at(at);
        if word.eq_ignore_ascii_case(b"keys") {
            if args.at(KEY_AT).is_empty() {
                (first, last) = (at + 1, args.len() - 1);
            }
            break;
        }
        at += match () {
            () if word.eq_ignore_ascii_case(b"auth") => 2,
            () if word.eq_ignore_ascii_case(b"auth2") => 3,
            () => 1,
        };
    }
    found.extend((first..=last).map(|index| KeyRef { index: index as u32, flags: TAKEN }));
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use resp::OwnedRequest;

    fn with<T>(line: &str, look: impl FnOnce(Args<'_>) -> T) -> T {
        let words: Vec<&[u8]> =
            line.split(' ').map(|word| if word == "''" { "" } else { word }.as_bytes()).collect();
        look(OwnedRequest::from_parts(words.into_iter()).as_args())
    }

    #[test]
    fn keys_are_found_behind_options() {
        let check = |line: &str, expect: &[u32]| {
            let mut found = Vec::new();
            assert!(with(line, |args| keys(args, &mut found)));
            assert_eq!(found.iter().map(|key| key.index).collect::<Vec<_>>(), expect, "{line}");
        };
        check("migrate h 1 k 0 10", &[3]);
        check("migrate h 1 '' 0 10 copy keys a b", &[8, 9]);
        check("migrate h 1 '' 0 10 auth keys keys a", &[9]);
        check("migrate h 1 '' 0 10 auth2 keys keys keys a", &[10]);
        check("migrate h 1 k 0 10 keys a", &[3]);
        check("migrate h 1 '' 0 10 keys", &[]);
    }

    #[test]
    fn arguments() {
        let refused = |line: &str, why: &str| {
            assert_eq!(with(line, |args| Wish::parse(args).err()).as_deref(), Some(why), "{line}");
        };
        refused("migrate h 1 k 0 10 copy now", SYNTAX);
        refused("migrate h 1 k 0 10 auth", SYNTAX);
        refused("migrate h 1 k 0 10 auth2 a", SYNTAX);
        refused("migrate h 1 k 0 10 keys a", KEY_AND_KEYS);
        refused("migrate h 1 k x 10", NOT_AN_INTEGER);
        refused("migrate h 1 k 0 x", NOT_AN_INTEGER);
        with("migrate host 7000 '' 3 0 copy replace auth2 u p keys a b", |args| {
            let wish = Wish::parse(args).expect("fine");
            assert_eq!((wish.host.as_str(), wish.port, wish.db), ("host", 7000, 3));
            assert!(wish.copy && wish.replace && wish.timeout == TIMEOUT_DEFAULT);
            assert_eq!(wish.auth, [b"u", b"p"]);
            assert_eq!(wish.keys, [b"a", b"b"]);
        });
        with("migrate host 7000 k 0 9223372036854775807", |args| {
            assert_eq!(Wish::parse(args).expect("fine").timeout, Duration::from_millis(TIMEOUT_MS_MAX));
        });
        with("migrate host 99999 k 0 20", |args| assert_eq!(Wish::parse(args).expect("fine").port, 0));
    }
}
