//! The configuration changes: what follows for the cluster, the log and the listening sockets.

use super::{Action, Control, State};
use crate::config::{Config, Settings};
use crate::dispatch::Core;
use crate::shared::Level;
use base::Now;
use std::net::IpAddr;
use std::sync::Arc;

/// Directives whose change moves the listening sockets.
const LISTENING: [&str; 2] = ["port", "bind"];

impl State {
    /// Puts changed settings in force. `before` is what to go back to if the outside cannot follow.
    pub fn apply(&mut self, core: &mut Core, before: Settings, changed: &[&str]) {
        let config = Arc::new(core.shared.settings().snapshot());
        self.put_in_force(core, &config);
        self.act(|id| Action::Apply(id, Arc::clone(&config)));
        if changed.iter().any(|name| LISTENING.contains(name)) {
            self.act(|id| Action::Listen(id, config));
            // A second change in one transaction goes back to before the first.
            self.undo.get_or_insert(before);
        }
    }

    fn put_in_force(&mut self, core: &mut Core, config: &Arc<Config>) {
        core.shared.config.store(Arc::clone(config));
        core.shared.changed();
        core.refresh();
        if let Some(cluster) = &mut self.cluster {
            cluster.update_settings(self.bus.fill(cluster_settings(config)), core.now);
        }
    }
}

impl Control {
    /// How many connections others may have to the bus port: the bus's share of the process's descriptors.
    pub fn set_accepted_links_max(&mut self, links: usize, now: Now) {
        self.state.bus.accepted_links_max = Some(links);
        self.refresh_cluster(now);
    }

    /// What the host names in `cluster-bus-allow` mean now.
    pub fn handle_bus_addresses(&mut self, addresses: Vec<IpAddr>, now: Now) {
        self.state.bus.addresses = addresses;
        self.refresh_cluster(now);
    }

    fn refresh_cluster(&mut self, now: Now) {
        self.begin(now);
        if let Some(cluster) = &mut self.state.cluster {
            let settings = self.state.bus.fill(cluster_settings(&self.core.config));
            cluster.update_settings(settings, now);
        }
        self.settle(now);
    }

    /// Goes back to earlier settings.
    pub(super) fn restore(&mut self, before: Settings) {
        let config = Arc::new(before.snapshot());
        if config.process.dir != self.core.config.process.dir
            && let Err(why) = self.core.shared.outside.process.change_dir(&config.process.dir)
        {
            let text = format!("Cannot go back to {}: {why}", config.process.dir.escape_ascii());
            self.core.shared.log(Level::Warning, &text);
        }
        *self.core.shared.settings() = before;
        self.state.put_in_force(&mut self.core, &config);
        self.state.ask(|id| Action::Apply(id, config));
    }
}

/// What the cluster machine reads of the configuration.
pub fn cluster_settings(config: &Config) -> cluster::Settings {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let c = &config.cluster;
    cluster::Settings {
        node_timeout_ms: c.node_timeout_ms,
        port: config.network.port,
        bus_port: bus_port(config),
        config_file: text(&c.config_file),
        announce_ip: text(&c.announce_ip),
        announce_port: c.announce_port,
        announce_tls_port: c.announce_tls_port,
        announce_bus_port: c.announce_bus_port,
        announce_hostname: text(&c.announce_hostname),
        announce_human_nodename: text(&c.announce_human_nodename),
        announce_client_ipv4: text(&c.announce_client_ipv4),
        announce_client_ipv6: text(&c.announce_client_ipv6),
        announce_client_port: c.announce_client_port,
        announce_client_tls_port: c.announce_client_tls_port,
        availability_zone: text(&c.availability_zone),
        preferred_endpoint: match c.preferred_endpoint_type {
            crate::config::EndpointType::Ip => cluster::view::EndpointType::Ip,
            crate::config::EndpointType::Hostname => cluster::view::EndpointType::Hostname,
            crate::config::EndpointType::UnknownEndpoint => cluster::view::EndpointType::UnknownEndpoint,
        },
        require_full_coverage: c.require_full_coverage,
        allow_reads_when_down: c.allow_reads_when_down,
        allow_pubsubshard_when_down: c.allow_pubsubshard_when_down,
        replica_no_failover: c.replica_no_failover,
        link_sendbuf_limit: c.link_sendbuf_limit as usize,
        ping_interval_ms: c.ping_interval_ms,
        gossip_percent: u64::from(c.message_gossip_percent),
        blacklist_ttl_s: c.blacklist_ttl_s,
        save_best_effort: !c.config_save_sync,
        bus_verify: c.bus_verify,
        bus_allow: cluster::AllowList::new(c.bus_allow.clone(), Vec::new()),
        ..cluster::Settings::default()
    }
}

/// Where the bus listens: `cluster-port`, or ten thousand above the client port.
pub fn bus_port(config: &Config) -> u16 {
    match config.cluster.port {
        0 => config.network.port.saturating_add(10_000),
        port => port,
    }
}
