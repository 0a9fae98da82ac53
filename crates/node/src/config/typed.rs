//! What the machines read: plain values, in groups.

use sha2::{Digest, Sha256};

use super::events::Events;
use super::limits::{OutputClass, OutputLimit, SavePoint};

/// An immutable copy of all values that something acts on.
#[derive(Clone, Debug)]
pub struct Config {
    /// Listening.
    pub network: Network,
    /// Clients and their buffers.
    pub clients: Clients,
    /// Who may do what.
    pub access: Access,
    /// The cluster.
    pub cluster: Cluster,
    /// Limits of the keyspace.
    pub memory: Memory,
    /// Thresholds between encodings.
    pub encodings: Encodings,
    /// What is measured.
    pub latency: Latency,
    /// Scripts.
    pub scripts: Scripts,
    /// The log.
    pub logging: Logging,
    /// The process.
    pub process: Process,
    /// `notify-keyspace-events`
    pub notify_keyspace_events: Events,
    /// `save`
    pub save: Vec<SavePoint>,
}

/// The bus port is the client port plus this, unless `cluster-port` is given.
pub const BUS_PORT_OFFSET: u16 = 10000;

impl Config {
    /// Where the cluster bus listens. A node in cluster mode does not start on ports too high for the sum.
    pub fn bus_port(&self) -> u16 {
        match self.cluster.port {
            0 => self.network.port.saturating_add(BUS_PORT_OFFSET),
            port => port,
        }
    }
}

/// Listening.
#[derive(Clone, Debug)]
pub struct Network {
    /// `bind`; none means that nothing listens on TCP.
    pub bind: Vec<Address>,
    /// `port`; 0 for none.
    pub port: u16,
    /// `tcp-backlog`
    pub tcp_backlog: u32,
    /// `tcp-keepalive`, seconds; 0 for none.
    pub tcp_keepalive_s: u32,
    /// `unixsocket`
    pub unix_socket: Option<Vec<u8>>,
    /// `unixsocketperm`; `None` leaves what the umask gives.
    pub unix_socket_permissions: Option<u32>,
    /// `protected-mode`
    pub protected_mode: bool,
}

/// One word of `bind`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Address {
    /// An IP address, a name, or `*` (`::*` for every IPv6 address).
    pub host: Vec<u8>,
    /// Written with a `-` in front: the start goes on if the address is not to be had.
    pub optional: bool,
}

/// Clients and their buffers.
#[derive(Clone, Debug)]
pub struct Clients {
    /// `maxclients`
    pub max: u32,
    /// `timeout`, seconds; 0 for none.
    pub timeout_s: u32,
    /// `client-query-buffer-limit`, bytes.
    pub query_buffer_limit: u64,
    /// `client-output-buffer-limit`, by [`OutputClass`].
    pub output_limits: [OutputLimit; 3],
    /// `proto-max-bulk-len`, bytes.
    pub bulk_max: u64,
    /// `maxmemory-clients`: bytes, 0 for no limit, or a percentage of `maxmemory` if negative.
    pub memory: i64,
}

impl Clients {
    /// The limit of one class.
    pub fn output_limit(&self, class: OutputClass) -> OutputLimit {
        self.output_limits[class as usize]
    }
}

/// Who may use something dangerous.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Permission {
    /// Nobody.
    No,
    /// Everybody.
    Yes,
    /// Clients on loopback or a Unix socket.
    Local,
}

impl Permission {
    /// From the index into `no`, `yes`, `local`.
    pub(super) fn from_choice(index: usize) -> Permission {
        [Permission::No, Permission::Yes, Permission::Local][index]
    }

    /// Whether a client may; `local` as in [`Permission::Local`].
    pub fn allows(self, local: bool) -> bool {
        match self {
            Permission::No => false,
            Permission::Yes => true,
            Permission::Local => local,
        }
    }
}

/// Who may do what.
#[derive(Clone, Debug)]
pub struct Access {
    /// `requirepass`; empty for none.
    pub requirepass: Vec<u8>,
    /// SHA-256 of passwords that are known by their hash only, from a `user default` line.
    pub password_hashes: Vec<[u8; 32]>,
    /// `enable-debug-command`
    pub debug_command: Permission,
    /// `enable-module-command`
    pub module_command: Permission,
    /// `enable-protected-configs`
    pub protected_configs: Permission,
}

impl Access {
    /// Whether a client must authenticate first.
    pub fn needs_password(&self) -> bool {
        !self.requirepass.is_empty() || !self.password_hashes.is_empty()
    }

