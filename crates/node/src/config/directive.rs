//! One row of the table.

use super::kind::Kind;
use super::number::Unit;

/// What the table knows of one directive (spec `config.md` §5).
#[derive(Clone, Copy, Debug)]
pub struct Directive {
    /// The name that Redis 7.0 and Valkey 9 both read; `CONFIG REWRITE` writes it.
    pub name: &'static str,
    /// Other names, listed by globs as entries of their own.
    pub aliases: &'static [&'static str],
    /// Names that Redis 7.0 does not know: looked up, but not listed by globs, so that a client of 7.0 sees
    /// the list of 7.0.
    pub later: &'static [&'static str],
    /// Type and range.
    pub kind: Kind,
    /// The default as it would stand in a file.
    pub default: &'static str,
    /// Only set at startup.
    pub immutable: bool,
    /// Settable only where `enable-protected-configs` allows it.
    pub protected: bool,
    /// Not settable while a data set is loaded.
    pub not_loading: bool,
    /// Not listed by globs.
    pub hidden: bool,
    /// The value is kept out of logs.
    pub secret: bool,
}

impl Directive {
    /// Whether `name`, in lower case, is one of the directive's names.
    pub fn has_name(&self, name: &str) -> bool {
        self.names().any(|n| n == name)
    }

    /// Every name, the primary one first.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + use<> {
        std::iter::once(self.name).chain(self.aliases.iter().copied()).chain(self.later.iter().copied())
    }

    pub(super) const fn alias(mut self, aliases: &'static [&'static str]) -> Directive {
        self.aliases = aliases;
        self
    }

    pub(super) const fn later(mut self, later: &'static [&'static str]) -> Directive {
        self.later = later;
        self
    }

    pub(super) const fn immutable(mut self) -> Directive {
        self.immutable = true;
        self
    }

    pub(super) const fn protected(mut self) -> Directive {
        self.protected = true;
        self
    }

    pub(super) const fn not_loading(mut self) -> Directive {
        self.not_loading = true;
        self
    }

    pub(super) const fn hidden(mut self) -> Directive {
        self.hidden = true;
        self
    }

    pub(super) const fn secret(mut self) -> Directive {
        self.secret = true;
        self
    }
}

/// A mutable row without aliases.
pub(super) const fn row(name: &'static str, kind: Kind, default: &'static str) -> Directive {
    Directive {
        name,
        aliases: &[],
        later: &[],
        kind,
        default,
        immutable: false,
        protected: false,
        not_loading: false,
        hidden: false,
        secret: false,
    }
}

pub(super) const INT_MAX: i128 = i32::MAX as i128;
pub(super) const INT_MIN: i128 = i32::MIN as i128;
pub(super) const UINT_MAX: i128 = u32::MAX as i128;
pub(super) const LONG_MAX: i128 = i64::MAX as i128;
pub(super) const U64_MAX: i128 = u64::MAX as i128;

/// A whole number from `min` to `max`.
pub(super) const fn int(min: i128, max: i128) -> Kind {
    Kind::Number { min, max, unit: Unit::None }
}

/// Bytes, with the units of §1.
pub(super) const fn memory(min: i128, max: i128) -> Kind {
    Kind::Number { min, max, unit: Unit::Memory }
}

/// A TCP port, 0 for none.
pub(super) const PORT: Kind = int(0, 65535);
