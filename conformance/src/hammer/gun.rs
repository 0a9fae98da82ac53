//! One thread's connections: bursts of packets to one bus port after another.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::packets::{Magazine, Manners};
use crate::rng::Rng;

/// Packets of one connection, at most.
const BURST_MAX: u64 = 400;
/// One connection in so many is never read: what the server says piles up there.
const DEAF_EVERY: u64 = 100;
/// Packets of such a connection, at most.
const DEAF_BURST_MAX: u64 = 200;
/// One connection in so many brings its bytes in small pieces.
const SLOW_EVERY: u64 = 20;
const PIECE_MAX: u64 = 700;
/// Bytes written at once otherwise.
const WRITE: usize = 64 << 10;
/// Longest silence of a server that was told something. Its disk may be slow, and the machine busy.
const SILENCE_MAX: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_micros(200);

/// What was fired.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Shots {
    /// Packets whose last byte was taken.
    pub packets: u64,
    pub connections: u64,
    /// Connections that the server closed before all was sent.
    pub closed: u64,
}

impl Shots {
    pub fn add(&mut self, other: &Shots) {
        self.packets += other.packets;
        self.connections += other.connections;
        self.closed += other.closed;
    }
}

pub(super) struct Gun<'m> {
    magazine: &'m Magazine,
    ports: &'m [u16],
    manners: Manners,
    rng: Rng,
    shots: Shots,
}

/// How a connection went.
enum Sent {
    All,
    /// The server hung up after so many bytes.
    Closed(usize),
}

impl<'m> Gun<'m> {
    pub fn new(magazine: &'m Magazine, ports: &'m [u16], manners: Manners, rng: Rng) -> Gun<'m> {
        Gun { magazine, ports, manners, rng, shots: Shots::default() }
    }

    /// Sends at least so many packets.
    pub fn fire(&mut self, packets: u64) -> Result<Shots> {
        while self.shots.packets < packets {
            let port = *self.rng.pick(self.ports);
            self.connection(port).with_context(|| format!("bus port {port}"))?;
        }
        Ok(self.shots)
    }

    fn connection(&mut self, port: u16) -> Result<()> {
        let deaf = self.rng.one_in(DEAF_EVERY);
        let burst = 1 + self.rng.below(if deaf { DEAF_BURST_MAX } else { BURST_MAX });
        let (bytes, ends) = self.burst(burst);
        let piece = match self.rng.one_in(SLOW_EVERY) {
            true => 1 + self.rng.below(PIECE_MAX) as usize,
            false => WRITE,
        };
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let stream = TcpStream::connect_timeout(&address, SILENCE_MAX).context("cannot connect")?;
        stream.set_nonblocking(true)?;
        stream.set_nodelay(true)?;
        self.shots.connections += 1;
        let taken = match send(&stream, &bytes, piece, deaf)? {
            Sent::All => bytes.len(),
            Sent::Closed(taken) => {
                self.shots.closed += 1;
                taken
            }
        };
        self.shots.packets += ends.iter().filter(|end| **end <= taken).count() as u64;
        Ok(())
    }

    /// Packets of one speaker after each other, and where each ends. Nothing follows one that ends the link.
    fn burst(&mut self, packets: u64) -> (Vec<u8>, Vec<usize>) {
        let speaker = self.magazine.speaker(self.manners, &mut self.rng);
        let (mut bytes, mut ends) = (Vec::new(), Vec::new());
        for _ in 0..packets {
            let made = self.magazine.make(self.manners, &speaker, &mut self.rng);
            bytes.extend_from_slice(&made.bytes);
            ends.push(bytes.len());
            if !made.aligned {
                break;
            }
        }
        (bytes, ends)
    }
}

/// Writes all, reads what comes meanwhile, and waits until the server has taken it to the end: it then closes too. A `deaf`
/// sender does not read, and leaves.
fn send(mut stream: &TcpStream, bytes: &[u8], piece: usize, deaf: bool) -> Result<Sent> {
    let (mut at, mut heard, mut last) = (0, vec![0; WRITE], Instant::now());
    loop {
        let mut moved = false;
        if at < bytes.len() {
            match stream.write(&bytes[at..bytes.len().min(at + piece)]) {
                Ok(n) => (at, moved) = (at + n, true),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(_) => return Ok(Sent::Closed(at)),
            }
            if at == bytes.len() {
                if deaf {
                    return Ok(Sent::All);
                }
                // It may have hung up in this moment.
                let _ = stream.shutdown(Shutdown::Write);
            }
        }
        if !deaf {
            match stream.read(&mut heard) {
                Ok(0) if at == bytes.len() => return Ok(Sent::All),
                Ok(0) => return Ok(Sent::Closed(at)),
                Ok(_) => moved = true,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(_) => return Ok(Sent::Closed(at)),
            }
        }
        if moved {
            last = Instant::now();
        } else if deaf && last.elapsed() > Duration::from_millis(100) {
            return Ok(Sent::Closed(at));
        } else if last.elapsed() > SILENCE_MAX {
            bail!("the server neither reads nor closes: {at} of {} bytes taken", bytes.len());
        } else if !moved {
            std::thread::sleep(PAUSE);
        }
    }
}
