//! CLIENT: about this connection, and lists of all.

use crate::clients::{CardFlags, Filter, describe};
use crate::dispatch::{Call, Flow};
use crate::session::ReplyMode;

/// Names of clients and libraries: printable, without spaces.
pub fn valid_name(name: &[u8]) -> bool {
    name.iter().all(|b| (b'!'..=b'~').contains(b))
}

pub fn id(call: &mut Call<'_, '_>) -> Flow {
    call.out.int(call.session.id() as i64);
    Flow::Next
}

pub fn getname(call: &mut Call<'_, '_>) -> Flow {
    let name = call.session.card.names().name;
    if name.is_empty() {
        call.out.null();
    } else {
        call.out.bulk(&name);
    }
    Flow::Next
}

pub fn setname(call: &mut Call<'_, '_>) -> Flow {
    let name = &call.args[2];
    if valid_name(name) {
        call.session.card.rename(|names| names.name = name.to_vec());
        call.out.ok();
    } else {
        call.out.error("Client names cannot contain spaces, newlines or special characters.");
    }
    Flow::Next
}

pub fn setinfo(call: &mut Call<'_, '_>) -> Flow {
    let (option, value) = (call.args[2].to_ascii_lowercase(), &call.args[3]);
    let known = matches!(&option[..], b"lib-name" | b"lib-ver");
    if !known {
        let option = String::from_utf8_lossy(&call.args[2]).into_owned();
        call.out.error(&format!("Unrecognized option '{option}'"));
    } else if !valid_name(value) {
        let option = String::from_utf8_lossy(&option).into_owned();
        call.out.error(&format!("{option} cannot contain spaces, newlines or special characters."));
    } else {
        call.session.card.rename(|names| {
            if option == b"lib-name" {
                names.lib_name = value.to_vec();
            } else {
                names.lib_ver = value.to_vec();
            }
        });
        call.out.ok();
    }
    Flow::Next
}

pub fn info(call: &mut Call<'_, '_>) -> Flow {
    call.session.publish();
    let mut text = String::new();
    let core = &*call.core;
    describe(&mut text, &call.session.card, core.shared.table, core.now.unix_s());
    call.out.verbatim("txt", text.as_bytes());
    Flow::Next
}

pub fn list(call: &mut Call<'_, '_>) -> Flow {
    call.session.publish();
    let core = &*call.core;
    let filter = match Filter::parse(call.args.sub(2), core.shared.keyspace.databases()) {
        Ok(filter) => filter,
        Err(error) => {
            call.out.error(&error);
            return Flow::Next;
        }
    };
    let now_s = core.now.unix_s();
    let mut text = String::new();
    for card in core.shared.clients.all() {
        let skipped = filter.skip_me == Some(true) && card.id == call.session.id();
        if !skipped && filter.matches(&card, now_s) {
            describe(&mut text, &card, core.shared.table, now_s);
        }
    }
    call.out.verbatim("txt", text.as_bytes());
    Flow::Next
}

pub fn reply(call: &mut Call<'_, '_>) -> Flow {
    let mode = call.args[2].to_ascii_lowercase();
    match &mode[..] {
        b"on" => {
            call.session.reply_mode = ReplyMode::On;
            call.out.ok();
        }
        b"off" => call.session.reply_mode = ReplyMode::Off,
        b"skip" if call.session.reply_mode == ReplyMode::On => call.session.reply_mode = ReplyMode::SkipNext,
        b"skip" => {}
        _ => call.out.error("syntax error"),
    }
    Flow::Next
}

pub fn no_evict(call: &mut Call<'_, '_>) -> Flow {
    if let Some(on) = on_or_off(call) {
        call.session.card.set_flag(CardFlags::NO_EVICT, on);
        call.out.ok();
    }
    Flow::Next
}

pub fn no_touch(call: &mut Call<'_, '_>) -> Flow {
    if let Some(on) = on_or_off(call) {
        call.session.no_touch = on;
        call.session.card.set_flag(CardFlags::NO_TOUCH, on);
        call.out.ok();
    }
    Flow::Next
}

fn on_or_off(call: &mut Call<'_, '_>) -> Option<bool> {
    match &call.args[2].to_ascii_lowercase()[..] {
        b"on" => Some(true),
        b"off" => Some(false),
        _ => {
            call.out.error("syntax error");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::valid_name;

    #[test]
    fn names() {
        assert!(valid_name(b"abc!~") && valid_name(b""));
        assert!(!valid_name(b"a b") && !valid_name(b"a\n") && !valid_name("é".as_bytes()));
    }
}
