//! Redis's own Tcl test suite: fetching it, and laying out a private tree with the server under test in it.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::apt::{Apt, Side};
use crate::cache;
use crate::command::output;

/// The upstream version whose assertions the passing lists speak of.
const UPSTREAM: &str = "5:7.0.15-";
/// The Debian revision they were taken with: revisions change a few tests.
const REVISION: &str = "5:7.0.15-1~deb12u10";
const SUITES: [&str; 3] = ["bookworm", "bookworm-updates", "bookworm-security"];

/// Parts of the source package that no test reads.
const NOT_COPIED: [&str; 3] = ["deps", "src", "debian"];

/// The unpacked source tree in the cache, fetched on first use. Tests never run in it: see [`lay_out`].
pub fn source() -> Result<PathBuf> {
    let dir = cache::once("suite-7.0.15", |dir| {
        let apt = Apt::open(&dir.join("apt"), &SUITES, Side::Source)?;
        let versions = apt.source_versions("redis")?;
        let version = versions
            .iter()
            .find(|v| *v == REVISION)
            .or_else(|| versions.iter().find(|v| v.starts_with(UPSTREAM)));
        let version =
            version.with_context(|| format!("the archive has redis {versions:?}, not {REVISION}"))?;
        if version != REVISION {
            eprintln!("note: suite of redis {version}; the passing lists were taken with {REVISION}");
        }
        apt.source("redis", version, dir)?;
        fs::remove_dir_all(dir.join("apt"))?;
        Ok(())
    })?;
    let tree = dir.join("redis-7.0.15");
    if !tree.join("tests/test_helper.tcl").exists() {
        bail!("{} has no test suite: remove it to fetch it again", dir.display());
    }
    Ok(tree)
}

/// Makes `tree` a copy of the suite in which `server` stands where redis-server stood, beside the stock tools of `peers`.
pub fn lay_out(source: &Path, tree: &Path, server: &Path, peers: &Path) -> Result<()> {
    if tree.exists() {
        fs::remove_dir_all(tree)?;
    }
    fs::create_dir_all(tree.join("src"))?;
    for entry in fs::read_dir(source)? {
        let entry = entry?;
        if !NOT_COPIED.iter().any(|name| entry.file_name() == *name) {
            output(Command::new("cp").arg("-R").arg(entry.path()).arg(tree))?;
        }
    }
    end_failed_blocks_once(tree)?;
    symlink(server, tree.join("src/redis-server"))?;
    for tool in ["redis-cli", "redis-benchmark", "redis-check-aof", "redis-check-rdb"] {
        symlink(peers.join(format!("{tool}-7")), tree.join("src").join(tool))?;
    }
    Ok(())
}

/// Where a block of the harness, which ends with an error, has stopped its server.
const STOPPED: &str = "            if {!$assertion && $::durable} {\n";
/// Where it has reported that error, which the run is to survive.
const REPORTED: &str = "                send_data_packet $::test_server_fd err [join $details \"\\n\"]\n";

/// Has a block that reported an error end there, and one in a test give its error to the test. Else a block stops its server a second
/// time, which is by then the server of the block around it, or none: every test that follows in the unit is lost.
fn end_failed_blocks_once(tree: &Path) -> Result<()> {
    let path = tree.join("tests/support/server.tcl");
    let text = fs::read_to_string(&path)?;
    let parts =
        text.split_once(STOPPED).and_then(|(before, rest)| Some((before, rest.split_once(REPORTED)?)));
    let (before, (report, after)) = parts.context("the harness handles errors in another way")?;
    let untag = "            set ::tags [lrange $::tags 0 end-[llength $tags]]\n";
    let survive = "            if {!$assertion && $::durable && $::cur_test eq {}} {\n";
    let end = "                return {}\n";
    fs::write(&path, [before, untag, survive, report, REPORTED, end, after].concat())?;
    Ok(())
}

/// Every unit that the suite runs by default, in its order: that order matters to the external modes, where state can leak.
pub fn default_units(source: &Path) -> Result<Vec<String>> {
    let text = fs::read_to_string(source.join("tests/test_helper.tcl"))?;
    let list = text
        .split_once("set ::all_tests {")
        .and_then(|(_, rest)| rest.split_once('}'))
        .map(|(list, _)| list)
        .context("the suite has no list of units")?;
    Ok(list.split_whitespace().map(str::to_owned).collect())
}

/// Whether a unit has clients that send without waiting for one another. Such tests rely on the order of arrival over several
/// connections, which a server keeps only while one thread reads them all.
pub fn relies_on_arrival_order(source: &Path, unit: &str) -> Result<bool> {
    let path = source.join("tests").join(format!("{unit}.tcl"));
    let text = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(String::from_utf8_lossy(&text).contains("deferring_client"))
}

/// Makes every server that the harness of `tree` starts have one worker.
pub fn give_one_worker(tree: &Path) -> Result<()> {
    for name in ["default.conf", "minimal.conf"] {
        let mut file = OpenOptions::new().append(true).open(tree.join("tests/assets").join(name))?;
        file.write_all(b"\nio-threads 1\n")?;
    }
    Ok(())
}

/// Units outside the default list that the suite runs on demand.
const ON_DEMAND: [&str; 2] = ["unit/cluster/announced-endpoints", "unit/cluster/packet"];

/// The cluster units, of both harnesses, that are not on the default list. They start their own servers.
pub fn cluster_units(source: &Path) -> Result<Vec<String>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(source.join("tests/cluster/tests"))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if let Some(name) = name.strip_suffix(".tcl") {
            files.push(format!("cluster/tests/{name}"));
        }
    }
    files.sort();
    files.extend(ON_DEMAND.map(String::from));
    Ok(files)
}
