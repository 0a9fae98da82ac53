//! From the command line to running threads.

use crate::clock::Clock;
use crate::config::{Program, Start, start as read_configuration};
use crate::host::{Host, Listeners, level_of};
use crate::log::Logger;
use crate::mailbox::{Boxes, ToControl};
use crate::run::control::ControlLoop;
use crate::run::files;
use crate::run::worker::WorkerLoop;
use crate::sys;
use node::config::Config;
use node::shared::{Level, Log, Outside, Process};
use node::start::{LoadedFiles, Node, Plan};
use std::ffi::OsString;
use std::hash::{BuildHasher, Hasher};
use std::process::ExitCode;
use std::sync::Arc;

/// Runs a server. `args` are those behind the program's name or subcommand.
pub fn main(args: Vec<OsString>) -> ExitCode {
    let path = std::env::args().next().unwrap_or_default();
    let called = path.rsplit('/').next().unwrap_or_default();
    let name = if called.ends_with("-server") { called } else { "handfast server" };
    let title = if called.ends_with("-server") { path.clone() } else { format!("{path} server") };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let program = Program { name, version: env!("CARGO_PKG_VERSION"), is_command };
    let bare = args.is_empty();
    match read_configuration(program, args, cores) {
        Ok(start) => serve(start, title, bare),
        Err(exit) => {
            print!("{}", exit.stdout);
            eprint!("{}", exit.stderr);
            ExitCode::from(exit.code)
        }
    }
}

fn is_command(name: &[u8]) -> bool {
    node::table().lookup(name).is_some()
}

/// `bare`: without a file and without options.
fn serve(start: Start, title: String, bare: bool) -> ExitCode {
    let config = start.settings.snapshot();
    let clock = Clock::new();
    let logger = Arc::new(Logger::new(level_of(&config), &String::from_utf8_lossy(&config.logging.file)));
    if config.process.daemonize
        && let Err(e) = sys::daemonize()
    {
        eprintln!("cannot become a daemon: {e}");
        return ExitCode::FAILURE;
    }
    let host = Arc::new(Host::new(clock, Arc::clone(&logger), start.file.clone(), title));
    greet(&config, &logger, bare);
    match run(start, &config, clock, &logger, &host) {
        Ok(never) => match never {},
        Err(error) => {
            logger.log(Level::Warning, &error);
            ExitCode::FAILURE
        }
    }
}

/// Starts everything and waits for signals; returns only with the line of what went wrong.
fn run(
    start: Start,
    config: &Config,
    clock: Clock,
    logger: &Arc<Logger>,
    host: &Arc<Host>,
) -> Result<std::convert::Infallible, String> {
    if let Some(refusal) = config.bus_refusal() {
        return Err(refusal);
    }
    for warning in &start.warnings {
        logger.log(Level::Warning, warning);
    }
    if let Some(warning) = config.bus_warning() {
        logger.log(Level::Warning, &warning);
    }
    limit_descriptors(config, logger, host);
    let files = load_cluster(config)?;
    let listeners = listen(config, logger, host)?;
    write_pid_file(config, logger, host);
    host.apply(config);
    let boxes = Arc::new(Boxes::new(config.process.io_threads));
    let outside = Outside {
        post: Arc::clone(&boxes) as _,
        log: Arc::clone(logger) as _,
        process: Arc::clone(host) as _,
        journal: None,
    };
    node::set_element_key((random(), random()));
    let plan = Plan {
        settings: start.settings,
        renames: start.renames,
        files,
        hash_key: (random(), random()),
        seed: random(),
    };
    let node = Node::start(plan, outside, clock.now()).map_err(|e| e.to_string())?;
    logger.log(Level::Notice, "Server initialized");
    spawn(node, &boxes, host, clock, listeners).map_err(|e| e.to_string())?;
    if config.network.port != 0 {
        logger.log(Level::Notice, "Ready to accept connections tcp");
    }
    if config.network.unix_socket.is_some() {
        logger.log(Level::Notice, "Ready to accept connections unix");
    }
    wait_for_signals(&boxes)
}

fn listen(config: &Config, logger: &Logger, host: &Host) -> Result<Listeners, String> {
    let listeners = host.listen(&Arc::new(config.clone())).map_err(|error| {
        logger.log(Level::Warning, &error);
        format!("Failed listening on port {} (tcp), aborting.", config.network.port)
    })?;
    if listeners.clients.is_empty() {
        return Err("Configured to not listen anywhere, exiting.".into());
    }
    Ok(listeners)
}

