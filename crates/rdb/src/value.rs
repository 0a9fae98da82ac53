//! A value that was read.

use ds::{Entry, NewString, Object, StrRef};

/// A value that was read.
#[derive(Clone, Debug)]
pub enum Value {
    /// A string.
    Text(Vec<u8>),
    /// Anything that has elements.
    Object(Object),
}

impl Value {
    /// The value under a key; canonical integers become numbers. `expiry` in milliseconds since the Unix epoch.
    pub fn into_entry(self, key: &[u8], expiry: Option<u64>) -> Entry {
        match self {
            Value::Object(object) => Entry::object(key, object, expiry),
            Value::Text(text) => {
                let string = match StrRef::compact(&text) {
                    StrRef::Int(n) => NewString::Int(n),
                    StrRef::Bytes(bytes) => NewString::Bytes(bytes),
                };
                Entry::string(key, string, expiry)
            }
        }
    }
}
