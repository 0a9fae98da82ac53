//! CLUSTER MEET.

use super::{Refused, shown};
use crate::core::Core;
use crate::epochs;
use crate::event::Level;
use crate::meeting::{self, MeetId};
use crate::place::{BUS_PORT_OFFSET, Place};
use crate::recorder::What;
use base::num::parse_i64;
use std::collections::VecDeque;
use std::net::IpAddr;
use std::time::Duration;

/// Longest host name, in bytes.
const HOST_NAME_BYTES_MAX: usize = 253;

/// Where an operator says that a node is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MeetTarget {
    /// Its host.
    pub host: MeetHost,
    /// Port for clients.
    pub port: u16,
    /// Port of the bus.
    pub bus_port: u16,
}

/// A host as an operator names it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum MeetHost {
    /// An address.
    Ip(IpAddr),
    /// A name, still to be resolved.
    Name(String),
}

impl MeetTarget {
    /// Reads the arguments of CLUSTER MEET.
    pub fn parse(host: &[u8], port: &[u8], bus_port: Option<&[u8]>) -> Result<MeetTarget, Refused> {
        let Some(base_port) = parse_i64(port) else {
            return Refused::because(format!("Invalid base port specified: {}", shown(port)));
        };
        let Some(client) = in_range(base_port) else {
            return Refused::because("Port number is out of range");
        };
        let bus = match bus_port {
            None => base_port + i64::from(BUS_PORT_OFFSET),
            Some(text) => match parse_i64(text) {
                Some(bus) => bus,
                None => return Refused::because(format!("Invalid bus port specified: {}", shown(text))),
            },
        };
        let Some(bus_port) = in_range(bus) else {
            return Refused::because("Cluster bus port number is out of range");
        };
        let text = std::str::from_utf8(host).unwrap_or_default();
        let host = match text.parse::<IpAddr>() {
            Ok(ip) => MeetHost::Ip(ip),
            Err(_) if is_host_name(text) => MeetHost::Name(text.to_owned()),
            Err(_) => return Err(invalid(&shown(host), client)),
        };
        Ok(MeetTarget { host, port: client, bus_port })
    }

    /// The host as it was given.
    pub fn host_text(&self) -> String {
        match &self.host {
            MeetHost::Ip(ip) => ip.to_string(),
            MeetHost::Name(name) => name.clone(),
        }
    }

    /// The name could not be resolved: the error for the client, which begins as the one for nonsense does.
    pub fn unresolved(&self, why: &str) -> Refused {
        Refused(format!("{} ({why})", invalid(&self.host_text(), self.port)))
    }
}

fn invalid(host: &str, port: u16) -> Refused {
    Refused(format!("Invalid node address specified: {host}:{port}"))
}

/// Labels of letters, digits, hyphens and underscores. A last label of digits makes it a mistyped address.
fn is_host_name(text: &str) -> bool {
    let label = |l: &str| !l.is_empty() && l.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    let name = text.strip_suffix('.').unwrap_or(text);
    let last = name.rsplit('.').next().unwrap_or_default();
    name.len() <= HOST_NAME_BYTES_MAX
        && name.split('.').all(label)
        && !last.bytes().all(|byte| byte.is_ascii_digit())
}

/// Starts a handshake; texts as they came. `who` is the client, for the log. Names are nothing that the machine can resolve.
pub(crate) fn meet(
    core: &mut Core,
    ip: &[u8],
    port: &[u8],
    bus_port: Option<&[u8]>,
    who: &str,
) -> Result<(), Refused> {
    let target = MeetTarget::parse(ip, port, bus_port)?;
    match &target.host {
        MeetHost::Ip(ip) => meet_at(core, &target, &[*ip], None, who).map(drop),
        MeetHost::Name(name) => Err(invalid(name, target.port)),
    }
}

/// Starts a handshake with a host. With `patience` a client waits for its end.
pub(crate) fn meet_at(
    core: &mut Core,
    target: &MeetTarget,
    addresses: &[IpAddr],
    patience: Option<Duration>,
    who: &str,
) -> Result<Option<MeetId>, Refused> {
    let tls = core.settings.tls_cluster;
    let place = |ip: &IpAddr| Place::from_wire(ip.to_string(), target.port, 0, target.bus_port, tls);
    let places: VecDeque<Place> = addresses.iter().map(place).collect();
    let Some(first) = places.front() else { return Err(target.unresolved("the name has no address")) };
    let (ip, address) = (first.ip.clone(), first.address());
    core.log(Level::Notice, format!("Cluster meet {ip}:{} (user request from '{who}').", target.port));
    core.record(What::Meet, None, [("address", address.clone().into()), ("by", who.into())]);
    epochs::open(core);
    match (meeting::begin(core, places, patience), patience) {
        (Ok(meet), Some(_)) => Ok(Some(meet)),
        (Ok(_), None) => Ok(None),
        (Err(why), Some(_)) => Refused::because(format!("Can't meet {address}: {why}")),
        // It is in the log and the record; the reply of old is OK.
        (Err(why), None) => {
            core.record(What::MeetFailed, None, [("address", address.into()), ("reason", why.name().into())]);
            Ok(None)
        }
    }
}

fn in_range(port: i64) -> Option<u16> {
    u16::try_from(port).ok().filter(|p| *p != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(host: &str, expect: &str) {
        let text = match MeetTarget::parse(host.as_bytes(), b"7000", None) {
            Ok(MeetTarget { host: MeetHost::Ip(ip), .. }) => format!("ip {ip}"),
            Ok(MeetTarget { host: MeetHost::Name(name), .. }) => format!("name {name}"),
            Err(refused) => refused.to_string(),
        };
        assert_eq!(text, expect);
    }

    #[test]
    fn hosts_are_addresses_or_names() {
        check("10.0.0.1", "ip 10.0.0.1");
        check("2001:DB8::1", "ip 2001:db8::1");
        check("node-1.example.", "name node-1.example.");
        check("localhost", "name localhost");
        for bad in
            ["", ".", "a..b", "300.0.0.1", "10.0.0", "1", "10.0.0.1 ", "a b", "[::1]", "ü", &"a".repeat(254)]
        {
            check(bad, &format!("Invalid node address specified: {bad}:7000"));
        }
    }
}
