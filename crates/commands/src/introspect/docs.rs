//! `COMMAND DOCS`.

use resp::{Args, Reply};

use crate::registry::{Command, Registry};
use crate::spec::{Arg, ArgKind};

/// `COMMAND DOCS [name ...]`: unknown names are left out; all commands without names.
pub fn docs<H>(commands: &Registry<H>, names: Args<'_>, out: &mut Reply<'_>) {
    if names.is_empty() {
        out.map(commands.top().len());
        for command in commands.top() {
            entry(commands, command, out);
        }
        return;
    }
    let found: Vec<_> = names.iter().filter_map(|name| commands.by_full_name(name)).collect();
    out.map(found.len());
    for command in found {
        entry(commands, command, out);
    }
}

fn entry<H>(commands: &Registry<H>, command: &Command<H>, out: &mut Reply<'_>) {
    let spec = command.spec;
    let inner = commands.subcommands(command);
    let fields = 3
        + usize::from(!spec.complexity.is_empty())
        + usize::from(spec.deprecated.is_some() || spec.syscmd)
        + 2 * usize::from(spec.deprecated.is_some())
        + usize::from(!spec.args.is_empty())
        + usize::from(inner.len() > 0);
    out.bulk(spec.name.as_bytes());
    out.map(fields);
    field("summary", spec.summary, out);
    field("since", spec.since, out);
    field("group", spec.group.name(), out);
    if !spec.complexity.is_empty() {
        field("complexity", spec.complexity, out);
    }
    if spec.deprecated.is_some() || spec.syscmd {
        out.bulk(b"doc_flags");
        out.set(1);
        out.simple(if spec.syscmd { "syscmd" } else { "deprecated" });
    }
    if let Some((since, instead)) = spec.deprecated {
        field("deprecated_since", since, out);
        field("replaced_by", &format!("`{instead}`"), out);
    }
    arguments(spec.args, out);
    if inner.len() > 0 {
        out.bulk(b"subcommands");
        out.map(inner.len());
        for command in inner {
            entry(commands, command, out);
        }
    }
}

fn field(name: &str, value: &str, out: &mut Reply<'_>) {
    out.bulk(name.as_bytes());
    out.bulk(value.as_bytes());
}

fn arguments(args: &[Arg], out: &mut Reply<'_>) {
    if args.is_empty() {
        return;
    }
    out.bulk(b"arguments");
    out.array(args.len());
    for arg in args {
        argument(arg, out);
    }
}

fn argument(arg: &Arg, out: &mut Reply<'_>) {
    let leaf = !matches!(arg.kind, ArgKind::Oneof | ArgKind::Block);
    let flags =
        [(arg.optional, "optional"), (arg.multiple, "multiple"), (arg.multiple_token, "multiple_token")];
    let flags = flags.into_iter().filter(|(set, _)| *set).map(|(_, name)| name);
    let fields = 2
        + usize::from(leaf)
        + usize::from(arg.key_spec.is_some())
        + usize::from(arg.token.is_some())
        + usize::from(arg.since.is_some())
        + usize::from(flags.clone().next().is_some())
        + usize::from(!leaf);
    out.map(fields);
    field("name", arg.name, out);
    field("type", arg.kind.name(), out);
    if leaf {
        field("display_text", arg.display.unwrap_or(arg.name), out);
    }
    if let Some(index) = arg.key_spec {
        out.bulk(b"key_spec_index");
        out.int(i64::from(index));
    }
    if let Some(token) = arg.token {
        field("token", token, out);
    }
    if let Some(since) = arg.since {
        field("since", since, out);
    }
    if flags.clone().next().is_some() {
        out.bulk(b"flags");
        super::info::words(flags, out);
    }
    if !leaf {
        arguments(arg.inner, out);
    }
}
