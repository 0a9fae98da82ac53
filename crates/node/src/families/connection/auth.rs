//! AUTH against `requirepass`.

use crate::dispatch::{Call, Core, Flow};
use crate::session::Session;

const WRONG: &str = "-WRONGPASS invalid username-password pair or user is disabled.";
const NO_PASSWORD: &str = "AUTH <password> called without any password configured for the default user. \
Are you sure your configuration is correct?";

pub fn auth(call: &mut Call<'_, '_>) -> Flow {
    let args = call.args;
    let outcome = match args.len() {
        2 if call.core.config.access.requirepass.is_empty() => Err(NO_PASSWORD),
        2 => log_in(call.core, call.session, b"default", &args[1]),
        3 => log_in(call.core, call.session, &args[1], &args[2]),
        _ => Err("syntax error"),
    };
    match outcome {
        Ok(()) => call.out.ok(),
        Err(error) => call.out.error(error),
    }
    Flow::Next
}

/// Tries a name and a password. There is one user, `default`; without `requirepass` it takes any password.
pub fn log_in(core: &Core, session: &mut Session, user: &[u8], password: &[u8]) -> Result<(), &'static str> {
    let wanted = &core.config.access.requirepass;
    if user == b"default" && (wanted.is_empty() || same(wanted, password)) {
        session.authenticated = true;
        Ok(())
    } else {
        Err(WRONG)
    }
}

/// Compares without telling by its time how much was right.
fn same(wanted: &[u8], given: &[u8]) -> bool {
    let mut difference = wanted.len() ^ given.len();
    for (i, byte) in given.iter().enumerate() {
        difference |= usize::from(byte ^ wanted[i % wanted.len()]);
    }
    difference == 0
}

#[cfg(test)]
mod tests {
    use super::same;

    #[test]
    fn passwords() {
        assert!(same(b"foo", b"foo"));
        for wrong in [&b"fo"[..], b"foofoo", b"bar", b""] {
            assert!(!same(b"foo", wrong));
        }
    }
}
