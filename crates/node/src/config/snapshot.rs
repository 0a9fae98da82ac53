//! From the table's values to typed fields.

use super::settings::Settings;
use super::typed::{
    Access, Address, Clients, Cluster, Config, Encodings, EndpointType, EvictionPolicy, Latency, LogLevel,
    Logging, Memory, Network, Permission, Process, Scripts, Shutdown, UndeclaredKeys,
};
use super::value::Value;

impl Settings {
    /// The values in force, typed.
    pub fn snapshot(&self) -> Config {
        Config {
            network: self.network(),
            clients: self.clients(),
            access: self.access(),
            cluster: self.cluster(),
            memory: self.memory(),
            encodings: self.encodings(),
            latency: self.latency(),
            scripts: self.scripts(),
            logging: self.logging(),
            process: self.process(),
            notify_keyspace_events: match self.value("notify-keyspace-events") {
                Value::Events(events) => *events,
                other => wrong("notify-keyspace-events", other),
            },
            save: match self.value("save") {
                Value::Save(points) => points.clone(),
                other => wrong("save", other),
            },
        }
    }

    fn network(&self) -> Network {
        let Value::Words(bind) = self.value("bind") else { wrong("bind", self.value("bind")) };
        let unix_socket = self.text("unixsocket");
        let permissions: u32 = self.number("unixsocketperm");
        Network {
            bind: bind.iter().map(|word| Address::new(word)).collect(),
            port: self.number("port"),
            tcp_backlog: self.number("tcp-backlog"),
            tcp_keepalive_s: self.number("tcp-keepalive"),
            unix_socket: (!unix_socket.is_empty()).then_some(unix_socket),
            unix_socket_permissions: (permissions != 0).then_some(permissions),
            protected_mode: self.flag("protected-mode"),
        }
    }

    fn clients(&self) -> Clients {
        let name = "client-output-buffer-limit";
        let Value::OutputLimits(output_limits) = self.value(name) else { wrong(name, self.value(name)) };
        Clients {
            max: self.number("maxclients"),
            timeout_s: self.number("timeout"),
            query_buffer_limit: self.number("client-query-buffer-limit"),
            output_limits: *output_limits,
            bulk_max: self.number("proto-max-bulk-len"),
            memory: self.number("maxmemory-clients"),
        }
    }

    fn access(&self) -> Access {
        Access {
            requirepass: self.text("requirepass"),
            password_hashes: self.password_hashes.clone(),
            debug_command: Permission::from_choice(self.choice("enable-debug-command")),
            module_command: Permission::from_choice(self.choice("enable-module-command")),
            protected_configs: Permission::from_choice(self.choice("enable-protected-configs")),
        }
    }

    fn cluster(&self) -> Cluster {
        let endpoints = [EndpointType::Ip, EndpointType::Hostname, EndpointType::UnknownEndpoint];
        let verify = [cluster::Verify::Strict, cluster::Verify::Warn, cluster::Verify::Off];
        Cluster {
            enabled: self.flag("cluster-enabled"),
            config_file: self.text("cluster-config-file"),
            port: self.number("cluster-port"),
            node_timeout_ms: self.number("cluster-node-timeout"),
            ping_interval_ms: self.number("cluster-ping-interval"),
            message_gossip_percent: self.number("cluster-message-gossip-perc"),
            require_full_coverage: self.flag("cluster-require-full-coverage"),
            allow_reads_when_down: self.flag("cluster-allow-reads-when-down"),
            allow_pubsubshard_when_down: self.flag("cluster-allow-pubsubshard-when-down"),
            allow_replica_migration: self.flag("cluster-allow-replica-migration"),
            migration_barrier: self.number("cluster-migration-barrier"),
            replica_no_failover: self.flag("cluster-replica-no-failover"),
            replica_validity_factor: self.number("cluster-replica-validity-factor"),
            link_sendbuf_limit: self.number("cluster-link-sendbuf-limit"),
            blacklist_ttl_s: self.number("cluster-blacklist-ttl"),
            bus_allow: self.bus_allow(),
            bus_port_protected_mode: self.flag("cluster-bus-port-protected-mode"),
            bus_verify: verify[self.choice("cluster-bus-verify")],
            config_save_sync: self.choice("cluster-config-save-behavior") == 0,
            preferred_endpoint_type: endpoints[self.choice("cluster-preferred-endpoint-type")],
            announce_ip: self.text("cluster-announce-ip"),
            announce_port: self.number("cluster-announce-port"),
            announce_bus_port: self.number("cluster-announce-bus-port"),
            announce_tls_port: self.number("cluster-announce-tls-port"),
            announce_hostname: self.text("cluster-announce-hostname"),
            announce_human_nodename: self.text("cluster-announce-human-nodename"),
            announce_client_ipv4: self.text("cluster-announce-client-ipv4"),
            announce_client_ipv6: self.text("cluster-announce-client-ipv6"),
            announce_client_port: self.number("cluster-announce-client-port"),
            announce_client_tls_port: self.number("cluster-announce-client-tls-port"),
            availability_zone: self.text("availability-zone"),
            databases: self.number("cluster-databases"),
        }
    }

    fn bus_allow(&self) -> Vec<cluster::AllowEntry> {
        let name = "cluster-bus-allow";
        let Value::Words(words) = self.value(name) else { wrong(name, self.value(name)) };
        // They were read when they were set.
        words.iter().filter_map(|w| cluster::AllowEntry::parse(&String::from_utf8_lossy(w)).ok()).collect()
    }

