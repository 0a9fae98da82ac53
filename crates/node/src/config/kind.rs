//! Types of directives: how arguments become a value.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use super::events::Events;
use super::limits;
use super::number::{self, Unit};
use super::value::Value;

/// Longest `cluster-announce-hostname`, in bytes.
const HOSTNAME_MAX: usize = 255;

/// Most addresses that `bind` takes.
const BIND_ADDRESSES_MAX: usize = 16;

/// Variables of `proc-title-template`.
const TITLE_VARIABLES: [&str; 7] =
    ["title", "listen-addr", "server-mode", "port", "tls-port", "unixsocket", "config-file"];

/// Type and range of a directive.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// `yes` or `no`.
    Bool,
    /// A whole number.
    Number {
        /// Least value.
        min: i128,
        /// Greatest value.
        max: i128,
        /// How it is written.
        unit: Unit,
    },
    /// One of the words.
    Choice(&'static [&'static str]),
    /// Any of the words but the first, which means none of them.
    Choices(&'static [&'static str]),
    /// Text under a rule.
    Text(Rule),
    /// Addresses to listen on.
    Addresses,
    /// Networks and host names to admit.
    Networks,
    /// Save points.
    Save,
    /// Limits of reply buffers.
    OutputLimits,
    /// Percentiles of latency.
    Percentiles,
    /// Scores for the kernel's out-of-memory killer.
    OomValues,
    /// Classes of keyspace events.
    Events,
    /// `host port`, or `no one`.
    Primary,
}

/// What a text must satisfy.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rule {
    /// Nothing.
    Any,
    /// No directory part.
    FileName,
    /// No directory part, not empty.
    NamedFile,
    /// As `NamedFile`, of a directory.
    NamedDirectory,
    /// A host name.
    Hostname,
    /// An address or host name that fits a bus packet, or nothing.
    Endpoint,
    /// A human node name: printable, no blanks.
    NodeName,
    /// An IPv4 address, or nothing.
    Ipv4,
    /// An IPv6 address, or nothing.
    Ipv6,
    /// Known variables only.
    Title,
    /// `major.minor.patch`.
    Version,
}

impl Kind {
    /// Whether the directive takes any number of arguments.
    pub fn multi(&self) -> bool {
        matches!(
            self,
            Kind::Choices(_)
                | Kind::Addresses
                | Kind::Networks
                | Kind::Save
                | Kind::OutputLimits
                | Kind::Percentiles
                | Kind::OomValues
                | Kind::Primary
        )
    }

    /// Reads a value; errors are Redis's texts. `current` is the value in force, which output buffer limits
    /// build on.
    pub(super) fn parse(&self, args: &[Vec<u8>], current: Option<&Value>) -> Result<Value, String> {
        if self.multi() {
            return match args {
                [one] if !one.is_empty() => {
                    let words: Vec<Vec<u8>> = one.split(|b| *b == b' ').map(<[u8]>::to_vec).collect();
                    self.parse_words(&words, current)
                }
                _ => self.parse_words(args, current),
            };
        }
        let [arg] = args else { return Err("wrong number of arguments".to_owned()) };
        match self {
            Kind::Bool => parse_bool(arg).map(Value::Bool),
            Kind::Number { min, max, unit } => number::parse(arg, *min, *max, *unit).map(Value::Number),
            Kind::Choice(words) => parse_choice(arg, words).map(Value::Choice),
            Kind::Events => Events::parse(arg)
                .map(Value::Events)
                .ok_or_else(|| "Invalid event class character. Use 'Ag$lshzxeKEtmdn'.".to_owned()),
            Kind::Text(rule) => rule.check(arg).map(|()| Value::Text(arg.clone())),
            _ => unreachable!("the other kinds take several arguments"),
        }
    }

    fn parse_words(&self, args: &[Vec<u8>], current: Option<&Value>) -> Result<Value, String> {
        match self {
            Kind::Choices(words) => parse_choices(args, words).map(Value::Choices),
            Kind::Addresses => parse_addresses(args).map(Value::Words),
            Kind::Networks => parse_networks(args).map(Value::Words),
            Kind::Save => limits::parse_save(args).map(Value::Save),
            Kind::OutputLimits => {
                let current = match current {
                    Some(Value::OutputLimits(limits)) => *limits,
                    _ => Default::default(),
                };
                limits::parse_output_limits(args, &current).map(Value::OutputLimits)
            }
            Kind::Percentiles => limits::parse_percentiles(args).map(Value::Percentiles),
            Kind::OomValues => limits::parse_oom_values(args).map(Value::OomValues),
            Kind::Primary => parse_primary(args).map(Value::Primary),
            _ => unreachable!("the other kinds take one argument"),
        }
    }
}

fn parse_bool(arg: &[u8]) -> Result<bool, String> {
    match arg.to_ascii_lowercase().as_slice() {
        b"yes" => Ok(true),
        b"no" => Ok(false),
        _ => Err("argument must be 'yes' or 'no'".to_owned()),
    }
}

fn parse_choice(arg: &[u8], words: &[&str]) -> Result<usize, String> {
    words
        .iter()
        .position(|word| word.as_bytes().eq_ignore_ascii_case(arg))
        .ok_or_else(|| format!("argument(s) must be one of the following: {}", words.join(", ")))
}

/// Bit `i` stands for word `i`; the first word stands for no bit.
fn parse_choices(args: &[Vec<u8>], words: &[&str]) -> Result<u32, String> {
    if args.is_empty() {
        return parse_choice(b"", words).map(|_| 0);
    }
    let mut bits = 0;
    for arg in args {
        bits |= 1 << parse_choice(arg, words)?;
    }
    bits &= !1;
    let bit = |name: &str| words.iter().position(|word| *word == name).map_or(0, |i| 1 << i);
    let both = bit("save") | bit("nosave");
    if both != 0 && bits & both == both {
        return Err("shutdown options SAVE and NOSAVE can't be used simultaneously".to_owned());
    }
    Ok(bits)
}

