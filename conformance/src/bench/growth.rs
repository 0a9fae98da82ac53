//! The worst that a client waits while one hash grows: a table that moved at once would show here.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Instant;

use anyhow::{Context, Result, ensure};

use super::Plan;
use crate::node::{Kind, Node};

/// Fields that are set before the client waits.
const BATCH: usize = 16;
/// What each of them is answered.
const ADDED: &[u8] = b":1\r\n";

/// Fills one hash on each server and tells what waiting for a batch of new fields took.
pub fn run(plan: &Plan, fields: usize, mut say: impl FnMut(&str)) -> Result<()> {
    say(&format!(
        "microseconds from sending {BATCH} HSETs to their replies, one hash growing to {fields} fields"
    ));
    say(&format!("{:<24}{:>10}{:>10}{:>10}{:>10}", "", "median", "99.9%", "99.999%", "worst"));
    for kind in [plan.against, Kind::Handfast] {
        let mut took = fill(plan, kind, fields).with_context(|| kind.name())?;
        took.sort_unstable();
        let at = |part: f64| took[((took.len() - 1) as f64 * part) as usize] as f64 / 1e3;
        let figures = [0.5, 0.999, 0.999_99, 1.0].map(|part| format!("{:>10.0}", at(part)));
        say(&format!("{:<24}{}", kind.name(), figures.concat()));
    }
    Ok(())
}

/// Nanoseconds of each batch.
fn fill(plan: &Plan, kind: Kind, fields: usize) -> Result<Vec<u64>> {
    let node = Node::start(kind, plan.port, &["--save", "", "--io-threads", "1"])?;
    super::pin(&node)?;
    let mut stream = TcpStream::connect(("127.0.0.1", plan.port))?;
    stream.set_nodelay(true)?;
    let mut took = Vec::with_capacity(fields / BATCH + 1);
    let (mut request, mut replies) = (Vec::new(), [0; BATCH * ADDED.len()]);
    for first in (0..fields).step_by(BATCH) {
        request.clear();
        for field in first..first + BATCH {
            write!(
                request,
                "*4\r\n$4\r\nHSET\r\n$4\r\nhash\r\n$14\r\nfield:{field:08}\r\n$8\r\nvalue:__\r\n"
            )?;
        }
        let start = Instant::now();
        stream.write_all(&request)?;
        stream.read_exact(&mut replies)?;
        took.push(start.elapsed().as_nanos() as u64);
        ensure!(
            replies.chunks(ADDED.len()).all(|reply| reply == ADDED),
            "{}",
            String::from_utf8_lossy(&replies)
        );
    }
    ensure!(!took.is_empty(), "no fields");
    Ok(took)
}
