//! ACL categories, in the order in which `COMMAND INFO` lists them.

use super::{Flag, Flags};

/// One ACL category.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
#[expect(missing_docs, reason = "the names are the documentation")]
pub enum Category {
    Keyspace,
    Read,
    Write,
    Set,
    Sortedset,
    List,
    Hash,
    String,
    Bitmap,
    Hyperloglog,
    Geo,
    Stream,
    Pubsub,
    Admin,
    Fast,
    Slow,
    Blocking,
    Dangerous,
    Connection,
    Transaction,
    Scripting,
}

const NAMES: [&str; 21] = [
    "keyspace",
    "read",
    "write",
    "set",
    "sortedset",
    "list",
    "hash",
    "string",
    "bitmap",
    "hyperloglog",
    "geo",
    "stream",
    "pubsub",
    "admin",
    "fast",
    "slow",
    "blocking",
    "dangerous",
    "connection",
    "transaction",
    "scripting",
];

/// A set of categories.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Acl(u32);

impl Acl {
    /// The set of these.
    pub const fn of(categories: &[Category]) -> Acl {
        let (mut bits, mut i) = (0, 0);
        while i < categories.len() {
            bits |= 1 << categories[i] as u32;
            i += 1;
        }
        Acl(bits)
    }

    /// The set of one category given by name without the `@`, in any case.
    pub fn by_name(name: &[u8]) -> Option<Acl> {
        let i = NAMES.iter().position(|n| n.as_bytes().eq_ignore_ascii_case(name))?;
        Some(Acl(1 << i))
    }

    /// Names without the `@`, in reply order.
    pub fn names(self) -> impl Iterator<Item = &'static str> + Clone {
        NAMES.iter().enumerate().filter(move |(i, _)| self.0 >> i & 1 == 1).map(|(_, name)| *name)
    }

    /// Whether the sets share a category.
    pub const fn any(self, other: Acl) -> bool {
        self.0 & other.0 != 0
    }

    /// Adds what the flags imply. `scripting`: a script that writes nothing is no `@read` command.
    pub(super) const fn implied_by(self, flags: Flags, scripting: bool) -> Acl {
        let mut bits = self.0;
        if flags.has(Flag::Write) {
            bits |= 1 << Category::Write as u32;
        }
        if flags.has(Flag::Readonly) && !scripting {
            bits |= 1 << Category::Read as u32;
        }
        if flags.has(Flag::Admin) {
            bits |= 1 << Category::Admin as u32 | 1 << Category::Dangerous as u32;
        }
        if flags.has(Flag::Pubsub) {
            bits |= 1 << Category::Pubsub as u32;
        }
        if flags.has(Flag::Blocking) {
            bits |= 1 << Category::Blocking as u32;
        }
        let speed = if flags.has(Flag::Fast) { Category::Fast } else { Category::Slow };
        Acl(bits | 1 << speed as u32)
    }
}
