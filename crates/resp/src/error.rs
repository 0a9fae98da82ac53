//! What a client can get wrong below the level of commands.

/// Why a connection must be closed. The text goes out as `-ERR ` and the text (spec `resp.md` §1).
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ProtocolError {
    /// A line that is not multibulk passed 64 KiB without its end.
    #[error("Protocol error: too big inline request")]
    InlineTooBig,
    /// The line of `*` passed 64 KiB without its end.
    #[error("Protocol error: too big mbulk count string")]
    MultibulkLineTooBig,
    /// The line of `$` passed 64 KiB without its end.
    #[error("Protocol error: too big bulk count string")]
    BulkLineTooBig,
    /// The number of arguments is not a canonical integer, or above 2^31 - 1.
    #[error("Protocol error: invalid multibulk length")]
    MultibulkLength,
    /// The length of an argument is not canonical, negative, or above the limit.
    #[error("Protocol error: invalid bulk length")]
    BulkLength,
    /// An argument began with this byte.
    #[error("Protocol error: expected '$', got '{}'", visible(*.0))]
    ExpectedBulk(u8),
    /// Too many arguments for a client that nobody authenticated.
    #[error("Protocol error: unauthenticated multibulk length")]
    UnauthenticatedMultibulk,
    /// Too long an argument for a client that nobody authenticated.
    #[error("Protocol error: unauthenticated bulk length")]
    UnauthenticatedBulk,
    /// Quotes of an inline request do not pair.
    #[error("Protocol error: unbalanced quotes in request")]
    UnbalancedQuotes,
    /// A line feed is missing after a carriage return, or both after an argument.
    #[error("Protocol error: invalid CRLF in request")]
    Crlf,
}

/// The byte as the peers echo it, made harmless for a line of text.
fn visible(byte: u8) -> String {
    match byte {
        b'\r' | b'\n' => " ".to_owned(),
        b' '..=b'~' => char::from(byte).to_string(),
        _ => byte.escape_ascii().to_string(),
    }
}
