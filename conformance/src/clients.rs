//! Real client libraries and tools, and scripts that use them.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::command::output;
use crate::packages::{node_path, python};
use crate::peers;

const REDIS_PY: &str = "redis==8.1.0";
const IOREDIS: &str = "ioredis@6.0.0";

/// Fetches what the scripts here need; returns where it is.
pub fn fetch() -> Result<Vec<PathBuf>> {
    Ok(vec![python(&[REDIS_PY])?, node_path(&[IOREDIS])?])
}

/// Stores and reads `count` keys with redis-py, entering the cluster at `port`; returns what the script printed.
pub fn redis_py(port: u16, count: usize) -> Result<String> {
    output(
        Command::new(python(&[REDIS_PY])?).arg(script("keys.py")).args([port.to_string(), count.to_string()]),
    )
}

/// The same with ioredis.
pub fn ioredis(port: u16, count: usize) -> Result<String> {
    let mut node = Command::new("node");
    output(
        node.env("NODE_PATH", node_path(&[IOREDIS])?)
            .arg(script("keys.cjs"))
            .args([port.to_string(), count.to_string()]),
    )
}

/// The command-line clients, and managers of clusters, of Redis 7.0.15 and Valkey 9.1.2.
pub const CLIS: [&str; 2] = ["redis-cli-7", "valkey-cli"];

/// Runs one of [`CLIS`].
pub fn cli(program: &str, arguments: &[&str]) -> Result<String> {
    output(Command::new(peers::bin()?.join(program)).args(arguments))
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("clients").join(name)
}