/// The lines that tell who this is. Test harnesses read ` PID: ` and what follows.
fn greet(config: &Config, logger: &Logger, bare: bool) {
    let (version, pid) = (env!("CARGO_PKG_VERSION"), std::process::id());
    logger.log(Level::Notice, "oO0OoO0OoO0Oo Handfast is starting oO0OoO0OoO0Oo");
    logger.log(
        Level::Notice,
        &format!("Handfast version={version}, bits={}, pid={pid}, just started", usize::BITS),
    );
    if bare {
        logger.log(Level::Warning, "Warning: no config file specified, using the default config.");
    } else {
        logger.log(Level::Notice, "Configuration loaded");
    }
    let mode = if config.cluster.enabled { "cluster" } else { "standalone" };
    logger.log(Level::Notice, &format!("Running mode={mode}, port={}.", config.network.port));
    logger.log(Level::Notice, &format!("Port: {} PID: {pid}", config.network.port));
}

fn limit_descriptors(config: &Config, logger: &Logger, host: &Host) {
    if config.cluster.enabled {
        host.reserve_bus(config.clients.max);
    }
    let possible = host.raise_clients(config.clients.max);
    if possible < config.clients.max {
        let text = format!(
            "WARNING: maxclients is {}, but the limit of open files leaves room for {possible} clients. Raise it \
             with 'ulimit -n'.",
            config.clients.max
        );
        logger.log(Level::Warning, &text);
    }
}

/// The cluster's configuration files, with the lock on them held for the life of the process.
fn load_cluster(config: &Config) -> Result<LoadedFiles, String> {
    if !config.cluster.enabled {
        return Ok(LoadedFiles::default());
    }
    let name = String::from_utf8_lossy(&config.cluster.config_file).into_owned();
    if !sys::lock_file(&format!("{name}.lock"))
        .map_err(|e| format!("Can't open {name} in order to acquire a lock: {e}"))?
    {
        return Err(format!(
            "Sorry, the cluster configuration file {name} is already used by a different Handfast node. Please \
             make sure that different nodes use different cluster configuration files."
        ));
    }
    let read = |suffix: &str| read_if_there(&format!("{name}{suffix}"));
    Ok(LoadedFiles { conf: read("")?, sums: read(".sum")?, previous: read(".prev")? })
}

fn read_if_there(name: &str) -> Result<Option<Vec<u8>>, String> {
    match std::fs::read(name) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(format!("Loading the cluster node config from {name}: {e}")),
    }
}

fn write_pid_file(config: &Config, logger: &Logger, host: &Host) {
    let named = &config.process.pid_file;
    let path: &[u8] = match (named.is_empty(), config.process.daemonize) {
        (false, _) => named,
        (true, true) => b"/var/run/redis.pid",
        (true, false) => return,
    };
    if let Err(e) = host.write_pid_file(path) {
        logger
            .log(Level::Warning, &format!("Failed to write PID file {}: {e}", String::from_utf8_lossy(path)));
    }
}

fn spawn(
    node: Node,
    boxes: &Arc<Boxes>,
    host: &Arc<Host>,
    clock: Clock,
    listeners: Listeners,
) -> std::io::Result<()> {
    let Node { shared, workers, control } = node;
    let config = shared.config.load_full();
    host.set_source(source_of(&config));
    let files = files::start(Arc::clone(boxes))?;
    let control = ControlLoop::new(
        control,
        Arc::clone(&shared),
        Arc::clone(boxes),
        Arc::clone(host),
        clock,
        files,
        listeners.bus,
    )?;
    std::thread::Builder::new().name("control".into()).spawn(move || control.run())?;
    let mut clients = Some(listeners.clients);
    for (index, worker) in workers.into_iter().enumerate() {
        let listeners = clients.take().unwrap_or_default();
        let worker =
            WorkerLoop::new(index, worker, Arc::clone(&shared), Arc::clone(boxes), clock, listeners)?;
        std::thread::Builder::new().name(format!("worker-{index}")).spawn(move || worker.run())?;
    }
    Ok(())
}

/// The first address of `bind`, if it is one of this machine's rather than all of them.
fn source_of(config: &Config) -> Option<std::net::IpAddr> {
    let host = &config.network.bind.first()?.host;
    let ip: std::net::IpAddr = std::str::from_utf8(host).ok()?.parse().ok()?;
    (!ip.is_unspecified()).then_some(ip)
}

/// Sixty-four bits that nobody can guess: the standard library seeds its hashers from the system.
fn random() -> u64 {
    std::collections::hash_map::RandomState::new().build_hasher().finish()
}

fn wait_for_signals(boxes: &Boxes) -> Result<std::convert::Infallible, String> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGPIPE, SIGTERM};
    let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM, SIGHUP, SIGPIPE])
        .map_err(|e| format!("cannot handle signals: {e}"))?;
    loop {
        for signal in signals.wait() {
            match signal {
                SIGINT => boxes.control.put(ToControl::Signal("SIGINT")),
                SIGTERM => boxes.control.put(ToControl::Signal("SIGTERM")),
                // A closed terminal or a broken pipe ends nothing.
                _ => {}
            }
        }
    }
}
