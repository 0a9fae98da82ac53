//! What DUMP answers: a value, the version it is written in, and a checksum of both.
//!
//! ```text
//! type 1 | value | version 2 | CRC64 of everything before 8
//! ```

use crate::cursor::Cursor;
use crate::fault::Fault;
use crate::form::{Dialect, Form};
use crate::read::{Loading, Rules};
use crate::value::Value;
use crate::write::{Reader, Writer};
use base::crc::crc64;
use ds::ValueRef;

const VERSION: usize = 2;
const CHECKSUM: usize = 8;

/// Whether the checksum of a payload is looked at: tests of damaged payloads do without.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Checksum {
    /// It must be right.
    Verified,
    /// It may be anything.
    Ignored,
}

/// Version or checksum of a payload are wrong, or it has no room for them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("version or checksum are wrong")]
pub struct BadPayload;

/// A payload whose footer is right.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Payload<'a> {
    /// Type and value.
    pub body: &'a [u8],
    /// The version that the footer states.
    pub version: u16,
    /// Whose version that is.
    pub dialect: Dialect,
}

impl<'a> Payload<'a> {
    /// Looks at the footer.
    pub fn open(bytes: &'a [u8], checksum: Checksum) -> Result<Payload<'a>, BadPayload> {
        let (rest, crc) = bytes.split_last_chunk::<CHECKSUM>().ok_or(BadPayload)?;
        let (body, version) = rest.split_last_chunk::<VERSION>().ok_or(BadPayload)?;
        let version = u16::from_le_bytes(*version);
        let dialect = Dialect::of(version).ok_or(BadPayload)?;
        if checksum == Checksum::Verified && crc64(0, rest) != u64::from_le_bytes(*crc) {
            return Err(BadPayload);
        }
        Ok(Payload { body, version, dialect })
    }

    /// What servers call the form of the value in their logs.
    pub fn form_name(self) -> &'static str {
        let form = self.body.first().and_then(|number| Form::of(*number, self.dialect).ok());
        form.map_or("Type", Form::name)
    }

    /// Reads the value, all of it and nothing else.
    pub fn value(self, rules: &Rules) -> Result<Value, Fault> {
        let mut from = Cursor::new(self.body);
        let mut loading = Loading::begin(from.byte()?, self.dialect)?;
        if !loading.read(&mut from, rules)? {
            return Err(Fault::Short);
        }
        if from.left() > 0 {
            return Err(Fault::Bad("bytes follow the value"));
        }
        loading.finish(rules)
    }
}

/// Appends the payload of a value. Strings are compressed if `compress` says so.
pub fn dump(value: &ValueRef<'_>, compress: bool, reader: Reader, out: &mut Vec<u8>) {
    let start = out.len();
    let version = Writer::new(out, compress, reader).value(value);
    out.extend_from_slice(&version.to_le_bytes());
    let crc = crc64(0, &out[start..]);
    out.extend_from_slice(&crc.to_le_bytes());
}

/// Why a payload is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refused {
    /// Its footer is wrong.
    #[error(transparent)]
    Footer(#[from] BadPayload),
    /// Its value is.
    #[error(transparent)]
    Value(#[from] Fault),
}

/// The value of a payload.
pub fn restore(bytes: &[u8], checksum: Checksum, rules: &Rules) -> Result<Value, Refused> {
    Ok(Payload::open(bytes, checksum)?.value(rules)?)
}
