//! HELLO: the protocol's handshake (spec `resp.md` §4).

use super::auth::log_in;
use super::client::valid_name;
use crate::dispatch::{Call, Flow};
use resp::Proto;

const NOAUTH: &str = "-NOAUTH HELLO must be called with the client already authenticated, otherwise the \
HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol \
version at the same time";

pub fn hello(call: &mut Call<'_, '_>) -> Flow {
    match parse(call) {
        Ok(()) => greet(call),
        Err(error) => call.out.error(&error),
    }
    Flow::Next
}

/// Checks everything before anything takes effect, as Valkey does.
fn parse(call: &mut Call<'_, '_>) -> Result<(), String> {
    let args = call.args;
    let mut proto = None;
    if let Some(version) = args.get(1) {
        proto = Some(match base::num::parse_i64(version) {
            Some(2) => Proto::Resp2,
            Some(3) => Proto::Resp3,
            Some(_) => return Err("-NOPROTO unsupported protocol version".into()),
            None => return Err("Protocol version is not an integer or out of range".into()),
        });
    }
    let (mut user, mut name) = (None, None);
    let mut at = 2;
    while at < args.len() {
        let left = args.len() - at - 1;
        if args[at].eq_ignore_ascii_case(b"auth") && left >= 2 {
            user = Some((&args[at + 1], &args[at + 2]));
            at += 3;
        } else if args[at].eq_ignore_ascii_case(b"setname") && left >= 1 {
            name = Some(&args[at + 1]);
            at += 2;
        } else {
            return Err(format!("Syntax error in HELLO option '{}'", String::from_utf8_lossy(&args[at])));
        }
    }
    if name.is_some_and(|name| !valid_name(name)) {
        return Err("Client names cannot contain spaces, newlines or special characters.".into());
    }
    if let Some((user, password)) = user {
        log_in(call.core, call.session, user, password)?;
    }
    if !call.core.is_authenticated(call.session) {
        return Err(NOAUTH.into());
    }
    if let Some(name) = name {
        call.session.card.rename(|names| names.name = name.to_vec());
    }
    if let Some(proto) = proto {
        call.session.proto = proto;
        call.out.set_proto(proto);
    }
    Ok(())
}

fn greet(call: &mut Call<'_, '_>) {
    let out = &mut *call.out;
    let zone = &call.core.config.cluster.availability_zone;
    out.map(7 + usize::from(!zone.is_empty()));
    out.bulk(b"server");
    out.bulk(b"redis");
    out.bulk(b"version");
    out.bulk(call.core.config.process.redis_version.as_bytes());
    out.bulk(b"proto");
    out.int(if call.session.proto == Proto::Resp3 { 3 } else { 2 });
    out.bulk(b"id");
    out.int(call.session.id() as i64);
    out.bulk(b"mode");
    out.bulk(if call.core.config.cluster.enabled { b"cluster" } else { b"standalone" });
    out.bulk(b"role");
    out.bulk(b"master");
    out.bulk(b"modules");
    out.array(0);
    if !zone.is_empty() {
        out.bulk(b"availability_zone");
        out.bulk(zone);
    }
}