    fn memory(&self) -> Memory {
        Memory {
            max: self.number("maxmemory"),
            policy: EvictionPolicy::ALL[self.choice("maxmemory-policy")],
            samples: self.number("maxmemory-samples"),
            eviction_tenacity: self.number("maxmemory-eviction-tenacity"),
            lfu_log_factor: self.number("lfu-log-factor"),
            lfu_decay_time_min: self.number("lfu-decay-time"),
            active_expire_effort: self.number("active-expire-effort"),
        }
    }

    fn encodings(&self) -> Encodings {
        Encodings {
            hash_max_listpack_entries: self.number("hash-max-listpack-entries"),
            hash_max_listpack_value: self.number("hash-max-listpack-value"),
            list_max_listpack_size: self.number("list-max-listpack-size"),
            list_compress_depth: self.number("list-compress-depth"),
            set_max_intset_entries: self.number("set-max-intset-entries"),
            set_max_listpack_entries: self.number("set-max-listpack-entries"),
            set_max_listpack_value: self.number("set-max-listpack-value"),
            zset_max_listpack_entries: self.number("zset-max-listpack-entries"),
            zset_max_listpack_value: self.number("zset-max-listpack-value"),
            hll_sparse_max_bytes: self.number("hll-sparse-max-bytes"),
            stream_node_max_bytes: self.number("stream-node-max-bytes"),
            stream_node_max_entries: self.number("stream-node-max-entries"),
            rdb_compression: self.flag("rdbcompression"),
        }
    }

    fn latency(&self) -> Latency {
        let name = "latency-tracking-info-percentiles";
        let Value::Percentiles(percentiles) = self.value(name) else { wrong(name, self.value(name)) };
        Latency {
            tracking: self.flag("latency-tracking"),
            percentiles: percentiles.clone(),
            monitor_threshold_ms: self.number("latency-monitor-threshold"),
        }
    }

    fn scripts(&self) -> Scripts {
        let undeclared = [UndeclaredKeys::Allow, UndeclaredKeys::Deny];
        Scripts {
            busy_reply_threshold_ms: self.number("busy-reply-threshold"),
            undeclared_keys: undeclared[self.choice("script-undeclared-keys")],
        }
    }

    fn logging(&self) -> Logging {
        let levels =
            [LogLevel::Debug, LogLevel::Verbose, LogLevel::Notice, LogLevel::Warning, LogLevel::Nothing];
        Logging { file: self.text("logfile"), level: levels[self.choice("loglevel")] }
    }

    fn process(&self) -> Process {
        Process {
            dir: self.text("dir"),
            io_threads: self.number("io-threads"),
            databases: self.number("databases"),
            hz: self.number("hz"),
            daemonize: self.flag("daemonize"),
            pid_file: self.text("pidfile"),
            set_title: self.flag("set-proc-title"),
            title_template: self.text("proc-title-template"),
            shutdown_on_sigint: self.shutdown("shutdown-on-sigint"),
            shutdown_on_sigterm: self.shutdown("shutdown-on-sigterm"),
            shutdown_timeout_s: self.number("shutdown-timeout"),
            redis_version: String::from_utf8_lossy(&self.text("redis-version")).into_owned(),
        }
    }

    fn shutdown(&self, name: &str) -> Shutdown {
        let Value::Choices(bits) = self.value(name) else { wrong(name, self.value(name)) };
        let bit = |i: u32| bits >> i & 1 == 1;
        Shutdown { save: bit(1), nosave: bit(2), now: bit(3), force: bit(4) }
    }

    fn flag(&self, name: &str) -> bool {
        match self.value(name) {
            Value::Bool(b) => *b,
            other => wrong(name, other),
        }
    }

    /// The table's range must fit the field's type.
    fn number<T: TryFrom<i128>>(&self, name: &str) -> T {
        match self.value(name) {
            Value::Number(n) => match T::try_from(*n) {
                Ok(n) => n,
                Err(_) => unreachable!("{name} is {n}, outside of its field's type"),
            },
            other => wrong(name, other),
        }
    }

    fn choice(&self, name: &str) -> usize {
        match self.value(name) {
            Value::Choice(i) => *i,
            other => wrong(name, other),
        }
    }

    fn text(&self, name: &str) -> Vec<u8> {
        match self.value(name) {
            Value::Text(text) => text.clone(),
            other => wrong(name, other),
        }
    }
}

/// The table and this file disagree on a directive's kind: a mistake that any test finds.
fn wrong(name: &str, value: &Value) -> ! {
    unreachable!("{name} holds {value:?}")
}

#[cfg(test)]
mod tests {
    use super::super::Defaults;
    use super::*;

    /// Reading every field finds names that are not in the table and types that do not fit.
    #[test]
    fn defaults_fit_their_fields() {
        let config = Settings::new(&Defaults { cores: 3, dir: b"/data".to_vec() }).snapshot();
        assert_eq!((config.network.port, config.process.io_threads, config.process.databases), (6379, 3, 16));
        let optional: Vec<bool> = config.network.bind.iter().map(|a| a.optional).collect();
        assert_eq!(optional, [false, true]);
        assert_eq!(config.network.bind[1].host, b"::*");
        assert_eq!(
            (config.memory.policy, config.logging.level),
            (EvictionPolicy::Noeviction, LogLevel::Notice)
        );
        assert_eq!(config.process.redis_version, "7.2.4");
        assert_eq!(config.cluster.preferred_endpoint_type, EndpointType::Ip);
    }

    #[test]
    fn passwords() {
        let mut access = Settings::new(&Defaults { cores: 1, dir: Vec::new() }).snapshot().access;
        assert!(!access.needs_password() && access.accepts(b"anything"));
        access.requirepass = b"foo".to_vec();
        assert!(access.accepts(b"foo") && !access.accepts(b"") && !access.accepts(b"bar"));
    }
}
