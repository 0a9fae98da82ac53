//! `user` lines. Redis writes one for the default user into every file that it rewrites; it must be read back.

use sha2::{Digest, Sha256};

use super::settings::Settings;
use super::value::Value;

/// SHA-256 of a password.
pub(super) type PasswordHash = [u8; 32];

/// Reads `default <rules…>` when the rules leave the user all rights; gives the hashes of its passwords.
pub(super) fn default_user(args: &[Vec<u8>]) -> Result<Vec<PasswordHash>, String> {
    let (name, rules) = match args {
        [name, rules @ ..] => (name, rules),
        [] => return Err("Bad directive or wrong number of arguments".to_owned()),
    };
    if name != b"default" {
        return Err("users other than 'default' are not built yet in Handfast".to_owned());
    }
    let mut hashes = Vec::new();
    for rule in rules {
        match rule.to_ascii_lowercase().as_slice() {
            b"on"
            | b"~*"
            | b"allkeys"
            | b"&*"
            | b"allchannels"
            | b"+@all"
            | b"allcommands"
            | b"sanitize-payload"
            | b"skip-sanitize-payload" => {}
            b"nopass" | b"resetpass" => hashes.clear(),
            [b'#', hex @ ..] => {
                hashes.push(parse_hash(hex).ok_or("the password's hash must be 64 hex digits")?)
            }
            other => {
                let rule = other.escape_ascii();
                return Err(format!(
                    "rule '{rule}' of the default user is not built yet in Handfast: it has all rights"
                ));
            }
        }
    }
    Ok(hashes)
}

/// The line that a rewritten file has for the default user. Redis reads users last, so that without it an
/// older line would outlive a change of `requirepass`.
pub(super) fn default_user_line(settings: &Settings) -> Vec<u8> {
    let mut hashes = settings.password_hashes.clone();
    if let (true, Value::Text(password)) = (hashes.is_empty(), settings.value("requirepass"))
        && !password.is_empty()
    {
        hashes.push(Sha256::digest(password).into());
    }
    let password: Vec<String> = match hashes.as_slice() {
        [] => vec!["nopass".to_owned()],
        hashes => hashes.iter().map(|hash| format!("#{}", hex(hash))).collect(),
    };
    format!("user default on {} ~* &* +@all", password.join(" ")).into_bytes()
}

fn hex(hash: &PasswordHash) -> String {
    hash.iter().map(|b| format!("{b:02x}")).collect()
}

fn parse_hash(hex: &[u8]) -> Option<PasswordHash> {
    let mut hash = [0; 32];
    if hex.len() != 2 * hash.len() {
        return None;
    }
    for (byte, digits) in hash.iter_mut().zip(hex.chunks_exact(2)) {
        let digit = |b: u8| char::from(b).to_digit(16);
        *byte = (digit(digits[0])? << 4 | digit(digits[1])?) as u8;
    }
    Some(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expect: Result<usize, &str>) {
        let args = base::tokens::split_args(line.as_bytes()).expect("balanced");
        let found = default_user(&args);
        match (found, expect) {
            (Ok(hashes), Ok(n)) => assert_eq!(hashes.len(), n, "{line}"),
            (Err(why), Err(part)) => assert!(why.contains(part), "{line}: {why}"),
            (found, expect) => panic!("{line}: {found:?}, not {expect:?}"),
        }
    }

    #[test]
    fn only_the_default_user_with_all_rights() {
        check("default on nopass sanitize-payload ~* &* +@all", Ok(0));
        let hash = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae";
        check(&format!("default on #{hash} ~* &* +@all"), Ok(1));
        check(&format!("default on #{hash} nopass ~* &* +@all"), Ok(0));
        check("default on #12 ~* &* +@all", Err("64 hex digits"));
        check("default off", Err("rule 'off'"));
        check("alice on nopass", Err("other than 'default'"));
    }
}
