//! The classes of `notify-keyspace-events`.

use commands::{Class, Classes};
use std::fmt;

/// A set of event classes.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Events(u16);

/// Letter of each class, in the order in which they are printed. `E` and `K` come before `m`, as in Redis.
const LETTERS: [(u8, Events); 14] = [
    (b'g', Events::GENERIC),
    (b'$', Events::STRING),
    (b'l', Events::LIST),
    (b's', Events::SET),
    (b'h', Events::HASH),
    (b'z', Events::ZSET),
    (b'x', Events::EXPIRED),
    (b'e', Events::EVICTED),
    (b't', Events::STREAM),
    (b'd', Events::MODULE),
    (b'n', Events::NEW),
    (b'K', Events::KEYSPACE),
    (b'E', Events::KEYEVENT),
    (b'm', Events::KEY_MISS),
];

impl Events {
    /// `K`: publish to `__keyspace@db__:key`.
    pub const KEYSPACE: Events = Events(1);
    /// `E`: publish to `__keyevent@db__:event`.
    pub const KEYEVENT: Events = Events(1 << 1);
    /// `g`: DEL, EXPIRE, RENAME and the like.
    pub const GENERIC: Events = Events(1 << 2);
    /// `$`
    pub const STRING: Events = Events(1 << 3);
    /// `l`
    pub const LIST: Events = Events(1 << 4);
    /// `s`
    pub const SET: Events = Events(1 << 5);
    /// `h`
    pub const HASH: Events = Events(1 << 6);
    /// `z`
    pub const ZSET: Events = Events(1 << 7);
    /// `x`
    pub const EXPIRED: Events = Events(1 << 8);
    /// `e`
    pub const EVICTED: Events = Events(1 << 9);
    /// `t`
    pub const STREAM: Events = Events(1 << 10);
    /// `m`, not in `A`
    pub const KEY_MISS: Events = Events(1 << 11);
    /// `d`
    pub const MODULE: Events = Events(1 << 12);
    /// `n`, not in `A`
    pub const NEW: Events = Events(1 << 13);
    /// `A`
    pub const ALL: Events = Events(0x7fc | 1 << 12);

    /// Whether every class of `other` is in the set.
    pub fn contains(self, other: Events) -> bool {
        self.0 & other.0 == other.0
    }

    /// What commands must tell of. None if it would be published nowhere.
    pub fn classes(self) -> Classes {
        const EACH: [(Events, Class); 12] = [
            (Events::GENERIC, Class::Generic),
            (Events::STRING, Class::String),
            (Events::LIST, Class::List),
            (Events::SET, Class::Set),
            (Events::HASH, Class::Hash),
            (Events::ZSET, Class::SortedSet),
            (Events::EXPIRED, Class::Expired),
            (Events::EVICTED, Class::Evicted),
            (Events::STREAM, Class::Stream),
            (Events::KEY_MISS, Class::KeyMiss),
            (Events::MODULE, Class::Module),
            (Events::NEW, Class::New),
        ];
        if !self.contains(Events::KEYSPACE) && !self.contains(Events::KEYEVENT) {
            return Classes::NONE;
        }
        let wanted: Vec<Class> =
            EACH.iter().filter(|(event, _)| self.contains(*event)).map(|(_, class)| *class).collect();
        Classes::of(&wanted)
    }

    /// Whether no class is in the set.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Both sets in one.
    pub fn with(self, other: Events) -> Events {
        Events(self.0 | other.0)
    }

    /// Reads letters; `None` if one is not a class.
    pub fn parse(text: &[u8]) -> Option<Events> {
        text.iter().try_fold(Events::default(), |set, b| {
            let class = match b {
                b'A' => Events::ALL,
                b => LETTERS.iter().find(|(letter, _)| letter == b)?.1,
            };
            Some(set.with(class))
        })
    }
}

impl fmt::Display for Events {
    /// As `CONFIG GET` shows it: Redis leaves `n` out beside `A`, and so does this.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = if self.contains(Events::ALL) { Events(self.0 & !Events::NEW.0) } else { *self };
        f.write_str(&shown.letters())
    }
}

impl Events {
    /// Every class, `n` beside `A` too, so that a rewritten file loses none.
    pub(super) fn letters(self) -> String {
        let all = self.contains(Events::ALL);
        let told = |class| self.contains(class) && !(all && Events::ALL.contains(class));
        let letters = LETTERS.iter().filter(|(_, class)| told(*class)).map(|(letter, _)| char::from(*letter));
        all.then_some('A').into_iter().chain(letters).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &str) {
        assert_eq!(Events::parse(text.as_bytes()).expect("classes").to_string(), expect, "{text}");
    }

    #[test]
    fn printed_as_redis_prints_them() {
        check("", "");
        check("KEA", "AKE");
        check("gKEA", "AKE");
        check("Kgn", "gnK");
        check("A", "A");
        check("mKd", "dKm");
        check("Am", "Am");
        check("KEg$lshzxetd", "AKE");
        check("mntezxhsl$gEK", "g$lshzxetnKEm");
        check("KEAn", "AKE");
        assert_eq!(Events::parse(b"KEAn").expect("classes").letters(), "AnKE");
        assert_eq!(Events::parse(b"foo"), None);
    }
}
