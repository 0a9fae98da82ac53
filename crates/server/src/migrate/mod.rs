//! Carries keys to other servers. Each transfer has a thread of its own, as it waits for another server most of the time; connections
//! are kept for a while, since an operator who moves a slot sends one transfer after the other.

mod exchange;

use crate::clock::Clock;
use exchange::{Broken, Link, connect, exchange};
use node::migration::{Ended, Transfer};
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Transfers at once.
const THREADS_MAX: usize = 64;
/// Connections that are kept.
const IDLE_LINKS_MAX: usize = 64;
/// How long.
const IDLE_NS_MAX: u64 = 10_000_000_000;

/// Another server: host and port.
type Target = (String, u16);

struct Kept {
    clock: Clock,
    /// With the time since which each is idle, nanoseconds of the clock.
    links: Mutex<HashMap<Target, (Link, u64)>>,
    threads: AtomicUsize,
}

/// All transfers of a process.
pub struct Migrator(Arc<Kept>);

impl Migrator {
    /// Without connections yet.
    pub fn new(clock: Clock) -> Migrator {
        Migrator(Arc::new(Kept { clock, links: Mutex::default(), threads: AtomicUsize::new(0) }))
    }

    /// Begins a transfer. It is told how that ended on another thread, or at once if there are too many.
    pub fn start(&self, transfer: Transfer) {
        let kept = Arc::clone(&self.0);
        if kept.threads.fetch_add(1, Relaxed) >= THREADS_MAX {
            kept.threads.fetch_sub(1, Relaxed);
            return (transfer.answer)(Ended::unconnected());
        }
        // The thread may not come to be, and its client must hear of it: the transfer is handed over once it runs.
        let (hand, take) = std::sync::mpsc::sync_channel::<Transfer>(1);
        let work = move || {
            if let Ok(transfer) = take.recv() {
                let ended = kept.carry(&transfer);
                kept.threads.fetch_sub(1, Relaxed);
                (transfer.answer)(ended);
            }
        };
        if std::thread::Builder::new().name("migrate".into()).spawn(work).is_err() {
            self.0.threads.fetch_sub(1, Relaxed);
            return (transfer.answer)(Ended::unconnected());
        }
        if let Err(std::sync::mpsc::SendError(transfer)) = hand.send(transfer) {
            (transfer.answer)(Ended::unconnected());
        }
    }

    /// Connections that are kept.
    pub fn idle(&self) -> usize {
        self.0.links().len()
    }

    /// Closes those that were not used for too long.
    pub fn close_idle(&self) {
        let now = self.0.clock.nanos();
        self.0.links().retain(|_, (_, since)| now.saturating_sub(*since) < IDLE_NS_MAX);
    }
}

impl Kept {
    /// One more try on a new connection if nothing was heard on an old one that may have died meanwhile.
    fn carry(&self, transfer: &Transfer) -> Ended {
        let target = (transfer.host.clone(), transfer.port);
        let old = self.links().remove(&target).map(|(link, _)| link);
        if let Some(link) = old {
            match self.attempt(&target, link, transfer) {
                Err(broken) if broken.arrived.is_empty() && !broken.timed_out => {}
                outcome => return outcome.unwrap_or_else(Broken::ended),
            }
        }
        match connect(&target.0, target.1, transfer.timeout) {
            Ok(link) => self.attempt(&target, link, transfer).unwrap_or_else(Broken::ended),
            Err(_) => Ended::unconnected(),
        }
    }

    fn attempt(&self, target: &Target, mut link: Link, transfer: &Transfer) -> Result<Ended, Broken> {
        let ended = exchange(&mut link, transfer)?;
        let mut links = self.links();
        if link.is_sound() && links.len() < IDLE_LINKS_MAX {
            links.insert(target.clone(), (link, self.clock.nanos()));
        }
        Ok(ended)
    }

    fn links(&self) -> MutexGuard<'_, HashMap<Target, (Link, u64)>> {
        self.links.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::sync::mpsc;
    use std::time::Duration;