    /// Whether `password` is the default user's. Hashes of a `user default` line come before `requirepass`, as
    /// in Redis. Compared by hash, so that the time taken tells nothing of the password.
    pub fn accepts(&self, password: &[u8]) -> bool {
        let hash = |text: &[u8]| <[u8; 32]>::from(Sha256::digest(text));
        let given = hash(password);
        match self.password_hashes.as_slice() {
            [] => self.requirepass.is_empty() || hash(&self.requirepass) == given,
            hashes => hashes.iter().fold(false, |found, one| found | (*one == given)),
        }
    }
}

/// `cluster-preferred-endpoint-type`
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EndpointType {
    /// The address.
    Ip,
    /// The announced host name.
    Hostname,
    /// None: clients stay with the one they used.
    UnknownEndpoint,
}

/// The cluster: each field is the directive `cluster-…` of its name.
#[derive(Clone, Debug)]
pub struct Cluster {
    #[allow(missing_docs)]
    pub enabled: bool,
    /// File name, relative to `dir`.
    pub config_file: Vec<u8>,
    /// Bus port; 0 means `port` + 10000.
    pub port: u16,
    /// Milliseconds.
    pub node_timeout_ms: u64,
    /// Milliseconds; 0 for the usual second.
    pub ping_interval_ms: u64,
    /// Share of the known nodes in a packet's gossip, percent.
    pub message_gossip_percent: u32,
    #[allow(missing_docs)]
    pub require_full_coverage: bool,
    #[allow(missing_docs)]
    pub allow_reads_when_down: bool,
    #[allow(missing_docs)]
    pub allow_pubsubshard_when_down: bool,
    #[allow(missing_docs)]
    pub allow_replica_migration: bool,
    #[allow(missing_docs)]
    pub migration_barrier: u32,
    #[allow(missing_docs)]
    pub replica_no_failover: bool,
    #[allow(missing_docs)]
    pub replica_validity_factor: u32,
    /// Bytes queued on one link; 0 for no limit.
    pub link_sendbuf_limit: u64,
    /// Seconds for which a forgotten node is not taken up again.
    pub blacklist_ttl_s: u64,
    /// Who may connect to the bus port; none means everybody.
    pub bus_allow: Vec<cluster::AllowEntry>,
    /// Whether an open bus port keeps the node from starting.
    pub bus_port_protected_mode: bool,
    /// What becomes of claims over links that others dialled.
    pub bus_verify: cluster::Verify,
    /// Whether a failed save of nodes.conf stops the node (`sync`) or is only logged.
    pub config_save_sync: bool,
    #[allow(missing_docs)]
    pub preferred_endpoint_type: EndpointType,
    /// Empty for none.
    pub announce_ip: Vec<u8>,
    /// 0 for `port`.
    pub announce_port: u16,
    /// 0 for the bus port.
    pub announce_bus_port: u16,
    /// 0 for the TLS port.
    pub announce_tls_port: u16,
    /// Empty for none.
    pub announce_hostname: Vec<u8>,
    /// Empty for none.
    pub announce_human_nodename: Vec<u8>,
    /// Empty for none.
    pub announce_client_ipv4: Vec<u8>,
    /// Empty for none.
    pub announce_client_ipv6: Vec<u8>,
    /// 0 for none.
    pub announce_client_port: u16,
    /// 0 for none.
    pub announce_client_tls_port: u16,
    /// `availability-zone`; empty for none.
    pub availability_zone: Vec<u8>,
    /// Databases of a node in cluster mode.
    pub databases: u32,
}

/// `maxmemory-policy`
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum EvictionPolicy {
    VolatileLru,
    VolatileLfu,
    VolatileRandom,
    VolatileTtl,
    AllkeysLru,
    AllkeysLfu,
    AllkeysRandom,
    Noeviction,
}

impl EvictionPolicy {
    pub(super) const ALL: [EvictionPolicy; 8] = [
        EvictionPolicy::VolatileLru,
        EvictionPolicy::VolatileLfu,
        EvictionPolicy::VolatileRandom,
        EvictionPolicy::VolatileTtl,
        EvictionPolicy::AllkeysLru,
        EvictionPolicy::AllkeysLfu,
        EvictionPolicy::AllkeysRandom,
        EvictionPolicy::Noeviction,
    ];

