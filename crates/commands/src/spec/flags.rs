//! Command flags, in the order in which `COMMAND INFO` lists them.

/// One flag of a command.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Flag {
    /// May change data.
    Write,
    /// Reads data, never changes it.
    Readonly,
    /// May need more memory: refused when none is left.
    Denyoom,
    /// Comes from a module.
    Module,
    /// For operators.
    Admin,
    /// About channels.
    Pubsub,
    /// Not from scripts.
    Noscript,
    /// May block the client.
    Blocking,
    /// Allowed while loading.
    Loading,
    /// Allowed on a replica with stale data.
    Stale,
    /// Not shown by MONITOR.
    SkipMonitor,
    /// Not in the slow log (as Redis 7.0 names it).
    SkipSlowlog,
    /// Not in the command logs (as Valkey names it).
    SkipCommandlog,
    /// Carries an ASKING of its own.
    Asking,
    /// Constant or logarithmic time.
    Fast,
    /// Allowed before authentication.
    NoAuth,
    /// May feed replicas without being a write.
    MayReplicate,
    /// Allowed in Sentinel mode.
    Sentinel,
    /// Only in Sentinel mode.
    OnlySentinel,
    /// Its key arguments may be absent.
    NoMandatoryKeys,
    /// Needs a protecting directive to be opened.
    Protected,
    /// Not while a replica loads beside the old data.
    NoAsyncLoading,
    /// Not inside MULTI.
    NoMulti,
    /// Keys are not all at fixed places.
    Movablekeys,
    /// Allowed while a script runs long.
    AllowBusy,
    /// Touches keys that its arguments do not name.
    TouchesArbitraryKeys,
    /// Works on every database.
    AllDbs,
    /// May still change.
    Experimental,
}

const NAMES: [&str; 28] = [
    "write",
    "readonly",
    "denyoom",
    "module",
    "admin",
    "pubsub",
    "noscript",
    "blocking",
    "loading",
    "stale",
    "skip_monitor",
    "skip_slowlog",
    "skip_commandlog",
    "asking",
    "fast",
    "no_auth",
    "may_replicate",
    "sentinel",
    "only_sentinel",
    "no_mandatory_keys",
    "protected",
    "no_async_loading",
    "no_multi",
    "movablekeys",
    "allow_busy",
    "touches_arbitrary_keys",
    "all_dbs",
    "experimental",
];

/// Flags that only the server itself looks at.
const HIDDEN: Flags = Flags::of(&[
    Flag::MayReplicate,
    Flag::Sentinel,
    Flag::OnlySentinel,
    Flag::Protected,
    Flag::TouchesArbitraryKeys,
    Flag::AllDbs,
    Flag::Experimental,
]);

/// A set of flags.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Flags(u32);

impl Flags {
    /// No flag.
    pub const NONE: Flags = Flags(0);

    /// The set of these.
    pub const fn of(flags: &[Flag]) -> Flags {
        let (mut bits, mut i) = (0, 0);
        while i < flags.len() {
            bits |= 1 << flags[i] as u32;
            i += 1;
        }
        Flags(bits)
    }

    /// Whether one flag is in the set.
    pub const fn has(self, flag: Flag) -> bool {
        self.0 >> flag as u32 & 1 == 1
    }

    /// The set with one more flag.
    pub const fn and(self, flag: Flag) -> Flags {
        Flags(self.0 | 1 << flag as u32)
    }

    /// Whether the sets share a flag.
    pub const fn any(self, other: Flags) -> bool {
        self.0 & other.0 != 0
    }

    /// The flags of either; EXEC is checked with those of all that is queued.
    pub const fn union(self, other: Flags) -> Flags {
        Flags(self.0 | other.0)
    }

    /// Names of all flags, hidden ones too, in reply order.
    pub fn names(self) -> impl Iterator<Item = &'static str> + Clone {
        NAMES.iter().enumerate().filter(move |(i, _)| self.0 >> i & 1 == 1).map(|(_, name)| *name)
    }

    /// Names of the flags that `COMMAND INFO` shows, in its order.
    pub fn shown(self) -> impl Iterator<Item = &'static str> + Clone {
        Flags(self.0 & !HIDDEN.0).names()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_enum() {
        assert_eq!(
            Flags::of(&[Flag::Experimental, Flag::Write]).names().collect::<Vec<_>>(),
            ["write", "experimental"]
        );
        assert_eq!(Flags::of(&[Flag::Asking, Flag::Protected]).shown().collect::<Vec<_>>(), ["asking"]);
    }
}
