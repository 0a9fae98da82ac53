//! PUBSUB.

use crate::dispatch::{Call, Flow};
use crate::pubsub::Kind;

const LINES: &[&str] = &[
    "PUBSUB <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
    "CHANNELS [<pattern>]",
    "    Return the currently active channels matching a <pattern> (default: '*').",
    "NUMPAT",
    "    Return number of subscriptions to patterns.",
    "NUMSUB [<channel> ...]",
    "    Return the number of subscribers for the specified channels, excluding",
    "    pattern subscriptions(default: no channels).",
    "SHARDCHANNELS [<pattern>]",
    "    Return the currently active shard level channels matching a <pattern> (default: '*').",
    "SHARDNUMSUB [<shardchannel> ...]",
    "    Return the number of subscribers for the specified shard level channel(s)",
    "HELP",
    "    Print this help.",
];

pub fn help(call: &mut Call<'_, '_>) -> Flow {
    crate::families::help(call, LINES)
}

pub fn channels(call: &mut Call<'_, '_>) -> Flow {
    list(call, Kind::Channel)
}

pub fn shardchannels(call: &mut Call<'_, '_>) -> Flow {
    list(call, Kind::Shard)
}

pub fn numsub(call: &mut Call<'_, '_>) -> Flow {
    count(call, Kind::Channel)
}

pub fn shardnumsub(call: &mut Call<'_, '_>) -> Flow {
    count(call, Kind::Shard)
}

pub fn numpat(call: &mut Call<'_, '_>) -> Flow {
    call.out.int(call.core.shared.hub.count(Kind::Pattern) as i64);
    Flow::Next
}

fn list(call: &mut Call<'_, '_>, kind: Kind) -> Flow {
    if call.args.len() > 3 {
        let word = String::from_utf8_lossy(&call.args[1]).into_owned();
        call.out.error(&format!(
            "unknown subcommand or wrong number of arguments for '{word}'. Try PUBSUB HELP."
        ));
        return Flow::Next;
    }
    let names = call.core.shared.hub.names(kind, call.args.get(2));
    call.out.array(names.len());
    names.iter().for_each(|name| call.out.bulk(name));
    Flow::Next
}

fn count(call: &mut Call<'_, '_>, kind: Kind) -> Flow {
    call.out.array((call.args.len() - 2) * 2);
    for name in call.args.sub(2).iter() {
        call.out.bulk(name);
        call.out.int(call.core.shared.hub.listeners(kind, name) as i64);
    }
    Flow::Next
}
