//! What scripts and functions say of themselves.

/// Flags, in the order in which replies list them.
const NAMES: [&str; 5] = ["no-writes", "allow-oom", "allow-stale", "no-cluster", "allow-cross-slot-keys"];

/// A set of flags.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Flags(u8);

impl Flags {
    /// It writes nothing.
    pub const NO_WRITES: Flags = Flags(1);
    /// It may run when no memory is left.
    pub const ALLOW_OOM: Flags = Flags(1 << 1);
    /// It may run on a replica with stale data.
    pub const ALLOW_STALE: Flags = Flags(1 << 2);
    /// It does not run in a cluster.
    pub const NO_CLUSTER: Flags = Flags(1 << 3);
    /// Its keys may be in several slots.
    pub const ALLOW_CROSS_SLOT_KEYS: Flags = Flags(1 << 4);

    /// The flag of a name.
    pub fn named(name: &[u8]) -> Option<Flags> {
        let at = NAMES.iter().position(|known| known.as_bytes() == name)?;
        Some(Flags(1 << at))
    }

    /// Those of both.
    #[must_use]
    pub fn with(self, other: Flags) -> Flags {
        Flags(self.0 | other.0)
    }

    /// Whether all of another's are in it.
    pub fn has(self, other: Flags) -> bool {
        self.0 & other.0 == other.0
    }

    /// Their names.
    pub fn names(self) -> impl ExactSizeIterator<Item = &'static str> {
        let set: Vec<&str> =
            NAMES.iter().enumerate().filter(|(i, _)| self.0 >> i & 1 == 1).map(|(_, name)| *name).collect();
        set.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let all = NAMES.map(|name| Flags::named(name.as_bytes()).expect("known"));
        assert_eq!(all[4], Flags::ALLOW_CROSS_SLOT_KEYS);
        let both = all[2].with(all[0]);
        assert_eq!(both.names().collect::<Vec<_>>(), ["no-writes", "allow-stale"]);
        assert!(both.has(Flags::NO_WRITES) && !both.has(Flags::NO_CLUSTER));
        assert_eq!((Flags::named(b"NO-WRITES"), Flags::named(b"")), (None, None));
    }
}
