//! The thread that resolves the host names in `cluster-bus-allow`, and again now and then: names move.

use crate::mailbox::{Boxes, ToControl};
use node::shared::{Level, Shared};
use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, ToSocketAddrs};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

/// Names are resolved again after so long.
const REFRESH: Duration = Duration::from_secs(30);

/// What one name means, or the last that it meant.
#[derive(Default)]
struct Meaning {
    addresses: Vec<IpAddr>,
    /// It could not be resolved, and the log says so.
    lost: bool,
}

/// Starts the thread; what is sent to it are all the names that matter from then on.
pub fn start(boxes: Arc<Boxes>, shared: Arc<Shared>) -> io::Result<Sender<Vec<String>>> {
    let (send, receive) = channel();
    std::thread::Builder::new().name("names".into()).spawn(move || serve(&receive, &boxes, &shared))?;
    Ok(send)
}

fn serve(wanted: &Receiver<Vec<String>>, boxes: &Boxes, shared: &Shared) {
    let mut meanings: BTreeMap<String, Meaning> = BTreeMap::new();
    let mut told = Vec::new();
    loop {
        match wanted.recv_timeout(REFRESH) {
            Ok(names) => {
                meanings.retain(|name, _| names.contains(name));
                for name in names {
                    meanings.entry(name).or_default();
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        meanings.iter_mut().for_each(|(name, meaning)| resolve(name, meaning, shared));
        let mut addresses: Vec<IpAddr> =
            meanings.values().flat_map(|m| m.addresses.iter().copied()).collect();
        addresses.sort_unstable();
        addresses.dedup();
        if addresses != told {
            told.clone_from(&addresses);
            boxes.control.put(ToControl::BusAddresses(addresses));
        }
    }
}

/// A name that cannot be resolved keeps what it meant: a resolver that is down must not close a cluster's links.
fn resolve(name: &str, meaning: &mut Meaning, shared: &Shared) {
    let outcome = (name, 0).to_socket_addrs().map(|found| found.map(|a| a.ip().to_canonical()).collect());
    match outcome {
        Ok(addresses) => *meaning = Meaning { addresses, lost: false },
        Err(e) => {
            if !std::mem::replace(&mut meaning.lost, true) {
                let text = format!("cluster-bus-allow: cannot resolve {name}: {e}");
                shared.log(Level::Warning, &text);
            }
        }
    }
}