fn parse_addresses(args: &[Vec<u8>]) -> Result<Vec<Vec<u8>>, String> {
    let words: Vec<Vec<u8>> = args.iter().filter(|word| !word.is_empty()).cloned().collect();
    if words.len() > BIND_ADDRESSES_MAX {
        return Err("Too many bind addresses specified.".to_owned());
    }
    Ok(words)
}

fn parse_networks(args: &[Vec<u8>]) -> Result<Vec<Vec<u8>>, String> {
    let words: Vec<Vec<u8>> = args.iter().filter(|word| !word.is_empty()).cloned().collect();
    if words.len() > cluster::ALLOW_ENTRIES_MAX {
        return Err(format!("more than {} entries", cluster::ALLOW_ENTRIES_MAX));
    }
    for word in &words {
        cluster::AllowEntry::parse(&String::from_utf8_lossy(word))?;
    }
    Ok(words)
}

fn parse_primary(args: &[Vec<u8>]) -> Result<Option<(Vec<u8>, u16)>, String> {
    match args {
        [one] if one.is_empty() => Ok(None),
        [host, port] => {
            if host.eq_ignore_ascii_case(b"no") && port.eq_ignore_ascii_case(b"one") {
                return Ok(None);
            }
            let port = base::num::parse_u64(port).and_then(|n| u16::try_from(n).ok());
            Ok(Some((host.clone(), port.ok_or("Invalid master port")?)))
        }
        _ => Err("wrong number of arguments".to_owned()),
    }
}

impl Rule {
    fn check(self, text: &[u8]) -> Result<(), String> {
        match self {
            Rule::Any => Ok(()),
            Rule::FileName | Rule::NamedFile | Rule::NamedDirectory => self.check_file(text),
            Rule::Hostname => check_hostname(text),
            Rule::Endpoint => check_endpoint(text),
            Rule::NodeName => check_node_name(text),
            Rule::Ipv4 if text.is_empty() || is_address::<Ipv4Addr>(text) => Ok(()),
            Rule::Ipv4 => Err("Invalid IPv4 address".to_owned()),
            Rule::Ipv6 if text.is_empty() || is_address::<Ipv6Addr>(text) => Ok(()),
            Rule::Ipv6 => Err("Invalid IPv6 address".to_owned()),
            Rule::Title if title_is_valid(text) => Ok(()),
            Rule::Title => Err("template format is invalid or contains unknown variables".to_owned()),
            Rule::Version if version_is_valid(text) => Ok(()),
            Rule::Version => Err("argument must be a version such as 7.2.4".to_owned()),
        }
    }

    /// The texts lack the directive's name, which [`super::settings`] puts in front.
    fn check_file(self, text: &[u8]) -> Result<(), String> {
        if self != Rule::FileName && text.is_empty() {
            return Err("can't be empty".to_owned());
        }
        match (text.contains(&b'/'), self) {
            (false, _) => Ok(()),
            (true, Rule::NamedDirectory) => Err("can't be a path, just a dirname".to_owned()),
            (true, _) => Err("can't be a path, just a filename".to_owned()),
        }
    }

    /// Whether errors of the rule start with the directive's name.
    pub(super) fn names_directive(self) -> bool {
        matches!(self, Rule::FileName | Rule::NamedFile | Rule::NamedDirectory)
    }
}

fn check_hostname(text: &[u8]) -> Result<(), String> {
    if text.len() > HOSTNAME_MAX {
        return Err("Hostnames must be less than 256 characters".to_owned());
    }
    if !text.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.')) {
        return Err("Hostnames may only contain alphanumeric characters, hyphens or dots".to_owned());
    }
    Ok(())
}

/// What may stand in the address field of a header, for every peer.
fn check_endpoint(text: &[u8]) -> Result<(), String> {
    if text.len() > cluster::wire::ADDRESS_MAX {
        return Err("cluster-announce-ip is too long".to_owned());
    }
    if !text.is_empty() && !cluster::wire::address_ok(text) {
        return Err("cluster-announce-ip contains invalid character".to_owned());
    }
    Ok(())
}

fn is_address<T: FromStr>(text: &[u8]) -> bool {
    std::str::from_utf8(text).is_ok_and(|text| text.parse::<T>().is_ok())
}

/// What either peer refuses, and what nodes.conf could not hold.
fn check_node_name(text: &[u8]) -> Result<(), String> {
    if text.iter().any(|b| !b.is_ascii_graphic() || b"!\"#$%&'()*+,:;<=>?@[\\]^`{|}~".contains(b)) {
        return Err("Announced human node name contained invalid character".to_owned());
    }
    Ok(())
}

/// Only known `{variables}`, and something is left when they are filled in.
fn title_is_valid(text: &[u8]) -> bool {
    let Ok(mut rest) = std::str::from_utf8(text) else { return false };
    if rest.trim().is_empty() {
        return false;
    }
    while let Some(open) = rest.find('{') {
        rest = &rest[open + 1..];
        let Some(close) = rest.find('}') else { return false };
        if !TITLE_VARIABLES.contains(&&rest[..close]) {
            return false;
        }
        rest = &rest[close + 1..];
    }
    true
}

fn version_is_valid(text: &[u8]) -> bool {
    let parts: Vec<&[u8]> = text.split(|b| *b == b'.').collect();
    parts.len() == 3 && parts.iter().all(|p| base::num::parse_u64(p).is_some_and(|n| n <= 255))
}