    /// Whether keys carry an access frequency instead of an access time.
    pub fn is_lfu(self) -> bool {
        matches!(self, EvictionPolicy::VolatileLfu | EvictionPolicy::AllkeysLfu)
    }
}

/// Limits of the keyspace.
#[derive(Clone, Debug)]
pub struct Memory {
    /// `maxmemory`, bytes; 0 for no limit.
    pub max: u64,
    /// `maxmemory-policy`
    pub policy: EvictionPolicy,
    /// `maxmemory-samples`
    pub samples: u32,
    /// `maxmemory-eviction-tenacity`, 0 to 100.
    pub eviction_tenacity: u32,
    /// `lfu-log-factor`
    pub lfu_log_factor: u32,
    /// `lfu-decay-time`, minutes.
    pub lfu_decay_time_min: u32,
    /// `active-expire-effort`, 1 to 10.
    pub active_expire_effort: u32,
}

/// Thresholds between encodings.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct Encodings {
    pub hash_max_listpack_entries: u64,
    pub hash_max_listpack_value: u64,
    pub list_max_listpack_size: i32,
    pub list_compress_depth: u32,
    pub set_max_intset_entries: u64,
    pub set_max_listpack_entries: u64,
    pub set_max_listpack_value: u64,
    pub zset_max_listpack_entries: u64,
    pub zset_max_listpack_value: u64,
    pub hll_sparse_max_bytes: u64,
    pub stream_node_max_bytes: u64,
    pub stream_node_max_entries: u64,
    pub rdb_compression: bool,
}

/// What is measured.
#[derive(Clone, Debug)]
pub struct Latency {
    /// `latency-tracking`
    pub tracking: bool,
    /// `latency-tracking-info-percentiles`, 0 to 100.
    pub percentiles: Vec<f64>,
    /// `latency-monitor-threshold`, milliseconds; 0 for off.
    pub monitor_threshold_ms: u64,
}

/// Scripts.
#[derive(Clone, Debug)]
pub struct Scripts {
    /// `busy-reply-threshold`, milliseconds.
    pub busy_reply_threshold_ms: u64,
    /// `script-undeclared-keys`
    pub undeclared_keys: UndeclaredKeys,
}

/// What becomes of a script that touches a key which its call does not name, outside of a cluster.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum UndeclaredKeys {
    /// It may: so that this is safe, no other command runs beside a script.
    Allow,
    /// It gets an error: scripts lock the keys that they name, and run beside others.
    Deny,
}

/// `loglevel`, the most talkative first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[allow(missing_docs)]
pub enum LogLevel {
    Debug,
    Verbose,
    Notice,
    Warning,
    Nothing,
}

/// The log.
#[derive(Clone, Debug)]
pub struct Logging {
    /// `logfile`; empty for standard output.
    pub file: Vec<u8>,
    /// `loglevel`
    pub level: LogLevel,
}

/// `shutdown-on-sigint`, `shutdown-on-sigterm`
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Shutdown {
    /// Save even without save points.
    pub save: bool,
    /// Do not save.
    pub nosave: bool,
    /// Do not wait for replicas.
    pub now: bool,
    /// Exit even if saving fails.
    pub force: bool,
}

/// The process.
#[derive(Clone, Debug)]
pub struct Process {
    /// `dir`, as the file has it or absolute once [`super::Settings::note_dir`] was told.
    pub dir: Vec<u8>,
    /// `io-threads`: number of workers.
    pub io_threads: usize,
    /// `databases`
    pub databases: u32,
    /// `hz`, 1 to 500.
    pub hz: u32,
    /// `daemonize`
    pub daemonize: bool,
    /// `pidfile`; empty for none, or for the default one when daemonized.
    pub pid_file: Vec<u8>,
    /// `set-proc-title`
    pub set_title: bool,
    /// `proc-title-template`
    pub title_template: Vec<u8>,
    /// `shutdown-on-sigint`
    pub shutdown_on_sigint: Shutdown,
    /// `shutdown-on-sigterm`
    pub shutdown_on_sigterm: Shutdown,
    /// `shutdown-timeout`, seconds to wait for replicas.
    pub shutdown_timeout_s: u32,
    /// `redis-version`: what INFO and HELLO report.
    pub redis_version: String,
}

impl Address {
    /// Takes the `-` off.
    pub(super) fn new(word: &[u8]) -> Address {
        match word.strip_prefix(b"-") {
            Some(host) => Address { host: host.to_vec(), optional: true },
            None => Address { host: word.to_vec(), optional: false },
        }
    }
}