    fn transfer(port: u16, restores: &[&str]) -> (Transfer, mpsc::Receiver<Ended>) {
        let (told, tell) = mpsc::channel();
        let transfer = Transfer {
            host: "127.0.0.1".into(),
            port,
            timeout: Duration::from_millis(500),
            auth: Vec::new(),
            db: 0,
            restores: restores.iter().map(|text| text.as_bytes().to_vec()).collect(),
            answer: Box::new(move |ended| told.send(ended).expect("the test waits")),
        };
        (transfer, tell)
    }

    fn run(migrator: &Migrator, port: u16, restores: &[&str]) -> Ended {
        let (transfer, tell) = transfer(port, restores);
        migrator.start(transfer);
        tell.recv_timeout(Duration::from_secs(10)).expect("it ends")
    }

    /// Expects some bytes and answers them.
    fn answer(stream: &mut TcpStream, expect: &str, reply: &str) {
        let mut got = vec![0; expect.len()];
        stream.read_exact(&mut got).expect("sent");
        assert_eq!(String::from_utf8_lossy(&got), expect);
        stream.write_all(reply.as_bytes()).expect("the other side reads");
    }

    const SELECT: &str = "*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n";

    #[test]
    fn connections_are_used_again_until_they_are_idle_for_long() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let other = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a connection");
            answer(&mut stream, &format!("{SELECT}onetwo"), "+OK\r\n+OK\r\n-BUSYKEY there\r\n");
            answer(&mut stream, "three", "+OK\r\n");
            drop(stream);
            let (mut stream, _) = listener.accept().expect("another");
            answer(&mut stream, &format!("{SELECT}four"), "+OK\r\n+OK\r\n");
        });
        let migrator = Migrator::new(Clock::new());
        let ended = run(&migrator, port, &["one", "two"]);
        assert_eq!(ended.arrived, [true, false]);
        assert_eq!(ended.error.as_deref(), Some("Target instance replied with error: BUSYKEY there"));
        assert_eq!(migrator.idle(), 1);
        assert_eq!(run(&migrator, port, &["three"]), Ended { arrived: vec![true], error: None });
        // That connection is dead now, which shows when it is used.
        assert_eq!(run(&migrator, port, &["four"]), Ended { arrived: vec![true], error: None });
        other.join().expect("all was as expected");
        migrator.close_idle();
        assert_eq!(migrator.idle(), 1, "not yet");
        migrator.0.links().values_mut().for_each(|(_, since)| *since = since.saturating_sub(IDLE_NS_MAX));
        migrator.close_idle();
        assert_eq!(migrator.idle(), 0);
    }

    #[test]
    fn what_breaks_is_told() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let other = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a connection");
            answer(&mut stream, &format!("{SELECT}onetwo"), "+OK\r\n+OK\r\n");
            drop(stream);
            let (mut stream, _) = listener.accept().expect("a connection");
            answer(&mut stream, &format!("{SELECT}three"), &"x".repeat(100_000));
            let (mut stream, _) = listener.accept().expect("a connection");
            answer(&mut stream, &format!("{SELECT}four"), "+OK\r\n");
            let _ = stream.read(&mut [0]);
        });
        let migrator = Migrator::new(Clock::new());
        let broken = Some("-IOERR error or timeout reading to target instance".to_owned());
        assert_eq!(
            run(&migrator, port, &["one", "two"]),
            Ended { arrived: vec![true], error: broken.clone() }
        );
        assert_eq!(run(&migrator, port, &["three"]), Ended { arrived: vec![], error: broken.clone() });
        assert_eq!(
            run(&migrator, port, &["four"]),
            Ended { arrived: vec![], error: broken },
            "it never answers"
        );
        other.join().expect("all was as expected");
        assert_eq!(migrator.idle(), 0);
        assert_eq!(run(&migrator, 1, &["five"]), Ended::unconnected());
    }
}
