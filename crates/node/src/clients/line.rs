//! A client's line in CLIENT LIST and CLIENT INFO.

use super::{Card, CardFlags};
use crate::dispatch::Table;
use std::fmt::Write;
use std::sync::atomic::Ordering::Relaxed;

/// Bytes a connection costs beside its buffers, for `tot-mem`.
const CLIENT_BASE_BYTES: u64 = 1024;

/// Appends the line, newline included: fields in the order of Redis 7.2, then those that Valkey 9.1 added in between.
pub fn describe(out: &mut String, card: &Card, table: &Table, now_s: u64) {
    let names = card.names();
    let (query, query_free) = (card.query.load(Relaxed), card.query_free.load(Relaxed));
    let (output, multi_bytes) = (card.output.load(Relaxed), card.multi_bytes.load(Relaxed));
    let total = CLIENT_BASE_BYTES + query + query_free + output + multi_bytes;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let _ = writeln!(
        out,
        "id={} addr={} laddr={} fd={} name={} age={} idle={} flags={} db={} sub={} psub={} ssub={} \
         multi={} qbuf={query} qbuf-free={query_free} argv-mem=0 multi-mem={multi_bytes} \
         rbs={output} rbp={output} obl={output} oll=0 omem=0 tot-mem={total} events=r cmd={} user=default \
         redir=-1 resp={} lib-name={} lib-ver={} watch={} capa= tot-net-in={} tot-net-out={} tot-cmds={}",
        card.id,
        card.addr,
        card.laddr,
        card.fd,
        text(&names.name),
        now_s.saturating_sub(card.created_s),
        now_s.saturating_sub(card.active_s.load(Relaxed)),
        flag_letters(card.flags()),
        card.db.load(Relaxed),
        card.subscriptions[0].load(Relaxed),
        card.subscriptions[1].load(Relaxed),
        card.subscriptions[2].load(Relaxed),
        card.multi.load(Relaxed),
        command_name(table, card.command.load(Relaxed)),
        card.proto.load(Relaxed),
        text(&names.lib_name),
        text(&names.lib_ver),
        card.watching.load(Relaxed),
        card.net_in.load(Relaxed),
        card.net_out.load(Relaxed),
        card.commands.load(Relaxed),
    );
}

fn command_name(table: &Table, index: u32) -> &'static str {
    match u16::try_from(index) {
        Ok(index) if index != u16::MAX => table.get(commands::CommandId(index)).spec.name,
        _ => "NULL",
    }
}

/// The letters of `flags=`.
pub fn flag_letters(flags: CardFlags) -> String {
    let letters = [
        (CardFlags::PUBSUB, 'P'),
        (CardFlags::MULTI, 'x'),
        (CardFlags::BLOCKED, 'b'),
        (CardFlags::DIRTY, 'd'),
        (CardFlags::CLOSING, 'c'),
        (CardFlags::CLOSE_ASAP, 'A'),
        (CardFlags::UNIX, 'U'),
        (CardFlags::READONLY, 'r'),
        (CardFlags::NO_EVICT, 'e'),
        (CardFlags::NO_TOUCH, 'T'),
    ];
    let text: String = letters.iter().filter(|(bit, _)| flags.has(*bit)).map(|(_, c)| *c).collect();
    if text.is_empty() { "N".into() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters() {
        assert_eq!(flag_letters(CardFlags(0)), "N");
        assert_eq!(flag_letters(CardFlags(CardFlags::MULTI | CardFlags::DIRTY)), "xd");
    }
}
