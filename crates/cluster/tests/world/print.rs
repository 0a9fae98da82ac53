//! Packets as one line of text: what differs from the usual.

use cluster::wire::{self, Body, Extension, Gossip, Header, Message, MsgFlags, NodeFlags, PingKind, Type4};

pub fn packet(bytes: &[u8]) -> String {
    if !bytes.starts_with(b"RCmb") {
        return format!("\"{}\"", bytes[..bytes.len().min(8)].escape_ascii());
    }
    match wire::decode(bytes) {
        Ok(Message::Full(packet)) => format!("{}{}", body(&packet.body), header(&packet.header)),
        Ok(Message::Light(light)) => format!("light {}", body(&light)),
        Err(bad) => format!("bad packet: {bad}"),
    }
}

fn body(body: &Body) -> String {
    match body {
        Body::Ping { kind, gossip, extensions } => {
            let kind = match kind {
                PingKind::Ping => "PING",
                PingKind::Pong => "PONG",
                PingKind::Meet => "MEET",
            };
            let mut text = kind.to_string();
            if !gossip.is_empty() {
                let list: Vec<String> = gossip.iter().map(entry).collect();
                text += &format!(" about {}", list.join(" "));
            }
            for extension in extensions {
                text += &named(extension);
            }
            text
        }
        Body::Fail(id) => format!("FAIL {id}"),
        Body::Publish { sharded, channel, message } => {
            let kind = if *sharded { "PUBLISHSHARD" } else { "PUBLISH" };
            format!("{kind} {} {}", String::from_utf8_lossy(channel), String::from_utf8_lossy(message))
        }
        Body::AuthRequest => "AUTH_REQUEST".to_string(),
        Body::AuthAck => "AUTH_ACK".to_string(),
        Body::Update { config_epoch, node, slots } => {
            format!("UPDATE {node} epoch {config_epoch} slots {slots:?}")
        }
        Body::MfStart => "MFSTART".to_string(),
        Body::Module { payload, .. } => format!("MODULE {}", String::from_utf8_lossy(payload)),
        Body::Unknown(kind) => format!("type {kind}"),
    }
}

fn entry(told: &Gossip) -> String {
    let mut text = told.node.to_string();
    for (flag, sign) in [(NodeFlags::PFAIL, "?"), (NodeFlags::FAIL, "!"), (NodeFlags::REPLICA, "(replica)")] {
        text += if told.flags.contains(flag) { sign } else { "" };
    }
    text
}

fn named(extension: &Extension) -> String {
    match extension {
        // Every packet to a node that understands it has one.
        Extension::ShardId(_) => String::new(),
        Extension::Hostname(name) => format!(" hostname={name}"),
        Extension::HumanName(name) => format!(" human={name}"),
        Extension::Forgotten { node, ttl_s } => format!(" forgotten={node}/{ttl_s}s"),
        Extension::Type4(data) => match Type4::read(None, data) {
            Type4::ClientIpv4(address) => format!(" client-ipv4={address}"),
            Type4::Secret(_) => " secret".to_string(),
            Type4::Nothing => " extension4".to_string(),
        },
        Extension::ClientIpv6(address) => format!(" client-ipv6={address}"),
        Extension::ClientPort(port) => format!(" client-port={port}"),
        Extension::ClientTlsPort(port) => format!(" client-tls-port={port}"),
        Extension::AvailabilityZone(zone) => format!(" zone={zone}"),
        Extension::Unknown { kind, .. } => format!(" extension{kind}"),
    }
}

fn header(header: &Header) -> String {
    let mut text = format!(" [{}/{}", header.current_epoch, header.config_epoch);
    if !header.slots.is_empty() {
        text += &format!(" {:?}", header.slots);
    }
    if let Some(primary) = header.replicaof {
        text += &format!(" of {primary}");
    }
    if header.mflags.contains(MsgFlags::FORCEACK) {
        text += " force";
    }
    if header.state == wire::STATE_OK {
        text += " ok";
    }
    text + "]"
}
