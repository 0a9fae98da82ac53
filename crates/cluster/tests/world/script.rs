//! Scenario files: commands, a line of dashes, and what came of them.
//!
//! ```text
//! nodes A B timeout=2000
//! A meet B
//! run 500
//! ----
//! (what happened)
//!
//! A nodes
//! ----
//! (the reply)
//! ```

use super::fake::{Fake, Manner, ping};
use super::{EPOCH_US, Seat, World};
use base::{NodeId, ShardId, Slot, SlotSet};
use cluster::address::Audience;
use cluster::wire::{Body, Extension, Gossip, MsgFlags, NodeFlags, PingKind, Type4};
use cluster::{Bumped, Level, MeetHost, MeetTarget, Refused, SetSlot, SlotKeys, TooLong, Verify, What};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// Runs all blocks of a scenario; the text as it should stand.
pub fn run(text: &str) -> String {
    let mut world = World::new(1);
    let mut out = String::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        if line.trim().is_empty() || line.starts_with('#') {
            out += &format!("{line}\n");
            continue;
        }
        let mut commands = vec![line];
        while let Some(next) = lines.next_if(|l| !l.trim().is_empty() && *l != "----") {
            commands.push(next);
        }
        if lines.next_if_eq(&"----").is_some() {
            while lines.next_if(|l| !l.trim().is_empty()).is_some() {}
        }
        let result = block(&mut world, &commands);
        out += &format!("{}\n----\n{result}", commands.join("\n"));
    }
    out
}

fn block(world: &mut World, commands: &[&str]) -> String {
    let mut result = String::new();
    for command in commands {
        world.trace = Some(Vec::new());
        let words: Vec<&str> = command.split_whitespace().collect();
        let reply = perform(world, &words);
        let trace = world.trace.take().unwrap_or_default();
        for line in trace {
            result += &format!("{line}\n");
        }
        let reply = world.names.replace(&reply);
        for line in reply.lines().filter(|l| !l.is_empty()) {
            result += &format!("{line}\n");
        }
    }
    result
}

fn number(text: &str) -> u64 {
    text.parse().unwrap_or_else(|_| panic!("not a number: {text}"))
}

fn perform(world: &mut World, words: &[&str]) -> String {
    match words {
        ["nodes", rest @ ..] => {
            for host in make(world, rest) {
                world.boot(host);
            }
        }
        ["hosts", rest @ ..] => {
            make(world, rest);
        }
        ["#", ..] => {}
        ["run", ms] => world.run_ms(number(ms)),
        ["seed", n] => world.rng = base::Rng::new(number(n)),
        ["show", "packets"] => world.show_packets = true,
        ["show", "logs"] => world.show_packets = false,
        ["show", "debug"] => world.lowest_level = Level::Debug,
        ["show", "verbose"] => world.lowest_level = Level::Verbose,
        ["show", "notice"] => world.lowest_level = Level::Notice,
        ["kill", name] => world.kill(world.find(name), false),
        ["crash", name] => world.kill(world.find(name), true),
        ["start", name] => world.boot(world.find(name)),
        ["move", name, ip] => {
            let host = world.find(name);
            world.hosts[host].ip = ip.parse().expect("an address");
        }
        ["wipe", name] => {
            let host = world.find(name);
            world.hosts[host].disk.wipe();
        }
        ["cut", a, b] => world.cut(world.find(a), world.find(b)),
        ["heal"] => world.heal(),
        ["disk", name, "full"] => {
            world.failing_disks.insert(world.find(name));
        }
        ["disk", name, "fine"] => {
            world.failing_disks.remove(&world.find(name));
        }
        ["file", name] => {
            let host = world.find(name);
            let bytes = world.hosts[host].disk.read("nodes.conf").unwrap_or_default();
            return String::from_utf8_lossy(&bytes).into_owned();
        }
        ["fake", name, rest @ ..] => return fake(world, name, rest),
        ["ask", name, rest @ ..] | [name, rest @ ..] => return verb(world, name, rest),
        [] => {}
    }
    String::new()
}

