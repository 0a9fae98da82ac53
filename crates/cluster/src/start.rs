//! The first moment: files of an earlier life, or a new name.

use crate::admission::{self, Admission};
use crate::conf::{self, BadConf, Files, Saved, SavedNode};
use crate::core::{Core, Todo};
use crate::curiosity::Curiosity;
use crate::epochs::Epochs;
use crate::event::Level;
use crate::forget::Blacklist;
use crate::health::Health;
use crate::links::Links;
use crate::meeting::Meetings;
use crate::names::Names;
use crate::news::News;
use crate::node::{Announced, Node};
use crate::node_table::{NodeKey, NodeTable};
use crate::operator::Debug;
use crate::outbox::Outbox;
use crate::place::Place;
use crate::recorder::{Recorder, What};
use crate::refusal::Refusals;
use crate::save::{Complaints, LazySave};
use crate::saver::{Promises, Saver};
use crate::settings::Settings;
use crate::slots::SlotTable;
use crate::stats::Stats;
use crate::verify::Doubts;
use crate::wire::NodeFlags;
use base::{Epoch, Mono, NodeId, Now, Rng, ShardId};
use std::collections::BTreeMap;

/// The configuration's files as they were found; `None` = not there. Names follow the configured one.
#[derive(Clone, Default, Debug)]
pub struct LoadedFiles {
    /// `nodes.conf`
    pub conf: Option<Vec<u8>>,
    /// `nodes.conf.sum`
    pub sums: Option<Vec<u8>>,
    /// `nodes.conf.prev`
    pub previous: Option<Vec<u8>>,
}

/// Why the machine cannot start. Displays as the fatal log line.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum StartError {
    /// No generation of the configuration can be trusted.
    #[error(transparent)]
    Conf(#[from] BadConf),
    /// More nodes than the table holds.
    #[error("The cluster config file names too many nodes")]
    TooManyNodes,
}

const LOADED_FLAGS: NodeFlags = NodeFlags(SavedNode::FLAGS.0 & !NodeFlags::HANDSHAKE.0);

/// Everything the machine remembers, as it starts.
pub(crate) fn core(
    settings: Settings,
    files: LoadedFiles,
    now: Now,
    mut rng: Rng,
) -> Result<Core, StartError> {
    let found = Files {
        conf: files.conf.as_deref(),
        sums: files.sums.as_deref(),
        previous: files.previous.as_deref(),
    };
    let choice = conf::choose(&settings.config_file, found, settings.tls_cluster)?;
    let (saved, notices) = match choice.parsed {
        Some(parsed) => (Some(parsed.saved), parsed.notices),
        None => (None, Vec::new()),
    };
    let id = match saved.as_ref().and_then(|s| s.myself()) {
        Some(me) => me.id,
        None => NodeId::random(&mut rng),
    };
    let mut me = Node::new(id, NodeFlags::MYSELF | NodeFlags::PRIMARY, Place::default(), now.mono);
    me.shard = ShardId::random(&mut rng);
    let saver = Saver::new(Promises::default(), choice.generations);
    let mut core = empty(settings, me, saver, now, rng);
    for text in choice.log {
        core.log(Level::Warning, text);
    }
    for text in notices {
        core.log(Level::Notice, text);
    }
    core.epochs.distrusted = choice.fell_back;
    match saved {
        None => {
            core.log(Level::Notice, format!("No cluster configuration found, I'm {id}"));
            core.want_save();
        }
        Some(saved) => {
            load(&mut core, saved)?;
            core.log(Level::Notice, format!("Node configuration loaded, I'm {id}"));
        }
    }
    announce_myself(&mut core);
    core.slots.take_moves();
    core.record(What::Started, Some(id), [("nodes", (core.nodes.len() as u64).into())]);
    core.view_changed();
    core.todo.update_state = true;
    Ok(core)
}

fn empty(settings: Settings, me: Node, saver: Saver, now: Now, rng: Rng) -> Core {
    let record_limit = settings.records_max;
    Core {
        settings,
        nodes: NodeTable::new(me),
        slots: SlotTable::new(),
        links: Links::default(),
        epochs: Epochs::default(),
        health: Health::default(),
        blacklist: Blacklist::default(),
        names: Names::default(),
        news: News::default(),
        curiosity: Curiosity::default(),
        meetings: Meetings::default(),
        recorder: Recorder::new(record_limit),
        saver,
        complaints: Complaints::default(),
        stats: Stats::default(),
        refusals: Refusals::default(),
        admission: Admission::default(),
        doubts: Doubts::default(),
        accused: BTreeMap::new(),
        debug: Debug::default(),
        outbox: Outbox::default(),
        log_level: Level::Verbose,
        todo: Todo::default(),
        rng,
        now,
        next_tick: now.mono,
        ticks: 0,
        repl_offset: 0,
        view_version: 0,
        collision: None,
        lazy_save: LazySave::default(),
        view_due: None,
        lost: BTreeMap::new(),
    }
}

