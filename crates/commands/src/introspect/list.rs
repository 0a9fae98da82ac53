//! `COMMAND LIST`.

use base::glob;
use resp::{Args, Reply};

use crate::registry::Registry;
use crate::spec::Acl;

/// `COMMAND LIST [FILTERBY MODULE name|ACLCAT category|PATTERN glob]`, given what follows `LIST`. Names of
/// subcommands are among them.
pub fn list<H>(commands: &Registry<H>, options: Args<'_>, out: &mut Reply<'_>) {
    if options.is_empty() {
        return reply(commands.all().map(|c| c.spec.name), out);
    }
    let is = |i: usize, word: &str| options[i].eq_ignore_ascii_case(word.as_bytes());
    if options.len() != 3 || !is(0, "filterby") {
        return out.error("syntax error");
    }
    let value = &options[2];
    if is(1, "module") {
        reply(std::iter::empty(), out);
    } else if is(1, "aclcat") {
        let wanted = Acl::by_name(value).unwrap_or(Acl::of(&[]));
        reply(commands.all().filter(|c| c.spec.acl().any(wanted)).map(|c| c.spec.name), out);
    } else if is(1, "pattern") {
        let fits = |name: &str| glob::matches(value, name.as_bytes(), true);
        reply(commands.all().map(|c| c.spec.name).filter(|n| fits(n)), out);
    } else {
        out.error("syntax error");
    }
}

fn reply<'n>(names: impl Iterator<Item = &'n str>, out: &mut Reply<'_>) {
    let names: Vec<&str> = names.collect();
    out.array(names.len());
    for name in names {
        out.bulk(name.as_bytes());
    }
}
