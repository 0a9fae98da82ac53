//! A worker's turns without sockets, for counting instructions: request bytes in, reply bytes out.
//!
//! `turns COMMAND PIPELINE TURNS`, where COMMAND is a case of `requests.rs`. Two runs that differ in TURNS only give the cost of one
//! command by subtraction; `cargo xtask instructions` does that.

mod outside;
mod requests;

use anyhow::{Context, Result, bail, ensure};
use base::{Mono, Now};
use node::config::{Defaults, Settings};
use node::mail::ConnId;
use node::start::{LoadedFiles, Node, Plan};
use node::worker::{NewClient, Worker};
use requests::{KEYS, request, setup};

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

const NOW: Now = Now { mono: Mono(1_000_000), unix_us: 1_700_000_000_000_000 };

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [command, pipeline, turns] = arguments.as_slice() else {
        bail!("usage: turns COMMAND PIPELINE TURNS")
    };
    let (pipeline, turns): (usize, usize) = (pipeline.parse()?, turns.parse()?);
    let mut node = start()?;
    let worker = node.workers.first_mut().context("no worker")?;
    let client = NewClient {
        addr: "127.0.0.1:1".into(),
        laddr: "127.0.0.1:2".into(),
        fd: 3,
        is_local: true,
        is_unix: false,
    };
    let conn = worker.accept(client, NOW);
    for request in setup(command) {
        turn(worker, conn, &request)?;
    }
    ensure!(pipeline > 0 && KEYS.is_multiple_of(pipeline), "{KEYS} keys are not shared out by {pipeline}");
    let keys: Vec<usize> = (0..KEYS).collect();
    let batch = |keys: &[usize]| keys.iter().flat_map(|key| request(command, *key)).collect();
    let batches: Vec<Vec<u8>> = keys.chunks_exact(pipeline).map(batch).collect();
    for batch in batches.iter().cycle().take(turns) {
        turn(worker, conn, batch)?;
    }
    Ok(())
}

fn start() -> Result<Node> {
    let settings = Settings::new(&Defaults { cores: 1, dir: b"/".to_vec() });
    let files = LoadedFiles { conf: None, sums: None, previous: None };
    let plan = Plan { settings, renames: Vec::new(), files, hash_key: (1, 2), seed: 3 };
    Node::start(plan, outside::nothing(), NOW).map_err(|error| anyhow::anyhow!("{error}"))
}

/// One turn: the batch arrives, runs, and its replies leave.
fn turn(worker: &mut Worker, conn: ConnId, batch: &[u8]) -> Result<()> {
    let mut rest = batch;
    while !rest.is_empty() {
        let space = worker.read_space(conn).context("the connection is not read")?;
        let n = rest.len().min(space.len());
        space[..n].copy_from_slice(&rest[..n]);
        rest = &rest[n..];
        worker.handle_read(conn, n, NOW);
    }
    worker.poll_turn(NOW);
    let mut replied = false;
    while let Some((id, bytes)) = worker.poll_transmit() {
        ensure!(!bytes.starts_with(b"-"), "an error: {}", String::from_utf8_lossy(bytes));
        replied = true;
        let n = bytes.len();
        worker.handle_sent(id, n, NOW);
    }
    ensure!(replied, "no reply");
    Ok(())
}
