//! A server process of some kind, with its directory and its log.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::client::{Client, Reply};
use crate::peers;

/// Which implementation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Ours.
    Handfast,
    /// Redis 7.0.15.
    Redis7,
    /// Redis 8.0.6.
    Redis8,
    /// Valkey 9.1.2.
    Valkey9,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 4] = [Kind::Handfast, Kind::Redis7, Kind::Redis8, Kind::Valkey9];

    /// Whether its files, and its packets, have human names.
    pub fn knows_human_names(self) -> bool {
        self != Kind::Redis7
    }

    /// Whether it knows addresses for clients, and availability zones.
    pub fn knows_client_addresses(self) -> bool {
        matches!(self, Kind::Handfast | Kind::Valkey9)
    }

    /// Whether it tells others whom it forgot, and follows them.
    pub fn spreads_forget(self) -> bool {
        self != Kind::Redis7
    }

    /// The name of the launcher or binary, which also names the kind in lists.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Handfast => "handfast",
            Kind::Redis7 => "redis-server-7",
            Kind::Redis8 => "redis-server-8",
            Kind::Valkey9 => "valkey-server",
        }
    }

    /// A command that starts a server of this kind, arguments still to come.
    fn command(self) -> Result<Command> {
        if self != Kind::Handfast {
            return Ok(Command::new(peers::bin()?.join(self.name())));
        }
        let server = handfast()?;
        let by_name = server.file_name().is_some_and(|name| name.to_string_lossy().contains("-server"));
        let mut command = Command::new(&server);
        if !by_name {
            command.arg("server");
        }
        Ok(command)
    }
}

/// The Handfast binary: `$HANDFAST_SERVER`, or the newest build beside this program.
pub fn handfast() -> Result<PathBuf> {
    if let Some(path) = std::env::var_os("HANDFAST_SERVER") {
        return Ok(path.into());
    }
    let program = std::env::current_exe()?;
    let target = program
        .ancestors()
        .find(|dir| dir.join("CACHEDIR.TAG").exists())
        .context("not in a target directory")?;
    let built = ["checked", "release", "quick", "debug"].map(|profile| target.join(profile).join("handfast"));
    let newest = built
        .into_iter()
        .filter(|file| file.exists())
        .max_by_key(|file| fs::metadata(file).and_then(|m| m.modified()).ok());
    newest.context("no handfast binary: cargo build --profile checked -p handfast")
}

/// One running server. Killed, with its directory removed, when it is dropped; the directory stays if the test panics, or if
/// `KEEP_NODES` is set.
pub struct Node {
    /// What it is.
    pub kind: Kind,
    /// Its client port; the bus port is 10000 above.
    pub port: u16,
    dir: PathBuf,
    options: Vec<String>,
    child: Child,
}

/// Longest that a server may take to start.
const START_TIME_MAX: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(20);

impl Node {
    /// Starts a server with `options` in a new directory and waits until it answers.
    pub fn start(kind: Kind, port: u16, options: &[&str]) -> Result<Node> {
        let dir = std::env::temp_dir().join(format!("handfast-{}-{port}", std::process::id()));
        if dir.exists() {
            fs::remove_dir_all(&dir)?;
        }
        fs::create_dir_all(&dir)?;
        let options: Vec<String> = options.iter().map(|o| o.to_string()).collect();
        let child = spawn(kind, port, &dir, &options)?;
        let mut node = Node { kind, port, dir, options, child };
        node.wait_until_up()?;
        Ok(node)
    }

    /// kill -9.
    pub fn kill(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// How it ended, if it did.
    pub fn ended(&mut self) -> Result<Option<std::process::ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// SIGTERM, and a good end. Some service managers send it to the process and to its group, so it is sent twice.
    pub fn terminate(&mut self) -> Result<()> {
        let pid = self.child.id().to_string();
        for _ in 0..2 {
            // The second may come too late.
            let _ = Command::new("kill").args(["-TERM", &pid]).output()?;
        }
        let status = self.child.wait()?;
        ensure!(status.success(), "{self} ended with {status}:\n{}", self.log());
        Ok(())
    }

    /// Starts it again where it was.
    pub fn restart(&mut self) -> Result<()> {
        self.spawn()?;
        self.wait_until_up()
    }

    /// The same, without waiting until it serves.
    pub fn spawn(&mut self) -> Result<()> {
        self.child = spawn(self.kind, self.port, &self.dir, &self.options)?;
        Ok(())
    }

    /// Where it runs and keeps its files.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// A file of its directory.
    pub fn file(&self, name: &str) -> Result<String> {
        let path = self.dir.join(name);
        let bytes = fs::read(&path).with_context(|| path.display().to_string())?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn wait_until_up(&mut self) -> Result<()> {
        let start = Instant::now();
        loop {
            if let Some(pid) = self.answering() {
                ensure!(pid == self.child.id(), "port {} is taken by process {pid}", self.port);
                return Ok(());
            }
            if let Some(status) = self.child.try_wait()? {
                bail!("{self} ended with {status}:\n{}", self.log());
            }
            if start.elapsed() > START_TIME_MAX {
                bail!("{self} does not answer:\n{}", self.log());
            }
            thread::sleep(POLL);
        }
    }

    /// The process that answers at the port: another's server must not pass for ours.
    fn answering(&self) -> Option<u32> {
        let mut client = Client::connect(self.port).ok()?;
        let info = client.call(&["INFO", "server"]).ok()?;
        info.text().ok()?.lines().find_map(|line| line.strip_prefix("process_id:"))?.trim_end().parse().ok()
    }

    /// One command on a connection of its own.
    pub fn call(&self, arguments: &[&str]) -> Result<Reply> {
        Client::connect(self.port)
            .and_then(|mut c| c.call(arguments))
            .with_context(|| format!("{self}: {arguments:?}"))
    }

    /// The same over IPv6, if asked for.
    pub fn call_from(&self, ipv6: bool, arguments: &[&str]) -> Result<Reply> {
        Client::connect_from(self.port, ipv6)
            .and_then(|mut c| c.call(arguments))
            .with_context(|| format!("{self}: {arguments:?}"))
    }

    /// A command that must answer `OK`.
    pub fn ok(&self, arguments: &[&str]) -> Result<()> {
        match self.call(arguments)? {
            Reply::Simple(text) if text == "OK" => Ok(()),
            other => bail!("{self}: {arguments:?} answered {other}"),
        }
    }

    /// All that it has logged.
    pub fn log(&self) -> String {
        // What a peer sent may be quoted in it, whatever that was.
        let text =
            |name| String::from_utf8_lossy(&fs::read(self.dir.join(name)).unwrap_or_default()).into_owned();
        ["log", "output"].map(text).concat()
    }
}

impl std::fmt::Display for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} at {}", self.kind.name(), self.port)
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // Nothing to be done about a process or a directory that is already gone.
        let _ = self.kill();
        if thread::panicking() || std::env::var_os("KEEP_NODES").is_some() {
            eprintln!("{self}: see {}", self.dir.display());
        } else {
            let _ = fs::remove_dir_all(&self.dir);
        }
    }
}

fn spawn(kind: Kind, port: u16, dir: &Path, options: &[String]) -> Result<Child> {
    let output = fs::OpenOptions::new().create(true).append(true).open(dir.join("output"))?;
    let mut command = kind.command()?;
    command
        .args([
            "--port",
            &port.to_string(),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
            "--logfile",
            "log",
            "--dir",
        ])
        .arg(dir)
        .args(options)
        .current_dir(dir)
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output);
    command.spawn().with_context(|| format!("cannot start {}", kind.name()))
}
