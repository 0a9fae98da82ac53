//! Where the keys of a command are among its arguments.

use resp::Args;

/// One property of the access to a key, in the order in which replies list them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum KeyFlag {
    /// Read only.
    RO,
    /// Read and written.
    RW,
    /// Overwritten, old value unread.
    OW,
    /// Removed, value unread.
    RM,
    /// The value is returned, copied or used.
    Access,
    /// The value may be changed.
    Update,
    /// Data may be added, nothing changed or removed.
    Insert,
    /// Data may be removed.
    Delete,
    /// Not a key, but routed like one (shard channels).
    NotKey,
    /// The spec may miss some keys.
    Incomplete,
    /// The flags depend on other arguments.
    VariableFlags,
}

const NAMES: [&str; 11] = [
    "RO",
    "RW",
    "OW",
    "RM",
    "access",
    "update",
    "insert",
    "delete",
    "not_key",
    "incomplete",
    "variable_flags",
];

/// A set of key properties.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KeyFlags(u16);

impl KeyFlags {
    /// The set of these.
    pub const fn of(flags: &[KeyFlag]) -> KeyFlags {
        let (mut bits, mut i) = (0, 0);
        while i < flags.len() {
            bits |= 1 << flags[i] as u16;
            i += 1;
        }
        KeyFlags(bits)
    }

    /// Whether one property is in the set.
    pub const fn has(self, flag: KeyFlag) -> bool {
        self.0 >> flag as u16 & 1 == 1
    }

    /// Names in reply order.
    pub fn names(self) -> impl Iterator<Item = &'static str> + Clone {
        NAMES.iter().enumerate().filter(move |(i, _)| self.0 >> i & 1 == 1).map(|(_, name)| *name)
    }
}

/// Where the keys of a spec begin.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Begin {
    /// At this argument; the command's name is 0.
    Index(u8),
    /// After this word, looked for from an argument onwards, or backwards from the end if negative.
    Keyword(&'static str, i8),
    /// Nobody can say.
    Unknown,
}

/// Which arguments from there on are keys.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Find {
    /// Every so many arguments up to a last one.
    Range {
        /// The last key: relative to the first, or from the end if negative (-1 is the last argument).
        last: i16,
        /// From one key to the next.
        step: u8,
        /// With a negative `last`: only the first 1/n of what follows, if n > 1.
        limit: u8,
    },
    /// As many as an argument says.
    Keynum {
        /// Where the number stands, counted from the beginning.
        num: u8,
        /// Where the first key stands, counted from the beginning.
        first: u8,
        /// From one key to the next.
        step: u8,
    },
    /// Nobody can say.
    Unknown,
}

/// One run of keys.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KeySpec {
    /// How they are accessed.
    pub flags: KeyFlags,
    /// Where they begin.
    pub begin: Begin,
    /// Which they are.
    pub find: Find,
}

/// One key found: its argument's index, and how it is accessed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KeyRef {
    /// Index among the arguments, the command's name being 0.
    pub index: u32,
    /// How it is accessed.
    pub flags: KeyFlags,
}

/// Finds keys that specs cannot, or with flags that depend on arguments. False: the arguments make no sense.
pub type GetKeys = fn(Args<'_>, &mut Vec<KeyRef>) -> bool;

/// A single key at an argument.
pub const fn first(index: u8, flags: &[KeyFlag]) -> KeySpec {
    span(index, 0, 1, flags)
}

/// Keys that nobody can find by a spec.
pub const fn unknown(flags: &[KeyFlag]) -> KeySpec {
    KeySpec { flags: KeyFlags::of(flags), begin: Begin::Unknown, find: Find::Unknown }
}

/// All arguments from `index` to `last`.
pub const fn range(index: u8, last: i16, flags: &[KeyFlag]) -> KeySpec {
    span(index, last, 1, flags)
}

/// Every `step`-th argument from `index` to `last`.
pub const fn span(index: u8, last: i16, step: u8, flags: &[KeyFlag]) -> KeySpec {
    KeySpec {
        flags: KeyFlags::of(flags),
        begin: Begin::Index(index),
        find: Find::Range { last, step, limit: 0 },
    }
}

/// As many keys as the argument at `index` says, right behind it.
pub const fn keynum(index: u8, flags: &[KeyFlag]) -> KeySpec {
    counted(index, 1, flags)
}

/// As many keys as the argument at `index` says, the first right behind it, then every `step`-th argument.
pub const fn counted(index: u8, step: u8, flags: &[KeyFlag]) -> KeySpec {
    KeySpec {
        flags: KeyFlags::of(flags),
        begin: Begin::Index(index),
        find: Find::Keynum { num: 0, first: 1, step },
    }
}

/// The argument after a word, which is looked for from an argument on.
pub const fn after(word: &'static str, from: i8, flags: &[KeyFlag]) -> KeySpec {
    KeySpec {
        flags: KeyFlags::of(flags),
        begin: Begin::Keyword(word, from),
        find: Find::Range { last: 0, step: 1, limit: 0 },
    }
}

impl KeySpec {
    /// The one argument that is a key whatever the others are; 0 if there may be more.
    pub(super) const fn only_key(&self) -> u8 {
        match (self.begin, self.find) {
            (Begin::Index(at), Find::Range { last: 0, .. }) if !self.flags.has(KeyFlag::NotKey) => at,
            _ => 0,
        }
    }

    /// Whether arithmetic on the argument count alone finds the keys.
    pub(super) const fn is_range(&self) -> bool {
        matches!((self.begin, self.find), (Begin::Index(_), Find::Range { .. }))
    }
}

/// First, last and step for clients that know nothing of key specs. A range that starts right after the
/// one before it extends that; anything else after the first range is left out.
pub(super) fn legacy_range(specs: &[KeySpec]) -> (i64, i64, i64) {
    let ranges = specs.iter().filter_map(|spec| match (spec.begin, spec.find) {
        (Begin::Index(at), Find::Range { last, step, .. }) => {
            let last = if last >= 0 { i64::from(at) + i64::from(last) } else { i64::from(last) };
            Some((i64::from(at), last, i64::from(step)))
        }
        _ => None,
    });
    let mut ranges = ranges.into_iter();
    let Some(mut whole) = ranges.next() else {
        return (0, 0, 0);
    };
    for (at, last, step) in ranges {
        if whole.2 != step || whole.1 < 0 || at != whole.1 + 1 {
            break;
        }
        whole.1 = last;
    }
    whole
}
