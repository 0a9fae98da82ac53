//! The process: what a node asks of it, and what an operator sees of it.

use crate::clock::Clock;
use crate::log::Logger;
use crate::migrate::Migrator;
use crate::net::{Bound, Listener, unlink};
use crate::sys;
use crate::title::Title;
use mio::net::TcpStream;
use node::config::{Config, LogLevel};
use node::migration::Transfer;
use node::shared::{Level, Log as _, Process};
use socket2::{Domain, Protocol, Socket, Type};
use std::ffi::OsStr;
use std::io;
use std::net::SocketAddr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Descriptors kept for anything but clients and bus links: files, pipes.
const RESERVED_DESCRIPTORS: u32 = 32;
/// Descriptors that a cluster's bus gets where there are enough: two thousand nodes with both links, and strangers.
const BUS_DESCRIPTORS: u32 = 10_000;
/// Where there are not, it gets one in so many.
const BUS_PART: u32 = 4;

/// Peers that may wait to be accepted, at least: a thousand of them redial a restarted node at once. The system may
/// allow fewer.
const BUS_BACKLOG_MIN: i32 = 4096;

/// What the process listens on now.
#[derive(Default)]
struct Listening {
    clients: Bound,
    bus: Bound,
    config: Option<Arc<Config>>,
}

/// Listeners to be polled, in place of all earlier ones.
pub struct Listeners {
    /// For clients.
    pub clients: Vec<Listener>,
    /// For the bus.
    pub bus: Vec<Listener>,
}

/// The process that a node runs in.
pub struct Host {
    clock: Clock,
    logger: Arc<Logger>,
    config_file: Option<PathBuf>,
    pid_file: Mutex<Option<PathBuf>>,
    unix_socket: Mutex<Option<String>>,
    bind_source: Mutex<Option<std::net::IpAddr>>,
    /// Descriptors that belong to the bus.
    bus_descriptors: AtomicU32,
    listening: Mutex<Listening>,
    title: Title,
    migrator: Migrator,
}

impl Host {
    /// The host of one process.
    pub fn new(clock: Clock, logger: Arc<Logger>, config_file: Option<PathBuf>, program: String) -> Host {
        let title =
            Title::new(program, config_file.as_ref().map_or_else(String::new, |p| p.display().to_string()));
        Host {
            clock,
            logger,
            config_file,
            pid_file: Mutex::default(),
            unix_socket: Mutex::default(),
            bind_source: Mutex::default(),
            bus_descriptors: AtomicU32::new(0),
            listening: Mutex::default(),
            title,
            migrator: Migrator::new(clock),
        }
    }

    /// The configuration file, for CONFIG REWRITE; empty if there is none.
    pub fn config_path(&self) -> &Path {
        self.config_file.as_deref().unwrap_or(Path::new(""))
    }

    /// Takes over what concerns the log and the process's title.
    pub fn apply(&self, config: &Config) {
        self.title.show(config);
        self.logger.configure(level_of(config), &String::from_utf8_lossy(&config.logging.file));
    }

    /// Listens where the configuration says, and no longer where an earlier one said. After an error, which is a
    /// line for the log, all is as before.
    pub fn listen(&self, config: &Arc<Config>) -> Result<Listeners, String> {
        let mut listening = self.listening.lock().unwrap_or_else(PoisonError::into_inner);
        let mut clients = bind_clients(&mut listening.clients, config)?;
        let bus = match bind_bus(&mut listening.bus, config) {
            Ok(bus) => bus,
            Err(error) => {
                if let Some(before) = listening.config.clone() {
                    // What is open already cannot fail.
                    let _ = bind_clients(&mut listening.clients, &before);
                }
                return Err(error);
            }
        };
        clients.extend(self.listen_unix(config)?);
        listening.config = Some(Arc::clone(config));
        Ok(Listeners { clients, bus })
    }

