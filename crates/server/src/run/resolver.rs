//! Host names to addresses. The system's resolver blocks, for as long as it likes: each name has a thread of its own, and
//! control does not wait for one that takes too long.

use crate::mailbox::{Boxes, ToControl};
use node::control::{ADDRESSES_MAX, ActionId};
use std::net::{IpAddr, ToSocketAddrs};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Names being resolved at once, those that nobody waits for any more included.
const THREADS_MAX: usize = 16;

/// Resolves names for control.
pub struct Resolver {
    boxes: Arc<Boxes>,
    threads: Arc<AtomicUsize>,
}

impl Resolver {
    /// Answers go to control's box.
    pub fn new(boxes: Arc<Boxes>) -> Resolver {
        Resolver { boxes, threads: Arc::default() }
    }

    /// Finds the addresses of `host`.
    pub fn resolve(&self, id: ActionId, host: String) {
        if self.threads.fetch_add(1, Ordering::Relaxed) >= THREADS_MAX {
            self.threads.fetch_sub(1, Ordering::Relaxed);
            self.answer(id, Err("too many names are being resolved".to_owned()));
            return;
        }
        let (boxes, threads) = (Arc::clone(&self.boxes), Arc::clone(&self.threads));
        let work = move || {
            let found = addresses(&host);
            threads.fetch_sub(1, Ordering::Relaxed);
            boxes.control.put(ToControl::Resolved(id, found));
        };
        if let Err(error) = std::thread::Builder::new().name("resolver".into()).spawn(work) {
            self.threads.fetch_sub(1, Ordering::Relaxed);
            self.answer(id, Err(error.to_string()));
        }
    }

    fn answer(&self, id: ActionId, found: Result<Vec<IpAddr>, String>) {
        self.boxes.control.put(ToControl::Resolved(id, found));
    }
}

/// Each once, in the system's order.
fn addresses(host: &str) -> Result<Vec<IpAddr>, String> {
    let mut found: Vec<IpAddr> = Vec::new();
    let all = (host, 0).to_socket_addrs().map_err(|error| {
        let text = error.to_string();
        text.strip_prefix("failed to lookup address information: ").unwrap_or(&text).to_owned()
    })?;
    for addr in all {
        let ip = addr.ip().to_canonical();
        if !found.contains(&ip) && found.len() < ADDRESSES_MAX {
            found.push(ip);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_addresses_or_a_reason() {
        let local = addresses("localhost").expect("every machine has it");
        assert!(!local.is_empty() && local.iter().all(|ip| ip.is_loopback()));
        assert_eq!(addresses("127.0.0.1").as_deref(), Ok(&["127.0.0.1".parse().expect("an address")][..]));
        let why = addresses("nowhere.invalid").expect_err("that name is reserved");
        assert!(!why.contains("lookup") && !why.is_empty(), "{why}");
    }
}
