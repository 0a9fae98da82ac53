//! The forms in which values are stored: the numbers of RDB's types.

use crate::fault::Fault;

/// Versions that are read: of Redis up to this one, and one of Valkey.
const REDIS_MAX: u16 = 12;
const VALKEY: u16 = 80;

/// The version of the forms that everything since Redis 7.0 reads.
pub(crate) const PLAIN_VERSION: u16 = 10;
/// The version of the forms that lose nothing.
pub(crate) const FULL_VERSION: u16 = VALKEY;

/// Which family wrote a value: one number means a type of each.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Dialect {
    /// Redis, and Valkey before it had versions of its own.
    Redis,
    /// Valkey 9 and later.
    Valkey,
}

impl Dialect {
    /// Of a version; `None` if it is not one that is read.
    pub fn of(version: u16) -> Option<Dialect> {
        match version {
            1..=REDIS_MAX => Some(Dialect::Redis),
            VALKEY => Some(Dialect::Valkey),
            _ => None,
        }
    }
}

/// How a value is laid out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Form {
    String,
    /// Count, elements.
    List,
    /// Count, members.
    Set,
    /// Count, members with scores as text.
    ZsetText,
    /// Count, fields with values.
    Hash,
    /// Count, members with scores of eight bytes, from the highest down.
    Zset,
    HashZipmap,
    ListZiplist,
    Intset,
    ZsetZiplist,
    HashZiplist,
    /// Count, ziplists.
    ListZiplists,
    /// A stream; the number says which counters it has.
    Stream(u8),
    HashPack,
    ZsetPack,
    /// Count, nodes: a listpack or one long element.
    ListNodes,
    SetPack,
    /// Count, fields with values and their expiry, behind the value (Valkey).
    HashExpiryLast,
    /// Count, fields with values and their expiry, before the field. An early Redis 7.4.
    HashExpiryFirst,
    /// A listpack of fields, values and expiries. An early Redis 7.4.
    HashPackExpiry,
    /// The least expiry, count, fields with values and what their expiry adds to the least (Redis).
    HashExpiryBased,
    /// The least expiry, a listpack of fields, values and expiries (Redis).
    HashPackExpiryBased,
}

impl Form {
    pub const STRING: u8 = 0;
    pub const LIST: u8 = 1;
    pub const SET: u8 = 2;
    pub const HASH: u8 = 4;
    pub const ZSET: u8 = 5;
    pub const INTSET: u8 = 11;
    pub const HASH_PACK: u8 = 16;
    pub const ZSET_PACK: u8 = 17;
    pub const LIST_NODES: u8 = 18;
    pub const STREAM_2: u8 = 19;
    pub const SET_PACK: u8 = 20;
    pub const STREAM_3: u8 = 21;
    pub const HASH_EXPIRY_LAST: u8 = 22;

    pub fn of(number: u8, dialect: Dialect) -> Result<Form, Fault> {
        Ok(match (number, dialect) {
            (Self::STRING, _) => Form::String,
            (Self::LIST, _) => Form::List,
            (Self::SET, _) => Form::Set,
            (3, _) => Form::ZsetText,
            (Self::HASH, _) => Form::Hash,
            (Self::ZSET, _) => Form::Zset,
            (6 | 7, _) => return Err(Fault::Module),
            (9, _) => Form::HashZipmap,
            (10, _) => Form::ListZiplist,
            (Self::INTSET, _) => Form::Intset,
            (12, _) => Form::ZsetZiplist,
            (13, _) => Form::HashZiplist,
            (14, _) => Form::ListZiplists,
            (15, _) => Form::Stream(1),
            (Self::HASH_PACK, _) => Form::HashPack,
            (Self::ZSET_PACK, _) => Form::ZsetPack,
            (Self::LIST_NODES, _) => Form::ListNodes,
            (Self::STREAM_2, _) => Form::Stream(2),
            (Self::SET_PACK, _) => Form::SetPack,
            (Self::STREAM_3, _) => Form::Stream(3),
            (Self::HASH_EXPIRY_LAST, Dialect::Valkey) => Form::HashExpiryLast,
            (22, Dialect::Redis) => Form::HashExpiryFirst,
            (23, Dialect::Redis) => Form::HashPackExpiry,
            (24, Dialect::Redis) => Form::HashExpiryBased,
            (25, Dialect::Redis) => Form::HashPackExpiryBased,
            (other, _) => return Err(Fault::Unknown(other)),
        })
    }

    /// What servers call it in their logs.
    pub fn name(self) -> &'static str {
        match self {
            Form::String => "String",
            Form::List => "List",
            Form::ListZiplist => "List ziplist",
            Form::ListZiplists | Form::ListNodes => "Quicklist",
            Form::Set => "Set",
            Form::SetPack => "Set listpack",
            Form::Intset => "Intset",
            Form::Zset | Form::ZsetText => "Zset",
            Form::ZsetPack => "Zset listpack",
            Form::ZsetZiplist => "Zset ziplist",
            Form::Hash | Form::HashExpiryLast | Form::HashExpiryFirst | Form::HashExpiryBased => "Hash",
            Form::HashPack | Form::HashPackExpiry | Form::HashPackExpiryBased => "Hash listpack",
            Form::HashZiplist => "Hash ziplist",
            Form::HashZipmap => "Zipmap",
            Form::Stream(_) => "Stream listpack",
        }
    }
}
