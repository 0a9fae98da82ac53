//! CLUSTER MEET.

use super::{Refused, shown};
use crate::core::Core;
use crate::event::Level;
use crate::place::{BUS_PORT_OFFSET, Place};
use crate::{epochs, handshake};
use base::num::parse_i64;
use std::net::IpAddr;

/// Starts a handshake; texts as they came. `who` is the client, for the log.
pub(crate) fn meet(
    core: &mut Core,
    ip: &[u8],
    port: &[u8],
    bus_port: Option<&[u8]>,
    who: &str,
) -> Result<(), Refused> {
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
    let Some(bus) = in_range(bus) else {
        return Refused::because("Cluster bus port number is out of range");
    };
    let Some(ip) = std::str::from_utf8(ip).ok().and_then(|t| t.parse::<IpAddr>().ok()) else {
        let text = format!("Invalid node address specified: {}:{}", shown(ip), shown(port));
        return Refused::because(text);
    };
    let ip = ip.to_string();
    core.log(Level::Notice, format!("Cluster meet {ip}:{client} (user request from '{who}')."));
    epochs::open(core);
    handshake::start(core, Place::from_wire(ip, client, 0, bus, core.settings.tls_cluster));
    Ok(())
}

fn in_range(port: i64) -> Option<u16> {
    u16::try_from(port).ok().filter(|p| *p != 0)
}