fn make(world: &mut World, words: &[&str]) -> Vec<usize> {
    let mut timeout = 2000;
    let mut made = Vec::new();
    for word in words {
        match word.split_once('=') {
            Some(("timeout", ms)) => timeout = number(ms),
            _ => made.push(world.add_host(word, timeout)),
        }
    }
    for host in &made {
        world.hosts[*host].settings.node_timeout_ms = timeout;
    }
    made
}

fn id(world: &World, name: &str) -> String {
    world.names.id_of(name).map_or(name.to_string(), |id| id.to_string())
}

fn node_id(world: &World, name: &str) -> NodeId {
    world.names.id_of(name).unwrap_or_else(|| panic!("no id of {name}"))
}

fn outcome(result: Result<(), Refused>) -> String {
    match result {
        Ok(()) => "OK".to_string(),
        Err(refused) => format!("ERR {refused}"),
    }
}

fn told(result: Result<usize, TooLong>) -> String {
    result.map_or_else(|why| format!("ERR {why}"), |count| format!("{count} told"))
}

fn verb(world: &mut World, name: &str, words: &[&str]) -> String {
    let host = world.find(name);
    let args: Vec<&[u8]> = words.iter().skip(1).map(|w| w.as_bytes()).collect();
    match words {
        ["meet", peer] => {
            let ip = world.hosts[world.find(peer)].ip.to_string();
            outcome(world.call(host, |m, now| m.meet(ip.as_bytes(), b"7000", None, "test", now)))
        }
        ["meet", ip, port] => {
            outcome(world.call(host, |m, now| m.meet(ip.as_bytes(), port.as_bytes(), None, "test", now)))
        }
        ["meet", peer, "wait", ms] => {
            let ip = world.hosts[world.find(peer)].ip;
            meet_and_wait(world, host, &[ip], number(ms))
        }
        ["meet", ips, port, "wait", ms] => {
            assert_eq!(*port, "7000", "addresses have one port here");
            let ips: Vec<IpAddr> = ips.split(',').map(|ip| ip.parse().expect("an address")).collect();
            meet_and_wait(world, host, &ips, number(ms))
        }
        ["meet", ip, port, bus] => {
            let bus = Some(bus.as_bytes());
            outcome(world.call(host, |m, now| m.meet(ip.as_bytes(), port.as_bytes(), bus, "test", now)))
        }
        ["publish", channel, message] => {
            told(world.call(host, |m, now| m.publish(false, channel.as_bytes(), message.as_bytes(), now)))
        }
        ["spublish", channel, message] => {
            told(world.call(host, |m, now| m.publish(true, channel.as_bytes(), message.as_bytes(), now)))
        }
        ["module", peer, payload] => {
            let to = node_id(world, peer);
            told(world.call(host, |m, now| m.send_module(Some(to), [7; 8], 1, payload.as_bytes(), now)))
        }
        ["forget", peer] => {
            let id = id(world, peer);
            outcome(world.call(host, |m, now| m.forget(id.as_bytes(), "test", now)))
        }
        ["reset", how] => outcome(world.call(host, |m, now| m.reset(*how == "hard", 0, "test", now))),
        ["addslots", ..] => outcome(world.call(host, |m, now| m.add_slots(&args, now))),
        ["delslots", ..] => outcome(world.call(host, |m, now| m.del_slots(&args, now))),
        ["addslotsrange", ..] => outcome(world.call(host, |m, now| m.add_slots_range(&args, now))),
        ["delslotsrange", ..] => outcome(world.call(host, |m, now| m.del_slots_range(&args, now))),
        ["flushslots", keys] => outcome(world.call(host, |m, now| m.flush_slots(number(keys), now))),
        ["setslot", slot, action, rest @ ..] => set_slot(world, host, slot, action, rest),
        ["set-config-epoch", e] => outcome(world.call(host, |m, now| m.set_config_epoch(e.as_bytes(), now))),
        ["bumpepoch"] => match world.call(host, |m, now| m.bump_epoch(now)) {
            Bumped::Bumped(e) => format!("BUMPED {e}"),
            Bumped::Still(e) => format!("STILL {e}"),
        },
        ["count-failure-reports", peer] => {
            let id = id(world, peer);
            match world.call(host, |m, now| m.count_failure_reports(id.as_bytes(), now)) {
                Ok(count) => count.to_string(),
                Err(refused) => format!("ERR {refused}"),
            }
        }
        ["replicas", peer] => {
            let id = id(world, peer);
            match world.machine_mut(host).replicas(id.as_bytes(), Audience::default()) {
                Ok(lines) => table(&lines.join("\n")),
                Err(refused) => format!("ERR {refused}"),
            }
        }
        ["saveconfig"] => {
            world.call(host, |m, now| m.save_config(now));
            "OK".to_string()
        }
        ["nodes"] => table(&world.machine_mut(host).nodes_text(Audience::default())),
        ["epochs"] => format!("current, mine, voted: {:?}", world.machine_mut(host).epochs()),
        ["info", wanted @ ..] => {
            let text = world.machine_mut(host).info_text();
            let lines = text.lines().filter(|l| wanted.is_empty() || wanted.iter().any(|w| l.starts_with(w)));
            lines.collect::<Vec<_>>().join("\n")
        }
        ["log", wanted @ ..] => {
            let records: Vec<_> = world.machine_mut(host).records().cloned().collect();
            let wanted = |what: What| wanted.is_empty() || wanted.contains(&what.name());
            let lines = records.iter().rev().filter(|r| wanted(r.what));
            lines.map(|r| format!("{} {r}\n", r.unix_ms - EPOCH_US / 1000 - 1000)).collect()
        }
        ["links"] => {
            let links = world.machine_mut(host).links();
            links.iter().map(|l| format!("{} {}\n", if l.to { "to" } else { "from" }, l.node)).collect()
        }
        ["config", pairs @ ..] => {
            let mut settings = world.hosts[host].settings.clone();
            for pair in pairs {
                configure(&mut settings, pair);
            }
            world.hosts[host].settings = settings.clone();
            if matches!(world.hosts[host].seat, Seat::Machine(_)) {
                world.call(host, |m, now| m.update_settings(settings, now));
            }
            String::new()
        }
        _ => panic!("unknown command {words:?}"),
    }
}

