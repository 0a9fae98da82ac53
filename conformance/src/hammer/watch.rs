//! Whether the servers live, what they say of themselves, and how large they are.

use std::fs;

use anyhow::{Context, Result, bail, ensure};

use crate::mesh::Mesh;
use crate::node::Node;

/// Resident memory that a server may have above what it had after the first round of each kind, in KiB. The sanitizer keeps
/// freed memory for a while, which `ASAN_OPTIONS` bounds, and caches of the allocator fill.
const GROWTH_KIB_MAX: u64 = 96 << 10;
/// Rounds after which the size is taken as the server's ordinary one: each kind has come.
const ROUNDS_TO_WARM_UP: u32 = 4;
/// Words in a server's output that are a fault by themselves.
const FAULTS: [&str; 5] =
    ["AddressSanitizer", "LeakSanitizer", "panicked at", "assertion failed", "runtime error"];
/// Of a log that shows a fault, so much is shown, in bytes.
const SHOWN: usize = 4000;
/// Lines of each log that a message shows.
const LINES: usize = 12;

pub(super) struct Watch {
    /// Per server: `cluster_stats_messages_received` at the last look.
    received: Vec<u64>,
    /// Resident KiB: at first, after warming up, at the last look.
    first: Vec<u64>,
    ordinary: Vec<u64>,
    last: Vec<u64>,
}

impl Watch {
    pub fn start(mesh: &Mesh) -> Result<Watch> {
        let sizes = mesh.nodes.iter().map(resident).collect::<Result<Vec<_>>>()?;
        let received = mesh.nodes.iter().map(received).collect::<Result<_>>()?;
        Ok(Watch { received, first: sizes.clone(), ordinary: Vec::new(), last: sizes })
    }

    /// Every process runs, and none complains. Logs start anew: millions of refused packets are millions of lines.
    pub fn alive(&self, mesh: &mut Mesh) -> Result<()> {
        for node in &mut mesh.nodes {
            if let Some(status) = node.ended()? {
                bail!("{node} ended with {status}:\n{}", tail(&node.log()));
            }
        }
        self.complaints(mesh)
    }

    /// Fails on any fault in what the servers wrote, and empties it.
    pub fn complaints(&self, mesh: &Mesh) -> Result<()> {
        for node in &mesh.nodes {
            for name in ["output", "log"] {
                let path = node.dir().join(name);
                // Log lines quote what peers sent, whatever bytes that was.
                let text = String::from_utf8_lossy(&fs::read(&path).unwrap_or_default()).into_owned();
                if let Some(at) = FAULTS.iter().find_map(|fault| text.find(fault)) {
                    bail!("{node} complains:\n{}", tail(&text[..text.len().min(ceil(&text, at + SHOWN))]));
                }
                fs::OpenOptions::new()
                    .write(true)
                    .truncate(true)
                    .open(&path)
                    .with_context(|| path.display().to_string())?;
            }
        }
        Ok(())
    }

    /// Messages that the servers counted since the last look.
    pub fn received(&mut self, mesh: &Mesh) -> Result<u64> {
        let mut all = 0;
        for (node, before) in mesh.nodes.iter().zip(&mut self.received) {
            let now = received(node)?;
            all += now - *before;
            *before = now;
        }
        Ok(all)
    }

    /// A server counts from nothing again.
    pub fn restarted(&mut self, mesh: &Mesh, node: usize) -> Result<()> {
        self.received[node] = received(&mesh.nodes[node])?;
        Ok(())
    }

    /// Takes the sizes, and fails if one grew.
    pub fn measure(&mut self, mesh: &Mesh, rounds: u32) -> Result<()> {
        self.last = mesh.nodes.iter().map(resident).collect::<Result<_>>()?;
        if rounds == ROUNDS_TO_WARM_UP {
            self.ordinary = self.last.clone();
        }
        for ((node, now), ordinary) in mesh.nodes.iter().zip(&self.last).zip(&self.ordinary) {
            ensure!(
                *now <= ordinary + GROWTH_KIB_MAX,
                "{node} grew from {} to {} MiB",
                ordinary >> 10,
                now >> 10
            );
        }
        Ok(())
    }

    /// For people.
    pub fn shown(&self) -> String {
        let mib =
            |sizes: &[u64]| sizes.iter().map(|kib| (kib >> 10).to_string()).collect::<Vec<_>>().join("/");
        let ordinary = if self.ordinary.is_empty() { "-".to_owned() } else { mib(&self.ordinary) };
        format!("{} MiB at first, {ordinary} warm, {} at last", mib(&self.first), mib(&self.last))
    }
}

/// The ends of the servers' logs, for messages.
pub(super) fn logs(mesh: &Mesh) -> String {
    let end = |node: &Node| {
        let lines = tail(&node.log()).lines().rev().take(LINES).map(str::to_owned).collect::<Vec<_>>();
        format!("{node} logged:\n{}\n", lines.into_iter().rev().collect::<Vec<_>>().join("\n"))
    };
    mesh.nodes.iter().map(end).collect()
}

fn received(node: &Node) -> Result<u64> {
    let info = node.call(&["CLUSTER", "INFO"])?;
    let value = info.text()?.lines().find_map(|line| line.strip_prefix("cluster_stats_messages_received:"));
    Ok(value.with_context(|| format!("{node} counts nothing"))?.trim_end().parse()?)
}

fn resident(node: &Node) -> Result<u64> {
    let text = fs::read_to_string(format!("/proc/{}/status", node.pid()))?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no resident size")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

/// The last of a text, from a border between characters.
fn tail(text: &str) -> &str {
    &text[ceil(text, text.len().saturating_sub(2 * SHOWN))..]
}

fn ceil(text: &str, at: usize) -> usize {
    (at..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len())
}
