//! Replies as trees.

/// A reply of either protocol version.
#[derive(Clone, PartialEq, Debug)]
pub enum Value {
    /// `+`
    Simple(Vec<u8>),
    /// `-` or `!`: code and message.
    Error(Vec<u8>),
    /// `:`
    Int(i64),
    /// `$`
    Bulk(Vec<u8>),
    /// `_`, `$-1` and `*-1`.
    Null,
    /// `*`
    Array(Vec<Value>),
    /// `%`
    Map(Vec<(Value, Value)>),
    /// `~`
    Set(Vec<Value>),
    /// `>`
    Push(Vec<Value>),
    /// `,`
    Double(f64),
    /// `#`
    Bool(bool),
    /// `(`: digits.
    BigNumber(Vec<u8>),
    /// `=`
    Verbatim {
        /// Three letters, `txt` for plain.
        format: [u8; 3],
        /// The text after them.
        text: Vec<u8>,
    },
}

impl Value {
    /// The bytes of a string of any kind; not of an error.
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match self {
            Value::Simple(text)
            | Value::Bulk(text)
            | Value::BigNumber(text)
            | Value::Verbatim { text, .. } => Some(text),
            _ => None,
        }
    }

    /// [`Value::as_bytes`] if it is UTF-8.
    pub fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(self.as_bytes()?).ok()
    }

    /// An integer, or a string that is one.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Value::Int(n) => Some(*n),
            other => base::num::parse_i64(other.as_bytes()?),
        }
    }

    /// The elements of an array, set or push.
    pub fn as_array(&self) -> Option<&[Value]> {
        match self {
            Value::Array(items) | Value::Set(items) | Value::Push(items) => Some(items),
            _ => None,
        }
    }

    /// Code and message of an error, invalid UTF-8 replaced.
    pub fn error(&self) -> Option<String> {
        match self {
            Value::Error(text) => Some(String::from_utf8_lossy(text).into_owned()),
            _ => None,
        }
    }

    /// Whether this is the absent value.
    pub fn is_null(&self) -> bool {
        *self == Value::Null
    }

    /// The pairs of a map, or of the flat array that RESP2 has for it.
    pub fn pairs(&self) -> Option<Vec<(&Value, &Value)>> {
        match self {
            Value::Map(pairs) => Some(pairs.iter().map(|(k, v)| (k, v)).collect()),
            Value::Array(items) if items.len() % 2 == 0 => {
                Some(items.chunks_exact(2).map(|kv| (&kv[0], &kv[1])).collect())
            }
            _ => None,
        }
    }

    /// The value under a key of a map, or of the flat array that RESP2 has for it.
    pub fn field(&self, key: &str) -> Option<&Value> {
        self.pairs()?.into_iter().find(|(k, _)| k.as_bytes() == Some(key.as_bytes())).map(|(_, v)| v)
    }
}