fn meet_and_wait(world: &mut World, host: usize, ips: &[IpAddr], ms: u64) -> String {
    let target = MeetTarget { host: MeetHost::Name("peer".to_string()), port: 7000, bus_port: 17000 };
    let patience = Some(Duration::from_millis(ms));
    let started = world.call(host, |m, now| m.meet_at(&target, ips, patience, "test", now));
    outcome(started.map(drop)).replace("OK", "")
}

/// CLUSTER NODES without the times, which say nothing.
fn table(text: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        let mut words: Vec<&str> = line.split(' ').collect();
        words.drain(4..6);
        lines.push(words.join(" "));
    }
    lines.join("\n")
}

fn configure(settings: &mut cluster::Settings, pair: &str) {
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    match name {
        "hostname" => settings.announce_hostname = value.to_string(),
        "human" => settings.announce_human_nodename = value.to_string(),
        "ip" => settings.announce_ip = value.to_string(),
        "port" => settings.announce_port = number(value) as u16,
        "zone" => settings.availability_zone = value.to_string(),
        "client-ipv4" => settings.announce_client_ipv4 = value.to_string(),
        "client-ipv6" => settings.announce_client_ipv6 = value.to_string(),
        "client-port" => settings.announce_client_port = number(value) as u16,
        "client-tls-port" => settings.announce_client_tls_port = number(value) as u16,
        "bus-port" => settings.announce_bus_port = number(value) as u16,
        "tls-port" => settings.announce_tls_port = number(value) as u16,
        "no-failover" => settings.replica_no_failover = value == "yes",
        "coverage" => settings.require_full_coverage = value == "yes",
        "best-effort" => settings.save_best_effort = value == "yes",
        "verify" => {
            settings.bus_verify = match value {
                "strict" => Verify::Strict,
                "warn" => Verify::Warn,
                "off" => Verify::Off,
                _ => panic!("unknown way to verify {value}"),
            }
        }
        "blacklist" => settings.blacklist_ttl_s = number(value),
        _ => panic!("unknown setting {name}"),
    }
}

