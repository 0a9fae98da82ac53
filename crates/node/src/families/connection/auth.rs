//! AUTH against the password of the one user, `default`.

use crate::dispatch::{Call, Core, Flow};
use crate::session::Session;

const WRONG: &str = "-WRONGPASS invalid username-password pair or user is disabled.";
const NO_PASSWORD: &str = "AUTH <password> called without any password configured for the default user. \
Are you sure your configuration is correct?";

pub fn auth(call: &mut Call<'_, '_>) -> Flow {
    let args = call.args;
    let outcome = match args.len() {
        2 if !call.core.config.access.needs_password() => Err(NO_PASSWORD),
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

/// Tries a name and a password. Without a password the user takes any.
pub fn log_in(core: &Core, session: &mut Session, user: &[u8], password: &[u8]) -> Result<(), &'static str> {
    if user == b"default" && core.config.access.accepts(password) {
        session.authenticated = true;
        Ok(())
    } else {
        Err(WRONG)
    }
}
