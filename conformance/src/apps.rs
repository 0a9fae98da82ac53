//! Applications that keep their queues, results, caches and messages in Redis, run as a new user would.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::command::output;
use crate::packages::{node_path, python, python_source};

const REDIS_PY: &str = "redis==8.1.0";
const DJANGO: &str = "django==5.2.19";

const CELERY: [&str; 2] = ["celery[redis]==5.7.0", REDIS_PY];
const CACHES: [&str; 3] = [DJANGO, "django-redis==7.0.0", REDIS_PY];
const SCRIPTS: [&str; 2] = ["limits==5.8.0", REDIS_PY];

const IOREDIS: &str = "ioredis@6.0.0";
const NODE_REDIS: &str = "redis@6.3.1";

const SOCKET_IO: [&str; 7] = [
    "socket.io@4.8.4",
    "socket.io-client@4.8.4",
    "@socket.io/redis-adapter@8.3.0",
    "@socket.io/redis-streams-adapter@0.3.1",
    "@socket.io/redis-emitter@5.1.0",
    NODE_REDIS,
    IOREDIS,
];
const BULLMQ: [&str; 2] = ["bullmq@6.7.0", IOREDIS];
const LOCKS: [&str; 4] = ["redlock@4.2.0", "rate-limiter-flexible@11.4.0", NODE_REDIS, IOREDIS];

const PYTHONS: [&[&str]; 3] = [&CELERY, &CACHES, &SCRIPTS];
const NODES: [&[&str]; 3] = [&SOCKET_IO, &BULLMQ, &LOCKS];

/// Fetches what the applications need; returns where it is.
pub fn fetch() -> Result<Vec<PathBuf>> {
    let pythons = PYTHONS.iter().map(|packages| python(packages));
    let nodes = NODES.iter().map(|packages| node_path(packages));
    pythons.chain(nodes).chain([python_source(DJANGO)]).collect()
}

/// Celery: a worker of three processes, and a client that gives it tasks, groups, chains and chords.
pub fn celery(port: u16) -> Result<String> {
    run_python("celery_tasks.py", &CELERY, port, false)
}

/// Django's own tests of its Redis cache.
pub fn django(port: u16) -> Result<String> {
    let (python, source) = (python(&CACHES)?, python_source(DJANGO)?);
    let arguments = ["--settings=django_settings", "--parallel=1", "cache.tests.RedisCacheTests"];
    output(
        Command::new(python)
            .arg("runtests.py")
            .args(arguments)
            .current_dir(source.join("tests"))
            .env("APP_PORT", port.to_string())
            .env("PYTHONPATH", scripts())
            .env("PYTHONDONTWRITEBYTECODE", "1"),
    )
}

/// The cache of django-redis, with several of its clients.
pub fn django_redis(port: u16) -> Result<String> {
    run_python("django_redis_cache.py", &CACHES, port, false)
}

/// Scripts through redis-py: its locks, a scheduler's, and rate limiters.
pub fn scripts_of_redis_py(port: u16, cluster: bool) -> Result<String> {
    run_python("scripts.py", &SCRIPTS, port, cluster)
}

/// socket.io's adapters over publish/subscribe and over streams, through both client libraries.
pub fn socket_io(port: u16, cluster: bool) -> Result<String> {
    run_node("socketio.cjs", &SOCKET_IO, port, cluster)
}

/// BullMQ: jobs, delays, retries, priorities, schedules, limits, flows, and workers that die.
pub fn bullmq(port: u16, cluster: bool) -> Result<String> {
    run_node("bullmq.cjs", &BULLMQ, port, cluster)
}

/// Redlock and rate-limiter-flexible.
pub fn locks(port: u16, cluster: bool) -> Result<String> {
    run_node("locks.cjs", &LOCKS, port, cluster)
}

fn run_python(name: &str, packages: &[&str], port: u16, cluster: bool) -> Result<String> {
    let mut command = Command::new(python(packages)?);
    command.env("PYTHONDONTWRITEBYTECODE", "1").arg(scripts().join(name)).arg(port.to_string());
    output(command.args(cluster.then_some("cluster")))
}

fn run_node(name: &str, packages: &[&str], port: u16, cluster: bool) -> Result<String> {
    let mut command = Command::new("node");
    command.env("NODE_PATH", node_path(packages)?).arg(scripts().join(name)).arg(port.to_string());
    output(command.args(cluster.then_some("cluster")))
}

fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("clients")
}
