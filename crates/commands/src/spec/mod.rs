//! What is known of a command before it runs: one [`Spec`] per command and subcommand, written as `const`
//! tables by its family and read by dispatch, routing, ACL and `COMMAND`.

use resp::Args;

mod acl;
mod arg;
mod flags;
mod group;
mod keyspec;

pub use acl::{Acl, Category};
pub use arg::{Arg, ArgKind, KEY, block, flag, int, oneof, text, typed};
pub use flags::{Flag, Flags};
pub use group::Group;
pub use keyspec::{
    Begin, Find, GetKeys, KeyFlag, KeyFlags, KeyRef, KeySpec, after, counted, first, keynum, range, span,
    unknown,
};

/// How a command wants the keyspace.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Locks {
    /// It touches no key.
    None,
    /// The stripes of the keys that its key specs name, all locked before it starts.
    Keys,
    /// It walks the keyspace itself, one stripe at a time, under the turn's permit.
    Walk,
    /// Everything, for as long as it runs.
    Exclusive,
}

/// Whether a request touches keys whose stripes its arguments do not tell.
pub type Reaches = fn(Args<'_>) -> bool;

/// A command or subcommand: its facts, and the short words of `COMMAND DOCS`.
#[derive(Clone, Copy, Debug)]
pub struct Spec {
    /// Lower-case full name: `get`, or `config|get` for a subcommand.
    pub name: &'static str,
    /// Number of arguments with the name; negative: at least that many. A subcommand counts both its words.
    pub arity: i16,
    /// Flags; `movablekeys` is computed by [`Spec::flags`].
    stated: Flags,
    /// Categories beyond those that the flags imply.
    categories: Acl,
    /// The family, as documentation groups commands.
    pub group: Group,
    /// First version of Redis (or Valkey) that has it.
    pub since: &'static str,
    /// Where its keys are.
    pub keys: &'static [KeySpec],
    /// Finds the keys when the specs cannot say all.
    pub getkeys: Option<GetKeys>,
    /// Whether a request touches keys that it does not name: then it needs the whole keyspace.
    pub reaches: Option<Reaches>,
    /// The argument that is the only key, for the many commands that have just one; else 0.
    pub(crate) only_key: u8,
    /// The argument that names an element of the only key's value, or the first of several; else 0.
    pub element: u8,
    /// How it wants the keyspace.
    pub locks: Locks,
    /// Hints for clients and proxies.
    pub tips: &'static [&'static str],
    /// Arguments, for `COMMAND DOCS`.
    pub args: &'static [Arg],
    /// One line on what it does.
    pub summary: &'static str,
    /// Its cost, in O notation.
    pub complexity: &'static str,
    /// Version that deprecated it, and what to call instead.
    pub deprecated: Option<(&'static str, &'static str)>,
    /// Not for clients: servers use it among themselves, or developers do.
    pub syscmd: bool,
}

impl Spec {
    /// A command without flags, keys or arguments, in the usual category of its group.
    pub const fn new(name: &'static str, arity: i16, group: Group, since: &'static str) -> Spec {
        Spec {
            name,
            arity,
            stated: Flags::NONE,
            categories: group.usual_category(),
            group,
            since,
            keys: &[],
            getkeys: None,
            reaches: None,
            only_key: 0,
            element: 0,
            locks: Locks::None,
            tips: &[],
            args: &[],
            summary: "",
            complexity: "",
            deprecated: None,
            syscmd: false,
        }
    }

    /// Sets the flags, but `movablekeys`, which follows from the key specs.
    pub const fn with(mut self, flags: &[Flag]) -> Spec {
        self.stated = Flags::of(flags);
        self
    }

    /// Replaces the group's usual category.
    pub const fn categories(mut self, categories: &[Category]) -> Spec {
        self.categories = Acl::of(categories);
        self
    }

    /// Sets the key specs; the command then locks the stripes of its keys.
    pub const fn keys(mut self, keys: &'static [KeySpec]) -> Spec {
        self.keys = keys;
        self.only_key = if keys.len() == 1 { keys[0].only_key() } else { 0 };
        self.locks = Locks::Keys;
        self
    }

    /// Sets the function that finds keys, or their flags, beyond the specs.
    pub const fn getkeys(mut self, getkeys: GetKeys) -> Spec {
        self.getkeys = Some(getkeys);
        self.only_key = 0;
        self
    }

    /// Sets the function that tells whether a request touches keys that it does not name.
    pub const fn reaches(mut self, reaches: Reaches) -> Spec {
        self.reaches = Some(reaches);
        self
    }

    /// Sets how it wants the keyspace, when the keys do not say it.
    pub const fn locks(mut self, locks: Locks) -> Spec {
        self.locks = locks;
        self
    }

    /// Says which argument names an element of the only key's value.
    pub const fn element(mut self, at: u8) -> Spec {
        self.element = at;
        self
    }

    /// Sets the tips.
    pub const fn tips(mut self, tips: &'static [&'static str]) -> Spec {
        self.tips = tips;
        self
    }

    /// Sets the arguments after the name.
    pub const fn args(mut self, args: &'static [Arg]) -> Spec {
        self.args = args;
        self
    }

    /// Sets the words of `COMMAND DOCS`.
    pub const fn docs(mut self, summary: &'static str, complexity: &'static str) -> Spec {
        self.summary = summary;
        self.complexity = complexity;
        self
    }

    /// Marks it deprecated since a version, in favour of another command.
    pub const fn deprecated(mut self, since: &'static str, instead: &'static str) -> Spec {
        self.deprecated = Some((since, instead));
        self
    }

    /// Marks it as not meant for clients.
    pub const fn syscmd(mut self) -> Spec {
        self.syscmd = true;
        self
    }

    /// The flags, with `movablekeys` where the keys are not all at fixed places.
    pub const fn flags(&self) -> Flags {
        if self.has_movable_keys() { self.stated.and(Flag::Movablekeys) } else { self.stated }
    }

    /// Whether one flag is set; `movablekeys` too.
    pub const fn is(&self, flag: Flag) -> bool {
        self.flags().has(flag)
    }

    /// The ACL categories, those that follow from the flags included.
    pub const fn acl(&self) -> Acl {
        self.categories.implied_by(self.stated, matches!(self.group, Group::Scripting))
    }

    /// The container's name for a subcommand.
    pub fn container(&self) -> Option<&'static str> {
        self.name.split_once('|').map(|(container, _)| container)
    }

    /// Whether this many arguments, the name included, may be passed.
    pub const fn takes(&self, argc: usize) -> bool {
        if self.arity >= 0 { argc == self.arity as usize } else { argc >= self.arity.unsigned_abs() as usize }
    }

    /// First key, last key and step as `COMMAND INFO` replies them: the run of keys from the first range
    /// spec, stretched over the specs that follow on.
    pub fn legacy_range(&self) -> (i64, i64, i64) {
        keyspec::legacy_range(self.keys)
    }

    const fn has_movable_keys(&self) -> bool {
        if self.keys.is_empty() {
            return false;
        }
        let mut fixed = true;
        let mut i = 0;
        while i < self.keys.len() {
            fixed &= self.keys[i].is_range();
            i += 1;
        }
        !fixed
    }
}