    fn listen_unix(&self, config: &Config) -> Result<Option<Listener>, String> {
        let Some(path) = &config.network.unix_socket else { return Ok(None) };
        let path = String::from_utf8_lossy(path).into_owned();
        let listener = Listener::unix(&path, config.network.unix_socket_permissions.unwrap_or(0))
            .map_err(|e| format!("Failed opening Unix socket: bind: {e}"))?;
        if let Ok(mut kept) = self.unix_socket.lock() {
            *kept = Some(path);
        }
        Ok(Some(listener))
    }

    /// [`Host::listen`] for CONFIG SET; the error is for its client.
    pub fn relisten(&self, config: &Arc<Config>) -> Result<Listeners, String> {
        self.listen(config).map_err(|error| {
            self.logger.log(Level::Warning, &error);
            let listening = self.listening.lock().unwrap_or_else(PoisonError::into_inner);
            match &listening.config {
                Some(before) if before.network.port != config.network.port => {
                    failed("port", "Unable to listen on this port. Check server logs.")
                }
                _ => failed("bind", "Failed to bind to specified addresses."),
            }
        })
    }

    /// Begins to connect to a peer's bus.
    pub fn dial(&self, addr: SocketAddr) -> io::Result<TcpStream> {
        let source = self.bind_source.lock().ok().and_then(|s| *s);
        let Some(source) = source.filter(|ip| ip.is_ipv4() == addr.is_ipv4()) else {
            return TcpStream::connect(addr);
        };
        let socket = Socket::new(Domain::for_address(addr), Type::STREAM, Some(Protocol::TCP))?;
        socket.set_nonblocking(true)?;
        // A source that cannot be had is no reason not to connect.
        let _ = socket.bind(&SocketAddr::new(source, 0).into());
        match socket.connect(&addr.into()) {
            Ok(()) => {}
            Err(e) if e.raw_os_error() == Some(libc::EINPROGRESS) => {}
            Err(e) => return Err(e),
        }
        Ok(TcpStream::from_std(socket.into()))
    }

    /// Bus connections leave from this address, as from the first of `bind`, so that peers learn the right one.
    pub fn set_source(&self, source: Option<std::net::IpAddr>) {
        if let Ok(mut kept) = self.bind_source.lock() {
            *kept = source;
        }
    }

    /// Divides the process's descriptors: neither clients nor peers ever take each other's.
    pub fn reserve_bus(&self, clients: u32) {
        let wanted = u64::from(clients) + u64::from(RESERVED_DESCRIPTORS) + u64::from(BUS_DESCRIPTORS);
        let limit = u32::try_from(sys::raise_descriptor_limit(wanted)).unwrap_or(u32::MAX);
        let share = bus_share(limit.saturating_sub(RESERVED_DESCRIPTORS), clients);
        self.bus_descriptors.store(share, Ordering::Relaxed);
    }

    /// Descriptors that belong to the bus; none without a cluster.
    pub fn bus_descriptors(&self) -> usize {
        self.bus_descriptors.load(Ordering::Relaxed) as usize
    }

    /// Stands still.
    pub fn freeze(&self, time: Duration) {
        std::thread::sleep(time);
    }

    /// Writes the pid file; it is removed at the end.
    pub fn write_pid_file(&self, path: &[u8]) -> io::Result<()> {
        let path = PathBuf::from(OsStr::from_bytes(path));
        let path = std::path::absolute(&path)?;
        std::fs::write(&path, format!("{}\n", std::process::id()))?;
        if let Ok(mut kept) = self.pid_file.lock() {
            *kept = Some(path);
        }
        Ok(())
    }

    /// Ends the process; what it put into the file system for its lifetime goes with it.
    pub fn exit(&self, code: i32) -> ! {
        if let Ok(path) = self.pid_file.lock()
            && let Some(path) = &*path
        {
            // It may be gone already.
            let _ = std::fs::remove_file(path);
        }
        if let Ok(path) = self.unix_socket.lock()
            && let Some(path) = &*path
        {
            unlink(path);
        }
        // Clients that see their connection end, and connect again at once, are refused: none gets through to nobody.
        let mut listening = self.listening.lock().unwrap_or_else(PoisonError::into_inner);
        listening.clients.close();
        listening.bus.close();
        std::process::exit(code)
    }
}