fn set_slot(world: &mut World, host: usize, slot: &str, action: &str, rest: &[&str]) -> String {
    let peer = rest.first().map(|p| id(world, p)).unwrap_or_default();
    let keys = SlotKeys { in_slot: rest.get(1).map_or(0, |n| number(n)) };
    let action = match action {
        "migrating" => SetSlot::Migrating(peer.as_bytes()),
        "importing" => SetSlot::Importing(peer.as_bytes()),
        "stable" => SetSlot::Stable,
        "node" => SetSlot::Node(peer.as_bytes()),
        _ => panic!("unknown action {action}"),
    };
    outcome(world.call(host, |m, now| m.set_slot(slot.as_bytes(), action, keys, now)))
}

/// `fake R` sits down; `fake R says key=value…` changes its header; `fake R tells A …` sends a packet.
fn fake(world: &mut World, name: &str, words: &[&str]) -> String {
    if words.is_empty() {
        let host = match world.hosts.iter().position(|h| h.name == name) {
            Some(host) => host,
            None => world.add_host(name, 2000),
        };
        let letter = name.bytes().next().unwrap_or(b'x').to_ascii_lowercase();
        let id = NodeId::parse(&[letter; 40]).unwrap_or_else(|| panic!("{name} gives no id"));
        world.names.set(id, name);
        let fake = Fake::new(id, world.now_us);
        world.sit(host, Seat::Fake(Box::new(fake)));
        return String::new();
    }
    let host = world.find(name);
    match words {
        ["says", pairs @ ..] => {
            for pair in pairs {
                header(world, host, pair);
            }
        }
        ["silent"] => seated(world, host).lively = false,
        ["is", manner] => {
            seated(world, host).manner = match *manner {
                "homebody" => Manner::Homebody,
                "hanging-up" => Manner::HangsUp,
                "for-clients" => Manner::Clients,
                "tls" => Manner::Tls,
                _ => panic!("unknown manner {manner}"),
            }
        }
        ["lively"] => seated(world, host).lively = true,
        ["dials", peer] => {
            let (to, addr) = (node_id(world, peer), SocketAddr::new(world.hosts[world.find(peer)].ip, 17000));
            seated(world, host).dial(to, addr);
        }
        ["whispers", peer, what @ ..] => {
            let (to, body) = (node_id(world, peer), packet(world, what));
            seated(world, host).whisper(to, &body);
        }
        ["tells", peer, what @ ..] => {
            let to = node_id(world, peer);
            let body = packet(world, what);
            seated(world, host).tell(to, body, what.contains(&"force"));
        }
        _ => panic!("unknown words of a fake: {words:?}"),
    }
    world.pump(host);
    String::new()
}

fn seated(world: &mut World, host: usize) -> &mut Fake {
    match &mut world.hosts[host].seat {
        Seat::Fake(fake) => fake,
        _ => panic!("no fake there"),
    }
}

fn slots(text: &str) -> SlotSet {
    let mut set = SlotSet::new();
    for range in text.split(',').filter(|r| !r.is_empty()) {
        let (a, b) = range.split_once('-').unwrap_or((range, range));
        for n in number(a)..=number(b) {
            set.insert(Slot::new(n as u16).expect("a slot"));
        }
    }
    set
}

