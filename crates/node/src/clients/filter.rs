//! The conditions of CLIENT LIST and CLIENT KILL (Redis 7.0's, and those Valkey 9.1 added).

use super::{Card, CardFlags, line};
use base::num::parse_i64;
use resp::Args;
use std::sync::atomic::Ordering::Relaxed;

/// `TYPE` of a client.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ClientKind {
    /// Ordinary.
    Normal,
    /// Our primary's link.
    Primary,
    /// A replica's link.
    Replica,
    /// In a subscription.
    PubSub,
}

impl ClientKind {
    fn parse(text: &[u8]) -> Option<ClientKind> {
        let kinds: [(&[u8], ClientKind); 6] = [
            (b"normal", ClientKind::Normal),
            (b"master", ClientKind::Primary),
            (b"primary", ClientKind::Primary),
            (b"slave", ClientKind::Replica),
            (b"replica", ClientKind::Replica),
            (b"pubsub", ClientKind::PubSub),
        ];
        kinds.iter().find(|(name, _)| text.eq_ignore_ascii_case(name)).map(|(_, kind)| *kind)
    }
}

#[derive(Debug)]
enum Condition {
    Ids(Vec<u64>),
    Kind(ClientKind),
    User,
    Addr(Vec<u8>),
    LocalAddr(Vec<u8>),
    Ip(Vec<u8>),
    MaxAge(u64),
    Idle(u64),
    Name(Vec<u8>),
    LibName(Vec<u8>),
    LibVer(Vec<u8>),
    Db(u32),
    Flags(String),
}

/// Conditions that must all hold.
#[derive(Default, Debug)]
pub struct Filter {
    conditions: Vec<(bool, Condition)>,
    /// `SKIPME`, if it was given.
    pub skip_me: Option<bool>,
}

impl Filter {
    /// Adds a condition; used by the old form of CLIENT KILL.
    pub fn by_addr(addr: &[u8]) -> Filter {
        Filter { conditions: vec![(true, Condition::Addr(addr.to_vec()))], skip_me: Some(false) }
    }

    /// Reads `option value` pairs. The error is the text after `ERR `.
    pub fn parse(args: Args<'_>, databases: u32) -> Result<Filter, String> {
        let mut filter = Filter::default();
        let mut at = 0;
        while at < args.len() {
            let option = args[at].to_ascii_uppercase();
            let Some(value) = args.get(at + 1) else { return Err("syntax error".into()) };
            at += 2;
            if option == b"SKIPME" {
                filter.skip_me = Some(yes_or_no(value)?);
                continue;
            }
            let (wanted, name) = match option.strip_prefix(b"NOT-") {
                Some(name) => (false, name),
                None => (true, &option[..]),
            };
            let condition = if name == b"ID" {
                let (ids, end) = ids(args, at - 1)?;
                at = end;
                Condition::Ids(ids)
            } else {
                condition(name, value, wanted, databases)?
            };
            filter.conditions.push((wanted, condition));
        }
        Ok(filter)
    }

    /// Whether any condition was given.
    pub fn is_empty(&self) -> bool {
        self.conditions.is_empty()
    }

    /// Whether all conditions hold for a client.
    pub fn matches(&self, card: &Card, now_s: u64) -> bool {
        self.conditions.iter().all(|(wanted, condition)| condition.holds(card, now_s) == *wanted)
    }
}

/// There are no links of replication yet.
fn kind_of(card: &Card) -> ClientKind {
    if card.flags().has(CardFlags::PUBSUB) { ClientKind::PubSub } else { ClientKind::Normal }
}

fn yes_or_no(value: &[u8]) -> Result<bool, String> {
    match value.to_ascii_lowercase().as_slice() {
        b"yes" => Ok(true),
        b"no" => Ok(false),
        _ => Err("syntax error".into()),
    }
}

/// Numbers from `at` on, as many as there are; at least one.
fn ids(args: Args<'_>, at: usize) -> Result<(Vec<u64>, usize), String> {
    let mut ids = Vec::new();
    let mut end = at;
    while let Some(text) = args.get(end) {
        match parse_i64(text) {
            Some(id) if id > 0 => ids.push(id as u64),
            None if !ids.is_empty() => break,
            _ => return Err("client-id should be greater than 0".into()),
        }
        end += 1;
    }
    Ok((ids, end))
}

fn condition(name: &[u8], value: &[u8], wanted: bool, databases: u32) -> Result<Condition, String> {
    let number = |what: &str| match parse_i64(value) {
        Some(n) if n > 0 => Ok(n as u64),
        Some(_) => Err(format!("{what} should be greater than 0")),
        None => Err(format!("{what} is not an integer or out of range")),
    };
    Ok(match name {
        b"TYPE" => Condition::Kind(
            ClientKind::parse(value)
                .ok_or_else(|| format!("Unknown client type '{}'", String::from_utf8_lossy(value)))?,
        ),
        b"USER" if value == b"default" => Condition::User,
        b"USER" => return Err(format!("No such user '{}'", String::from_utf8_lossy(value))),
        b"ADDR" => Condition::Addr(value.to_vec()),
        b"LADDR" => Condition::LocalAddr(value.to_vec()),
        b"IP" => Condition::Ip(value.to_vec()),
        b"MAXAGE" => Condition::MaxAge(number("maxage")?),
        b"IDLE" => Condition::Idle(number("idle")?),
        b"NAME" => Condition::Name(value.to_vec()),
        b"LIB-NAME" => Condition::LibName(value.to_vec()),
        b"LIB-VER" => Condition::LibVer(value.to_vec()),
        b"DB" => match parse_i64(value) {
            Some(n) if n >= 0 && n < i64::from(databases) => Condition::Db(n as u32),
            _ => {
                let not = if wanted { "" } else { "NOT-" };
                return Err(format!("{not}DB number should be between 0 and {}", databases - 1));
            }
        },
        b"FLAGS" => Condition::Flags(flags(value, wanted)?),
        _ => return Err("syntax error".into()),
    })
}

fn flags(value: &[u8], wanted: bool) -> Result<String, String> {
    let text = String::from_utf8_lossy(value).into_owned();
    if text.chars().all(|c| "NSOMPxbtRBdcuAUreTiIE".contains(c)) {
        return Ok(text);
    }
    let which = if wanted { "the provided" } else { "the NOT-FLAGS" };
    Err(format!("Unknown flags found in {which} filter: {text}"))
}

impl Condition {
    fn holds(&self, card: &Card, now_s: u64) -> bool {
        match self {
            Condition::Ids(ids) => ids.contains(&card.id),
            Condition::Kind(kind) => *kind == kind_of(card),
            Condition::User => true,
            Condition::Addr(addr) => card.addr.as_bytes() == addr,
            Condition::LocalAddr(addr) => card.laddr.as_bytes() == addr,
            Condition::Ip(ip) => card.addr.rsplit_once(':').is_some_and(|(host, _)| host.as_bytes() == ip),
            Condition::MaxAge(age) => now_s.saturating_sub(card.created_s) >= *age,
            Condition::Idle(idle) => now_s.saturating_sub(card.active_s.load(Relaxed)) >= *idle,
            Condition::Name(name) => card.names().name == *name,
            Condition::LibName(name) => card.names().lib_name == *name,
            Condition::LibVer(version) => card.names().lib_ver == *version,
            Condition::Db(db) => card.db.load(Relaxed) == *db,
            Condition::Flags(flags) => {
                let letters = line::flag_letters(card.flags());
                flags.chars().all(|c| letters.contains(c))
            }
        }
    }
}