/// The bus's part of `limit` descriptors beside so many clients.
fn bus_share(limit: u32, clients: u32) -> u32 {
    limit.saturating_sub(clients).max(limit / BUS_PART).min(BUS_DESCRIPTORS)
}

fn bind_clients(bound: &mut Bound, config: &Config) -> Result<Vec<Listener>, String> {
    let network = &config.network;
    bound.rebind(&network.bind, network.port, network.tcp_backlog as i32)
}

fn bind_bus(bound: &mut Bound, config: &Config) -> Result<Vec<Listener>, String> {
    let network = &config.network;
    let port = if config.cluster.enabled { config.bus_port() } else { 0 };
    bound.rebind(&network.bind, port, (network.tcp_backlog as i32).max(BUS_BACKLOG_MIN))
}

fn failed(directive: &str, why: &str) -> String {
    format!("CONFIG SET failed (possibly related to argument '{directive}') - {why}")
}

/// The log's level.
pub fn level_of(config: &Config) -> Level {
    match config.logging.level {
        LogLevel::Debug => Level::Debug,
        LogLevel::Verbose => Level::Verbose,
        LogLevel::Notice => Level::Notice,
        LogLevel::Warning => Level::Warning,
        LogLevel::Nothing => Level::Nothing,
    }
}

/// A value of `/proc/self/status` or `/proc/meminfo`, in bytes.
fn proc_kib(file: &str, name: &str) -> u64 {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let line = text.lines().find(|l| l.starts_with(name)).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|n| n.parse::<u64>().ok()).unwrap_or(0) * 1024
}

impl Process for Host {
    fn pid(&self) -> u32 {
        std::process::id()
    }

    fn allocator(&self) -> (u64, u64, u64) {
        use tikv_jemalloc_ctl::{epoch, stats};
        // Without jemalloc (tests) there is nothing to tell but the resident size.
        if epoch::advance().is_err() {
            let resident = self.resident();
            return (resident, resident, resident);
        }
        let read = |value: Result<usize, _>| value.unwrap_or(0) as u64;
        (read(stats::allocated::read()), read(stats::active::read()), read(stats::resident::read()))
    }

    fn resident(&self) -> u64 {
        proc_kib("/proc/self/status", "VmRSS:")
    }

    fn total_memory(&self) -> u64 {
        proc_kib("/proc/meminfo", "MemTotal:")
    }

    fn cpu(&self) -> (u64, u64) {
        sys::cpu_time()
    }

    fn executable(&self) -> String {
        std::env::current_exe().map(|p| p.display().to_string()).unwrap_or_default()
    }

    fn config_file(&self) -> String {
        self.config_path().display().to_string()
    }

    fn os(&self) -> String {
        sys::os()
    }

    fn raise_clients(&self, wanted: u32) -> u32 {
        let others = RESERVED_DESCRIPTORS + self.bus_descriptors.load(Ordering::Relaxed);
        let limit = sys::raise_descriptor_limit(u64::from(wanted) + u64::from(others));
        u32::try_from(limit).unwrap_or(u32::MAX).saturating_sub(others)
    }

    fn change_dir(&self, dir: &[u8]) -> Result<Vec<u8>, String> {
        crate::config::change_dir(dir)
    }

    fn migrate(&self, transfer: Transfer) {
        self.migrator.start(transfer);
    }

    fn idle_links(&self) -> usize {
        self.migrator.idle()
    }

    fn close_idle_links(&self) {
        self.migrator.close_idle();
    }

    fn ticks_ns(&self) -> u64 {
        self.clock.nanos()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_and_bus_share_what_there_is() {
        let check =
            |limit, clients, expect| assert_eq!(bus_share(limit, clients), expect, "{limit} {clients}");
        check(1_000_000, 10_000, 10_000);
        check(20_000, 10_000, 10_000);
        check(15_000, 10_000, 5_000);
        check(4_000, 10_000, 1_000);
        check(1_000, 10_000, 250);
        check(1_000, 100, 900);
    }
}
