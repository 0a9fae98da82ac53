//! Arguments as `COMMAND DOCS` shows them.

/// The type of an argument.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ArgKind {
    /// Any bytes.
    Text,
    /// A signed 64-bit integer.
    Integer,
    /// A floating point number.
    Double,
    /// A key.
    Key,
    /// A glob.
    Pattern,
    /// Seconds or milliseconds since 1970.
    UnixTime,
    /// A word without a value.
    Token,
    /// One of the inner arguments.
    Oneof,
    /// All of the inner arguments, in order.
    Block,
}

impl ArgKind {
    /// As it is written in replies.
    pub const fn name(self) -> &'static str {
        match self {
            ArgKind::Text => "string",
            ArgKind::Integer => "integer",
            ArgKind::Double => "double",
            ArgKind::Key => "key",
            ArgKind::Pattern => "pattern",
            ArgKind::UnixTime => "unix-time",
            ArgKind::Token => "pure-token",
            ArgKind::Oneof => "oneof",
            ArgKind::Block => "block",
        }
    }
}

/// One argument, or a group of them.
#[derive(Clone, Copy, Debug)]
pub struct Arg {
    /// Name in documentation.
    pub name: &'static str,
    /// Its type.
    pub kind: ArgKind,
    /// The word before it, or the word that it is.
    pub token: Option<&'static str>,
    /// What usage texts show in place of the name.
    pub display: Option<&'static str>,
    /// Which key spec finds it.
    pub key_spec: Option<u8>,
    /// Version that added it, if later than the command.
    pub since: Option<&'static str>,
    /// May be left out.
    pub optional: bool,
    /// May be repeated.
    pub multiple: bool,
    /// Repeated with its token each time.
    pub multiple_token: bool,
    /// Arguments inside a oneof or block.
    pub inner: &'static [Arg],
}

/// The usual first argument: `key`, found by the first key spec.
pub const KEY: Arg = typed("key", ArgKind::Key).of_spec(0);

/// An argument of any type.
pub const fn typed(name: &'static str, kind: ArgKind) -> Arg {
    Arg {
        name,
        kind,
        token: None,
        display: None,
        key_spec: None,
        since: None,
        optional: false,
        multiple: false,
        multiple_token: false,
        inner: &[],
    }
}

/// A string argument.
pub const fn text(name: &'static str) -> Arg {
    typed(name, ArgKind::Text)
}

/// An integer argument.
pub const fn int(name: &'static str) -> Arg {
    typed(name, ArgKind::Integer)
}

/// A word without a value.
pub const fn flag(name: &'static str, token: &'static str) -> Arg {
    typed(name, ArgKind::Token).after(token)
}

/// A choice.
pub const fn oneof(name: &'static str, inner: &'static [Arg]) -> Arg {
    let mut arg = typed(name, ArgKind::Oneof);
    arg.inner = inner;
    arg
}

/// Arguments that go together.
pub const fn block(name: &'static str, inner: &'static [Arg]) -> Arg {
    let mut arg = typed(name, ArgKind::Block);
    arg.inner = inner;
    arg
}

impl Arg {
    /// Introduced by this word.
    pub const fn after(mut self, token: &'static str) -> Arg {
        self.token = Some(token);
        self
    }

    /// Shown under another name in usage texts.
    pub const fn shown_as(mut self, display: &'static str) -> Arg {
        self.display = Some(display);
        self
    }

    /// Found by the key spec of this index.
    pub const fn of_spec(mut self, index: u8) -> Arg {
        self.key_spec = Some(index);
        self
    }

    /// Added in this version.
    pub const fn since(mut self, version: &'static str) -> Arg {
        self.since = Some(version);
        self
    }

    /// May be left out.
    pub const fn optional(mut self) -> Arg {
        self.optional = true;
        self
    }

    /// May be repeated.
    pub const fn multiple(mut self) -> Arg {
        self.multiple = true;
        self
    }

    /// May be repeated, its token each time.
    pub const fn multiple_token(mut self) -> Arg {
        self.multiple = true;
        self.multiple_token = true;
        self
    }
}
