//! The rows of the connection family.

use super::{auth, client, hello, help, kill, pause, simple, unblock};
use crate::dispatch::Run;
use commands::spec::{Flag, Group, Spec, block, flag, int, oneof, text};

/// Facts and functions.
pub static ROWS: &[(Spec, Run)] = &[
    (
        Spec::new("auth", -2, Group::Connection, "1.0.0")
            .with(&[
                Flag::Noscript,
                Flag::Loading,
                Flag::Stale,
                Flag::Fast,
                Flag::NoAuth,
                Flag::Sentinel,
                Flag::AllowBusy,
            ])
            .args(&[text("username").since("6.0.0").optional(), text("password")])
            .docs("Authenticates the connection.", "O(N) where N is the number of passwords of the user"),
        Run::Node(auth::auth),
    ),
    (
        Spec::new("client", -2, Group::Connection, "2.4.0")
            .with(&[Flag::Sentinel])
            .categories(&[])
            .docs("Commands about client connections.", "Depends on subcommand."),
        Run::Container,
    ),
    (
        Spec::new("client|getname", 2, Group::Connection, "2.6.9")
            .with(&[Flag::Noscript, Flag::Loading, Flag::Stale, Flag::Sentinel, Flag::AllowBusy])
            .docs("Returns the name of the connection.", "O(1)"),
        Run::Node(client::getname),
    ),
    (
        Spec::new("client|help", 2, Group::Connection, "5.0.0")
            .with(&[Flag::Loading, Flag::Stale, Flag::Sentinel])
            .docs("Lists the subcommands.", "O(1)"),
        Run::Node(help::client),
    ),
    (
        Spec::new("client|id", 2, Group::Connection, "5.0.0")
            .with(&[Flag::Noscript, Flag::Loading, Flag::Stale, Flag::Sentinel, Flag::AllowBusy])
            .docs("Returns the id of the connection.", "O(1)"),
        Run::Node(client::id),
    ),
    (
        Spec::new("client|info", 2, Group::Connection, "6.2.0")
            .with(&[Flag::Noscript, Flag::Loading, Flag::Stale, Flag::Sentinel])
            .tips(&["nondeterministic_output"])
            .docs("Describes the connection.", "O(1)"),
        Run::Node(client::info),
    ),
    (
        Spec::new("client|kill", -3, Group::Connection, "2.4.0")
            .with(&[Flag::Admin, Flag::Noscript, Flag::Loading, Flag::Stale, Flag::Sentinel])
            .args(&[oneof(
                "filter",
                &[
                    text("old-format").shown_as("ip:port"),
                    oneof(
                        "new-format",
                        &[
                            int("client-id").after("ID").since("2.8.12").optional().multiple(),
                            oneof(
                                "client-type",
                                &[
                                    flag("normal", "normal"),
                                    flag("master", "master").since("3.2.0"),
                                    flag("primary", "primary").since("8.0.0"),
                                    flag("slave", "slave"),
                                    flag("replica", "replica").since("5.0.0"),
                                    flag("pubsub", "pubsub"),
                                ],
                            )
                            .after("TYPE")
                            .since("2.8.12")
                            .optional(),
                            text("username").after("USER").optional(),
                            text("addr").after("ADDR").shown_as("ip:port").optional(),
                            text("laddr").after("LADDR").shown_as("ip:port").since("6.2.0").optional(),
                            oneof("skipme", &[flag("yes", "YES"), flag("no", "NO")])
                                .after("SKIPME")
                                .optional(),
                            int("maxage").after("MAXAGE").since("8.0.0").optional(),
                            text("name").after("NAME").since("9.0.0").optional(),
                            int("idle").after("IDLE").since("9.0.0").optional(),
                            text("flags").after("FLAGS").since("9.0.0").optional(),
                            text("lib-name").after("LIB-NAME").since("9.0.0").optional(),
                            text("lib-ver").after("LIB-VER").since("9.0.0").optional(),
                            int("db").after("DB").since("9.0.0").optional(),
                            text("capa").after("CAPA").since("9.0.0").optional(),
                            text("ip").after("IP").since("9.0.0").optional(),
                            oneof(
                                "not-client-type",
                                &[
                                    flag("normal", "normal"),
                                    flag("master", "master"),
                                    flag("primary", "primary"),
                                    flag("slave", "slave"),
                                    flag("replica", "replica"),
                                    flag("pubsub", "pubsub"),
                                ],
                            )
                            .after("NOT-TYPE")
                            .since("9.0.0")
                            .optional(),
                            int("not-client-id").after("NOT-ID").since("9.0.0").optional().multiple(),
                            text("not-username").after("NOT-USER").since("9.0.0").optional(),
                            text("not-addr").after("NOT-ADDR").shown_as("ip:port").since("9.0.0").optional(),
                            text("not-laddr")
                                .after("NOT-LADDR")
                                .shown_as("ip:port")
                                .since("9.0.0")
                                .optional(),
                            text("not-name").after("NOT-NAME").since("9.0.0").optional(),
                            text("not-flags").after("NOT-FLAGS").since("9.0.0").optional(),
                            text("not-lib-name").after("NOT-LIB-NAME").since("9.0.0").optional(),
                            text("not-lib-ver").after("NOT-LIB-VER").since("9.0.0").optional(),
                            int("not-db").after("NOT-DB").since("9.0.0").optional(),
                            text("not-capa").after("NOT-CAPA").since("9.0.0").optional(),
                            text("not-ip").after("NOT-IP").since("9.0.0").optional(),
                        ],
                    )
                    .multiple(),
                ],
            )])
            .docs("Closes connections.", "O(N) where N is the number of client connections"),
        Run::Node(kill::kill),
    ),
    (
        Spec::new("client|list", -2, Group::Connection, "2.4.0")
            .with(&[Flag::Admin, Flag::Noscript, Flag::Loading, Flag::Stale, Flag::Sentinel])
            .tips(&["nondeterministic_output"])
            .args(&[
                oneof(
                    "client-type",
                    &[
                        flag("normal", "normal"),
                        flag("master", "master"),
                        flag("replica", "replica"),
                        flag("pubsub", "pubsub"),
                    ],
                )
                .after("TYPE")
                .since("5.0.0")
                .optional(),
                int("client-id").after("ID").since("6.2.0").optional().multiple(),
                text("username").after("USER").since("8.1.0").optional(),
                text("addr").after("ADDR").shown_as("ip:port").since("8.1.0").optional(),
                text("laddr").after("LADDR").shown_as("ip:port").since("8.1.0").optional(),
                oneof("skipme", &[flag("yes", "YES"), flag("no", "NO")])
                    .after("SKIPME")
                    .since("8.1.0")
                    .optional(),
                int("maxage").after("MAXAGE").since("8.1.0").optional(),
                text("name").after("NAME").since("9.0.0").optional(),
                int("idle").after("IDLE").since("9.0.0").optional(),
                text("flags").after("FLAGS").since("9.0.0").optional(),
                text("lib-name").after("LIB-NAME").since("9.0.0").optional(),
                text("lib-ver").after("LIB-VER").since("9.0.0").optional(),
                int("db").after("DB").since("9.0.0").optional(),
                text("capa").after("CAPA").since("9.0.0").optional(),
                text("ip").after("IP").since("9.0.0").optional(),
                oneof(
                    "not-client-type",
                    &[
                        flag("normal", "normal"),
                        flag("master", "master"),
                        flag("replica", "replica"),
                        flag("pubsub", "pubsub"),
                    ],
                )
                .after("NOT-TYPE")
                .since("9.0.0")
                .optional(),
                int("not-client-id").after("NOT-ID").since("9.0.0").optional().multiple(),
                text("not-username").after("NOT-USER").since("9.0.0").optional(),
                text("not-addr").after("NOT-ADDR").shown_as("ip:port").since("9.0.0").optional(),
                text("not-laddr").after("NOT-LADDR").shown_as("ip:port").since("9.0.0").optional(),
                text("not-name").after("NOT-NAME").since("9.0.0").optional(),
                text("not-flags").after("NOT-FLAGS").since("9.0.0").optional(),
                text("not-lib-name").after("NOT-LIB-NAME").since("9.0.0").optional(),
                text("not-lib-ver").after("NOT-LIB-VER").since("9.0.0").optional(),
                int("not-db").after("NOT-DB").since("9.0.0").optional(),
                text("not-capa").after("NOT-CAPA").since("9.0.0").optional(),
                text("not-ip").after("NOT-IP").since("9.0.0").optional(),
            ])
            .docs("Lists open connections.", "O(N) where N is the number of client connections"),
        Run::Node(client::list),
    ),
    (
        Spec::new("client|no-evict", 3, Group::Connection, "7.0.0")
            .with(&[Flag::Admin, Flag::Noscript, Flag::Loading, Flag::Stale, Flag::Sentinel, Flag::AllowBusy])
            .args(&[oneof("enabled", &[flag("on", "ON"), flag("off", "OFF")])])
            .docs("Keeps the connection from being evicted, or no longer.", "O(1)"),
        Run::Node(client::no_evict),
    ),
    (
        Spec::new("client|no-touch", 3, Group::Connection, "7.2.0")
            .with(&[Flag::Noscript, Flag::Loading, Flag::Stale, Flag::AllowBusy])
            .args(&[oneof("enabled", &[flag("on", "ON"), flag("off", "OFF")])])
            .docs("Makes the connection's commands leave access times alone, or no longer.", "O(1)"),
        Run::Node(client::no_touch),
    ),
    (
        Spec::new("client|pause", -3, Group::Connection, "3.0.0")
            .with(&[Flag::Admin, Flag::Noscript, Flag::Loading, Flag::Stale, Flag::Sentinel])
            .args(&[
                int("timeout"),
                oneof("mode", &[flag("write", "WRITE"), flag("all", "ALL")]).since("6.2.0").optional(),
            ])
            .docs("Suspends commands of clients for a time.", "O(1)"),
        Run::NodeWhole(pause::pause),
    ),
    (
        Spec::new("client|reply", 3, Group::Connection, "3.2.0")
            .with(&[
                Flag::Noscript,
                Flag::Loading,
                Flag::Stale,
                Flag::Sentinel,
                Flag::NoMulti,
                Flag::AllowBusy,
            ])
            .args(&[oneof("action", &[flag("on", "ON"), flag("off", "OFF"), flag("skip", "SKIP")])])
            .docs("Chooses whether replies are sent.", "O(1)"),
        Run::Node(client::reply),
    ),
    (
        Spec::new("client|setinfo", 4, Group::Connection, "7.2.0")
            .with(&[Flag::Noscript, Flag::Loading, Flag::Stale, Flag::Sentinel, Flag::AllowBusy])
            .tips(&["request_policy:all_nodes", "response_policy:all_succeeded"])
            .args(&[oneof("attr", &[text("libname").after("lib-name"), text("libver").after("lib-ver")])])
            .docs("Tells the server the client library's name or version.", "O(1)"),
        Run::Node(client::setinfo),
    ),
    (
        Spec::new("client|setname", 3, Group::Connection, "2.6.9")
            .with(&[Flag::Noscript, Flag::Loading, Flag::Stale, Flag::Sentinel, Flag::AllowBusy])
            .tips(&["request_policy:all_nodes", "response_policy:all_succeeded"])
            .args(&[text("connection-name")])
            .docs("Names the connection.", "O(1)"),
        Run::Node(client::setname),
    ),
    (
        Spec::new("client|unblock", -3, Group::Connection, "5.0.0")
            .with(&[Flag::Admin, Flag::Noscript, Flag::Loading, Flag::Stale, Flag::Sentinel])
            .args(&[
                int("client-id"),
                oneof("unblock-type", &[flag("timeout", "TIMEOUT"), flag("error", "ERROR")]).optional(),
            ])
            .docs(
                "Ends the wait of a client that a blocking command holds.",
                "O(log N) where N is the number of clients",
            ),
        Run::Node(unblock::unblock),
    ),
    (
        Spec::new("client|unpause", 2, Group::Connection, "6.2.0")
            .with(&[Flag::Admin, Flag::Noscript, Flag::Loading, Flag::Stale, Flag::Sentinel])
            .docs("Lets suspended clients go on.", "O(N) where N is the number of paused clients"),
        Run::Node(pause::unpause),
    ),
    (
        Spec::new("echo", 2, Group::Connection, "1.0.0")
            .with(&[Flag::Loading, Flag::Stale, Flag::Fast])
            .args(&[text("message")])
            .docs("Returns its argument.", "O(1)"),
        Run::Node(simple::echo),
    ),
    (
        Spec::new("hello", -1, Group::Connection, "6.0.0")
            .with(&[
                Flag::Noscript,
                Flag::Loading,
                Flag::Stale,
                Flag::Fast,
                Flag::NoAuth,
                Flag::Sentinel,
                Flag::AllowBusy,
            ])
            .args(&[block(
                "arguments",
                &[
                    int("protover"),
                    block("auth", &[text("username"), text("password")]).after("AUTH").optional(),
                    text("clientname").after("SETNAME").optional(),
                ],
            )
            .optional()])
            .docs("Chooses the protocol, and shakes hands.", "O(1)"),
        Run::Node(hello::hello),
    ),
    (
        Spec::new("ping", -1, Group::Connection, "1.0.0")
            .with(&[Flag::Fast, Flag::Sentinel])
            .tips(&["request_policy:all_shards", "response_policy:all_succeeded"])
            .args(&[text("message").optional()])
            .docs("Returns PONG, or its argument.", "O(1)"),
        Run::Node(simple::ping),
    ),
    (
        Spec::new("quit", -1, Group::Connection, "1.0.0")
            .with(&[Flag::Noscript, Flag::Loading, Flag::Stale, Flag::Fast, Flag::NoAuth, Flag::AllowBusy])
            .docs("Closes the connection.", "O(1)"),
        Run::Node(simple::quit),
    ),
    (
        Spec::new("reset", 1, Group::Connection, "6.2.0")
            .with(&[Flag::Noscript, Flag::Loading, Flag::Stale, Flag::Fast, Flag::NoAuth, Flag::AllowBusy])
            .docs("Puts the connection back into its first state.", "O(1)"),
        Run::Node(simple::reset),
    ),
    (
        Spec::new("select", 2, Group::Connection, "1.0.0")
            .with(&[Flag::Loading, Flag::Stale, Flag::Fast, Flag::AllowBusy])
            .args(&[int("index")])
            .docs("Changes the database of the connection.", "O(1)"),
        Run::Node(simple::select),
    ),
];