fn load(core: &mut Core, saved: Saved) -> Result<(), StartError> {
    core.epochs.current = saved.current_epoch;
    core.epochs.last_vote = saved.last_vote_epoch;
    for line in &saved.nodes {
        let key = load_node(core, line)?;
        for slot in line.slots.iter() {
            core.slots.assign(&mut core.nodes, slot, key);
        }
    }
    for line in &saved.nodes {
        let primary = line.primary.and_then(|id| core.nodes.find(&id));
        if let Some(key) = core.nodes.find(&line.id)
            && primary != Some(key)
            && core.nodes[key].is_replica()
        {
            core.set_primary(key, primary);
        }
    }
    let find = |core: &Core, list: &[(base::Slot, NodeId)]| -> BTreeMap<base::Slot, NodeKey> {
        list.iter().filter_map(|(slot, id)| Some((*slot, core.nodes.find(id)?))).collect()
    };
    core.slots.migrating = find(core, &saved.migrating);
    core.slots.importing = find(core, &saved.importing);
    let now = core.now;
    for stone in &saved.forgotten {
        core.blacklist.add(stone.node, now.mono, stone.until_s.saturating_sub(now.unix_s()));
    }
    let on_disk = core.promises();
    let greatest = core.nodes.iter().map(|(_, n)| n.config_epoch).fold(on_disk.current_epoch, Epoch::max);
    core.saver.trust(on_disk);
    if greatest > core.epochs.current {
        core.epochs.current = greatest;
        core.want_save();
    }
    Ok(())
}

fn load_node(core: &mut Core, line: &SavedNode) -> Result<NodeKey, StartError> {
    let place = Place {
        ip: line.address.ip.clone(),
        tcp: line.address.tcp_port,
        tls: line.address.tls_port,
        bus: line.address.bus_port,
    };
    if line.flags.contains(NodeFlags::MYSELF) {
        let was_replica = line.flags.contains(NodeFlags::REPLICA);
        let me = core.nodes.me_mut();
        me.addr.ip = place.ip;
        if was_replica {
            // The epoch and the shard of its line are its primary's: claiming them would be a collision with it.
            let text =
                "This node was a replica: it starts as an empty primary, replication is not built yet.";
            core.log(Level::Warning, text.to_string());
            core.want_save();
        } else {
            me.config_epoch = line.config_epoch;
            me.shard = line.shard.unwrap_or(me.shard);
        }
        return Ok(core.nodes.myself);
    }
    let now = core.now.mono;
    let then = |ms: u64| (ms != 0).then_some(now);
    let mut node = Node::new(line.id, line.flags.masked(LOADED_FLAGS), place, now);
    (node.ping_sent, node.pong_received) = (then(line.ping_sent_ms), then(line.pong_received_ms));
    node.config_epoch = line.config_epoch;
    node.announced = Announced {
        hostname: line.address.hostname.clone(),
        human: line.human_name.clone(),
        client_ipv4: line.address.client.ipv4.clone(),
        client_ipv6: line.address.client.ipv6.clone(),
        client_port: line.address.client.tcp_port,
        client_tls_port: line.address.client.tls_port,
        zone: line.address.availability_zone.clone(),
    };
    // What is loaded was mutual once; whether it still is shows soon.
    node.was_mutual = true;
    core.epochs.joined = true;
    let key = core.add_node(node).ok_or(StartError::TooManyNodes)?;
    core.nodes[key].shard = line.shard.unwrap_or(core.nodes[key].shard);
    core.news.dial_soon(key);
    Ok(key)
}

/// Writes what the settings say of this node into its record.
fn announce_myself(core: &mut Core) {
    let s = &core.settings;
    let ip = if s.announce_ip.is_empty() { core.nodes.me().addr.ip.clone() } else { s.announce_ip.clone() };
    let place = Place::of_myself(s, ip);
    let announced = Announced {
        hostname: s.announce_hostname.clone(),
        human: s.announce_human_nodename.clone(),
        client_ipv4: s.announce_client_ipv4.clone(),
        client_ipv6: s.announce_client_ipv6.clone(),
        client_port: s.announce_client_port,
        client_tls_port: s.announce_client_tls_port,
        zone: s.availability_zone.clone(),
    };
    let no_failover = s.replica_no_failover;
    let me = core.nodes.me_mut();
    let mut changed = me.put(NodeFlags::NOFAILOVER, no_failover);
    changed |= me.addr != place || me.announced != announced;
    me.addr = place;
    me.announced = announced;
    if changed {
        core.want_save();
        core.view_changed();
        core.todo.broadcast_ping = true;
    }
}

/// Settings changed at run time.
pub(crate) fn apply_settings(core: &mut Core, settings: Settings) {
    let withdrawn = !core.settings.announce_ip.is_empty() && settings.announce_ip.is_empty();
    core.settings = settings;
    if withdrawn {
        // Relearnt from the next peer that reaches us.
        core.nodes.me_mut().addr.ip.clear();
    }
    announce_myself(core);
    admission::recheck(core);
    core.todo.update_state = true;
    core.view_changed();
}

/// When the epochs of a fallen-back file may be used for votes again; asked by the cron.
pub(crate) fn regain_trust(core: &mut Core) {
    if !core.epochs.distrusted {
        return;
    }
    let heard = |at: Option<Mono>| at.is_some();
    let voters = core.nodes.iter().filter(|(_, n)| n.votes());
    let (mut size, mut spoke) = (0, 0);
    for (key, node) in voters {
        size += 1;
        spoke += usize::from(key != core.nodes.myself && heard(node.data_received));
    }
    if spoke > size / 2 {
        // Any vote that was lost was for an epoch that this majority has seen.
        core.epochs.last_vote = core.epochs.last_vote.max(core.epochs.current);
        core.epochs.distrusted = false;
        core.want_save();
    }
}