fn header(world: &mut World, host: usize, pair: &str) {
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    let primary = (name == "of" && value != "nobody").then(|| node_id(world, value));
    let spoofed = (name == "as").then(|| node_id(world, value));
    let header = &mut seated(world, host).header;
    match name {
        // In another's name, knowing no more of it.
        "as" => header.sender = spoofed.unwrap_or(header.sender),
        "current" => header.current_epoch = number(value),
        "epoch" => header.config_epoch = number(value),
        "slots" => header.slots = slots(value),
        "of" => {
            header.replicaof = primary;
            header.flags =
                NodeFlags::MYSELF | if primary.is_some() { NodeFlags::REPLICA } else { NodeFlags::PRIMARY };
        }
        "extensions" => header.mflags.insert(MsgFlags::EXT_DATA),
        "light" => header.flags.insert(NodeFlags::LIGHT_PUBLISH | NodeFlags::LIGHT_MODULE),
        "attaches" => seated(world, host).extensions = value.split(',').map(extension).collect(),
        "name" => header.sender = NodeId::parse(&[value.as_bytes()[0]; 40]).expect("a letter"),
        _ => panic!("unknown field {name}"),
    }
}

/// `name:value`, as the transcripts print them.
fn extension(text: &str) -> Extension {
    let (name, value) = text.split_once(':').unwrap_or((text, ""));
    match name {
        "hostname" => Extension::Hostname(value.to_string()),
        "human" => Extension::HumanName(value.to_string()),
        "shard" => Extension::ShardId(ShardId::parse(&[value.as_bytes()[0]; 40]).expect("a digit")),
        "secret" => Extension::Type4(value.as_bytes()[..1].repeat(40)),
        "client-ipv4" => Extension::Type4(Type4::client_ipv4(value.parse().expect("an address"))),
        "client-port" => Extension::ClientPort(number(value) as u16),
        "zone" => Extension::AvailabilityZone(value.to_string()),
        _ => panic!("unknown extension {text}"),
    }
}

fn packet(world: &World, words: &[&str]) -> Body {
    match words {
        ["publish", channel, message] => {
            let (channel, message) = (channel.as_bytes().to_vec(), message.as_bytes().to_vec());
            Body::Publish { sharded: false, channel, message }
        }
        ["module", payload] => Body::Module { id: [7; 8], kind: 1, payload: payload.as_bytes().to_vec() },
        ["vote", ..] => Body::AuthRequest,
        ["fail", peer] => Body::Fail(node_id(world, peer)),
        ["mfstart"] => Body::MfStart,
        ["update", peer, epoch, set] => {
            Body::Update { config_epoch: number(epoch), node: node_id(world, peer), slots: slots(set) }
        }
        ["pong"] => ping(PingKind::Pong),
        ["meet"] => ping(PingKind::Meet),
        ["ping"] => ping(PingKind::Ping),
        ["shard", digit] => {
            let shard = ShardId::parse(&[digit.as_bytes()[0]; 40]).expect("a digit");
            let extensions = vec![Extension::ShardId(shard)];
            Body::Ping { kind: PingKind::Ping, gossip: Vec::new(), extensions }
        }
        ["gossip", peer, flag] => {
            let node = node_id(world, peer);
            let at = world.hosts.iter().find(|h| h.name == *peer).expect("a host");
            let flags = match *flag {
                "pfail" => NodeFlags::PRIMARY | NodeFlags::PFAIL,
                "fine" => NodeFlags::PRIMARY,
                _ => panic!("unknown flag {flag}"),
            };
            let entry = Gossip {
                node,
                ping_sent_s: 0,
                pong_received_s: 0,
                ip: at.ip.to_string(),
                port: 7000,
                cport: 17000,
                flags,
                pport: 0,
            };
            Body::Ping { kind: PingKind::Ping, gossip: vec![entry], extensions: Vec::new() }
        }
        _ => panic!("unknown packet {words:?}"),
    }
}
