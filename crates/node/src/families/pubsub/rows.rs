//! The rows of the publish/subscribe family.

use super::{introspect, publish, subscribe};
use crate::dispatch::Run;
use commands::spec::{Arg, ArgKind, Flag, Group, KeyFlag, KeySpec, Spec, span, text, typed};

/// What SUBSCRIBE and its kin have in common.
const LISTEN: &[Flag] = &[Flag::Pubsub, Flag::Noscript, Flag::Loading, Flag::Stale, Flag::Sentinel];
/// The same of shard channels.
const LISTEN_SHARD: &[Flag] = &[Flag::Pubsub, Flag::Noscript, Flag::Loading, Flag::Stale];
const LOOK: &[Flag] = &[Flag::Pubsub, Flag::Loading, Flag::Stale];
/// Shard channels have slots, as keys do.
const CHANNELS: &[KeySpec] = &[span(1, -1, 1, &[KeyFlag::NotKey])];
const PATTERN: Arg = typed("pattern", ArgKind::Pattern);

const fn row(name: &'static str, arity: i16, since: &'static str) -> Spec {
    Spec::new(name, arity, Group::Pubsub, since)
}

/// Facts and functions.
pub static ROWS: &[(Spec, Run)] = &[
    (
        row("psubscribe", -2, "2.0.0")
            .with(LISTEN)
            .args(&[PATTERN.multiple()])
            .docs("Listens to the channels that match patterns.", "O(N) where N is the number of patterns"),
        Run::Node(subscribe::psubscribe),
    ),
    (
        row("publish", 3, "2.0.0")
            .with(&[Flag::Pubsub, Flag::Loading, Flag::Stale, Flag::Fast, Flag::MayReplicate, Flag::Sentinel])
            .args(&[text("channel"), text("message")])
            .docs(
                "Sends a message to a channel.",
                "O(N+M) where N is the number of listeners and M that of patterns",
            ),
        Run::Node(publish::publish),
    ),
    (
        row("pubsub", -2, "2.8.0")
            .docs("A container for commands about publish/subscribe.", "Depends on subcommand."),
        Run::Container,
    ),
    (
        row("pubsub|channels", -2, "2.8.0").with(LOOK).args(&[PATTERN.optional()]).docs(
            "Returns the channels that somebody listens to.",
            "O(N) where N is the number of such channels",
        ),
        Run::Node(introspect::channels),
    ),
    (
        row("pubsub|help", 2, "6.2.0")
            .with(&[Flag::Loading, Flag::Stale])
            .docs("Returns helpful text about the subcommands.", "O(1)"),
        Run::Node(introspect::help),
    ),
    (
        row("pubsub|numpat", 2, "2.8.0")
            .with(LOOK)
            .docs("Returns the number of patterns that somebody listens to.", "O(1)"),
        Run::Node(introspect::numpat),
    ),
    (
        row("pubsub|numsub", -2, "2.8.0").with(LOOK).args(&[text("channel").optional().multiple()]).docs(
            "Returns how many listen to each of some channels.",
            "O(N) where N is the number of channels",
        ),
        Run::Node(introspect::numsub),
    ),
    (
        row("pubsub|shardchannels", -2, "7.0.0").with(LOOK).args(&[PATTERN.optional()]).docs(
            "Returns the shard channels that somebody listens to.",
            "O(N) where N is the number of such channels",
        ),
        Run::Node(introspect::shardchannels),
    ),
    (
        row("pubsub|shardnumsub", -2, "7.0.0")
            .with(LOOK)
            .args(&[text("shardchannel").optional().multiple()])
            .docs(
                "Returns how many listen to each of some shard channels.",
                "O(N) where N is the number of channels",
            ),
        Run::Node(introspect::shardnumsub),
    ),
    (
        row("punsubscribe", -1, "2.0.0")
            .with(LISTEN)
            .args(&[PATTERN.optional().multiple()])
            .docs("Listens to patterns no more.", "O(N) where N is the number of patterns"),
        Run::Node(subscribe::punsubscribe),
    ),
    (
        row("spublish", 3, "7.0.0")
            .with(&[Flag::Pubsub, Flag::Loading, Flag::Stale, Flag::Fast, Flag::MayReplicate])
            .keys(&[span(1, 0, 1, &[KeyFlag::NotKey])])
            .args(&[text("shardchannel"), text("message")])
            .docs("Sends a message to a shard channel.", "O(N) where N is the number of listeners"),
        Run::Node(publish::spublish),
    ),
    (
        row("ssubscribe", -2, "7.0.0")
            .with(LISTEN_SHARD)
            .keys(CHANNELS)
            .args(&[text("shardchannel").multiple()])
            .docs("Listens to shard channels.", "O(N) where N is the number of channels"),
        Run::Node(subscribe::ssubscribe),
    ),
    (
        row("subscribe", -2, "2.0.0")
            .with(LISTEN)
            .args(&[text("channel").multiple()])
            .docs("Listens to channels.", "O(N) where N is the number of channels"),
        Run::Node(subscribe::subscribe),
    ),
    (
        row("sunsubscribe", -1, "7.0.0")
            .with(LISTEN_SHARD)
            .keys(CHANNELS)
            .args(&[text("shardchannel").optional().multiple()])
            .docs("Listens to shard channels no more.", "O(N) where N is the number of channels"),
        Run::Node(subscribe::sunsubscribe),
    ),
    (
        row("unsubscribe", -1, "2.0.0")
            .with(LISTEN)
            .args(&[text("channel").optional().multiple()])
            .docs("Listens to channels no more.", "O(N) where N is the number of channels"),
        Run::Node(subscribe::unsubscribe),
    ),
];
