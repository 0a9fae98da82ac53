//! `COMMAND`, `COMMAND INFO`, `COMMAND COUNT`.

use resp::{Args, Reply};

use crate::registry::{Command, Registry};
use crate::spec::{Begin, Find, KeySpec};

/// Elements of one command's description.
const FIELDS: usize = 10;

/// `COMMAND`: every command, subcommands inside their containers.
pub fn all<H>(commands: &Registry<H>, out: &mut Reply<'_>) {
    out.array(commands.top().len());
    for command in commands.top() {
        describe(commands, command, out);
    }
}

/// `COMMAND COUNT`: subcommands do not count.
pub fn count<H>(commands: &Registry<H>, out: &mut Reply<'_>) {
    out.int(commands.top().len() as i64);
}

/// `COMMAND INFO [name ...]`: null for a name that no command has; all without names.
pub fn info<H>(commands: &Registry<H>, names: Args<'_>, out: &mut Reply<'_>) {
    if names.is_empty() {
        return all(commands, out);
    }
    out.array(names.len());
    for name in names.iter() {
        match commands.by_full_name(name) {
            Some(command) => describe(commands, command, out),
            None => out.null(),
        }
    }
}

fn describe<H>(commands: &Registry<H>, command: &Command<H>, out: &mut Reply<'_>) {
    let spec = command.spec;
    let (first, last, step) = spec.legacy_range();
    out.array(FIELDS);
    out.bulk(spec.name.as_bytes());
    out.int(i64::from(spec.arity));
    words(spec.flags().shown(), out);
    out.int(first);
    out.int(last);
    out.int(step);
    out.set(spec.acl().names().count());
    for category in spec.acl().names() {
        out.simple(&format!("@{category}"));
    }
    out.set(spec.tips.len());
    for tip in spec.tips {
        out.bulk(tip.as_bytes());
    }
    out.set(spec.keys.len());
    for spec in spec.keys {
        key_spec(spec, out);
    }
    out.array(commands.subcommands(command).len());
    for inner in commands.subcommands(command) {
        describe(commands, inner, out);
    }
}

/// A set of simple strings.
pub(super) fn words(names: impl Iterator<Item = &'static str> + Clone, out: &mut Reply<'_>) {
    out.set(names.clone().count());
    for name in names {
        out.simple(name);
    }
}

fn key_spec(spec: &KeySpec, out: &mut Reply<'_>) {
    out.map(3);
    out.bulk(b"flags");
    words(spec.flags.names(), out);
    out.bulk(b"begin_search");
    match spec.begin {
        Begin::Index(at) => typed("index", &[("index", i64::from(at))], out),
        Begin::Keyword(word, from) => {
            typed_head("keyword", 2, out);
            out.bulk(b"keyword");
            out.bulk(word.as_bytes());
            out.bulk(b"startfrom");
            out.int(i64::from(from));
        }
        Begin::Unknown => typed("unknown", &[], out),
    }
    out.bulk(b"find_keys");
    match spec.find {
        Find::Range { last, step, limit } => {
            let (last, step, limit) = (i64::from(last), i64::from(step), i64::from(limit));
            typed("range", &[("lastkey", last), ("keystep", step), ("limit", limit)], out);
        }
        Find::Keynum { num, first, step } => {
            let (num, first, step) = (i64::from(num), i64::from(first), i64::from(step));
            typed("keynum", &[("keynumidx", num), ("firstkey", first), ("keystep", step)], out);
        }
        Find::Unknown => typed("unknown", &[], out),
    }
}

fn typed(kind: &str, fields: &[(&str, i64)], out: &mut Reply<'_>) {
    typed_head(kind, fields.len(), out);
    for (name, value) in fields {
        out.bulk(name.as_bytes());
        out.int(*value);
    }
}

fn typed_head(kind: &str, fields: usize, out: &mut Reply<'_>) {
    out.map(2);
    out.bulk(b"type");
    out.bulk(kind.as_bytes());
    out.bulk(b"spec");
    out.map(fields);
}
