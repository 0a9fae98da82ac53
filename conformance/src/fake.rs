//! A node that only pretends: it speaks the cluster bus from a header of its own making, and remembers what a real node tells it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use crate::mesh::wait;

/// The bus port is so far above the client port.
pub const BUS_OFFSET: u16 = 10_000;
const HEADER_BYTES: usize = 2256;
const GOSSIP_BYTES: usize = 104;
/// Longest packet that a node has reason to send here.
const PACKET_BYTES_MAX: usize = 1 << 20;
/// Packets that are kept as they came, at most.
const RECORDED_MAX: usize = 256;
const REPLY_TIME_MAX: Duration = Duration::from_secs(5);

/// Message types.
pub const PING: u16 = 0;
/// The answer to PING and MEET.
pub const PONG: u16 = 1;
/// Asks to be taken in.
pub const MEET: u16 = 2;
const AUTH_REQUEST: u16 = 5;
const AUTH_ACK: u16 = 6;
/// `mflags`: vote although the primary is not known to have failed.
const FORCEACK: u8 = 2;

/// What the fake says of itself.
#[derive(Clone, Debug)]
pub struct Header {
    /// Forty characters.
    pub name: String,
    /// Client port; the bus port is [`BUS_OFFSET`] above.
    pub port: u16,
    /// The cluster's epoch.
    pub current_epoch: u64,
    /// Its own epoch, or its primary's.
    pub config_epoch: u64,
    /// Its own slots, or its primary's.
    pub slots: RangeInclusive<u16>,
    /// Whose replica it is.
    pub primary: Option<String>,
}

impl Header {
    fn packet(&self, kind: u16, mflags: u8) -> Vec<u8> {
        let mut bytes = vec![0; HEADER_BYTES];
        let mut put = |at: usize, field: &[u8]| bytes[at..at + field.len()].copy_from_slice(field);
        put(0, b"RCmb");
        put(4, &(HEADER_BYTES as u32).to_be_bytes());
        put(8, &1u16.to_be_bytes());
        put(10, &self.port.to_be_bytes());
        put(12, &kind.to_be_bytes());
        put(16, &self.current_epoch.to_be_bytes());
        put(24, &self.config_epoch.to_be_bytes());
        put(40, self.name.as_bytes());
        put(2128, self.primary.as_deref().unwrap_or_default().as_bytes());
        put(2248, &(self.port + BUS_OFFSET).to_be_bytes());
        let role: u16 = if self.primary.is_some() { 0x12 } else { 0x11 };
        put(2250, &role.to_be_bytes());
        put(2253, &[mflags]);
        for slot in self.slots.clone() {
            bytes[80 + usize::from(slot / 8)] |= 1 << (slot % 8);
        }
        bytes
    }

    /// A PING with one gossip entry.
    fn ping_about(&self, told: &Header) -> Vec<u8> {
        let mut bytes = self.packet(PING, 0);
        bytes.resize(HEADER_BYTES + GOSSIP_BYTES, 0);
        let mut put = |at: usize, field: &[u8]| bytes[at..at + field.len()].copy_from_slice(field);
        put(4, &((HEADER_BYTES + GOSSIP_BYTES) as u32).to_be_bytes());
        put(14, &1u16.to_be_bytes());
        put(HEADER_BYTES, told.name.as_bytes());
        put(HEADER_BYTES + 48, b"127.0.0.1");
        put(HEADER_BYTES + 94, &told.port.to_be_bytes());
        put(HEADER_BYTES + 96, &(told.port + BUS_OFFSET).to_be_bytes());
        put(HEADER_BYTES + 98, &1u16.to_be_bytes());
        bytes
    }
}

/// What a node said in the headers of its packets.
#[derive(Clone, Debug, Default)]
pub struct Heard {
    /// The greatest `currentEpoch`.
    pub current_epoch: u64,
    /// The greatest `configEpoch`.
    pub config_epoch: u64,
    /// Epochs of the votes that it gave.
    pub votes: BTreeSet<u64>,
    /// The newest packet of each type.
    pub newest: BTreeMap<u16, Vec<u8>>,
}

impl Heard {
    fn take(&mut self, packet: &[u8]) {
        let number = |at: usize| packet[at..at + 8].iter().fold(0, |n, byte| n << 8 | u64::from(*byte));
        self.current_epoch = self.current_epoch.max(number(16));
        self.config_epoch = self.config_epoch.max(number(24));
        if kind(packet) == AUTH_ACK {
            self.votes.insert(number(16));
        }
        self.newest.insert(kind(packet), packet.to_vec());
    }
}

fn kind(packet: &[u8]) -> u16 {
    u16::from_be_bytes([packet[12], packet[13]])
}

struct Inner {
    header: Mutex<Header>,
    heard: Mutex<Heard>,
    recorded: Mutex<Vec<Vec<u8>>>,
    /// Connections are closed as they come: nothing is told to anybody.
    silent: AtomicBool,
    stopped: AtomicBool,
    /// Connections being read.
    open: AtomicUsize,
}

impl Inner {
    fn take(&self, packet: &[u8]) {
        lock(&self.heard).take(packet);
        let mut recorded = lock(&self.recorded);
        if recorded.len() < RECORDED_MAX {
            recorded.push(packet.to_vec());
        }
    }
}

/// One fake, listening on its bus port until it is dropped.
pub struct Fake {
    inner: Arc<Inner>,
    bus: u16,
    listening: Option<JoinHandle<()>>,
}

impl Fake {
    /// Listens on the header's bus port.
    pub fn start(header: Header) -> Result<Fake> {
        ensure!(header.name.len() == 40, "{:?} is no name", header.name);
        let bus = header.port + BUS_OFFSET;
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, bus)).with_context(|| format!("port {bus}"))?;
        let inner = Arc::new(Inner {
            header: Mutex::new(header),
            heard: Mutex::default(),
            recorded: Mutex::default(),
            silent: AtomicBool::new(false),
            stopped: AtomicBool::new(false),
            open: AtomicUsize::new(0),
        });
        let shared = Arc::clone(&inner);
        let listening = Some(thread::spawn(move || listen(&listener, &shared)));
        Ok(Fake { inner, bus, listening })
    }

    /// What it says from now on.
    pub fn header(&self) -> MutexGuard<'_, Header> {
        lock(&self.inner.header)
    }

    /// What it was told so far.
    pub fn heard(&self) -> Heard {
        lock(&self.inner.heard).clone()
    }

    /// The first packets that it was sent.
    pub fn recorded(&self) -> Vec<Vec<u8>> {
        lock(&self.inner.recorded).clone()
    }

    /// Hangs up on whoever calls, or no longer.
    pub fn set_silent(&self, silent: bool) {
        self.inner.silent.store(silent, Ordering::SeqCst);
    }

    /// Waits until all that a dead node sent is read.
    pub fn drain(&self) -> Result<()> {
        wait(REPLY_TIME_MAX, "end of the links", || {
            let open = self.inner.open.load(Ordering::SeqCst);
            if open > 0 { bail!("{open} links are open") } else { Ok(()) }
        })
    }

    /// Dials a node's bus port.
    pub fn dial(&self, port: u16) -> Result<Line> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port + BUS_OFFSET));
        let stream = TcpStream::connect_timeout(&address, REPLY_TIME_MAX)?;
        stream.set_read_timeout(Some(REPLY_TIME_MAX))?;
        stream.set_nodelay(true)?;
        Ok(Line { stream, inner: Arc::clone(&self.inner) })
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.inner.stopped.store(true, Ordering::SeqCst);
        // Wakes the listener; if that fails there is none to wake.
        let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, self.bus));
        if let Some(listening) = self.listening.take() {
            let _ = listening.join();
        }
    }
}

/// A connection that the fake dialled.
pub struct Line {
    stream: TcpStream,
    inner: Arc<Inner>,
}

impl Line {
    /// Sends MEET and waits for the answer.
    pub fn meet(&mut self) -> Result<()> {
        self.ask(MEET)
    }

    /// Sends PING and waits for the answer.
    pub fn ping(&mut self) -> Result<()> {
        self.ask(PING)
    }

    /// Sends PING with gossip about another and waits for the answer.
    pub fn ping_about(&mut self, told: &Header) -> Result<()> {
        let packet = lock(&self.inner.header).ping_about(told);
        self.converse(&packet)
    }

    /// Asks for a vote that need not wait for a failure. If it is given, it comes over the node's own link.
    pub fn request_vote(&mut self) -> Result<()> {
        let packet = lock(&self.inner.header).packet(AUTH_REQUEST, FORCEACK);
        Ok(self.stream.write_all(&packet)?)
    }

    fn ask(&mut self, question: u16) -> Result<()> {
        let packet = lock(&self.inner.header).packet(question, 0);
        self.converse(&packet)
    }

    fn converse(&mut self, packet: &[u8]) -> Result<()> {
        self.stream.write_all(packet)?;
        loop {
            let answer = read(&mut self.stream)?.context("the node hung up")?;
            self.inner.take(&answer);
            if kind(&answer) == PONG {
                return Ok(());
            }
        }
    }
}

fn listen(listener: &TcpListener, inner: &Arc<Inner>) {
    while let Ok((stream, _)) = listener.accept() {
        if inner.stopped.load(Ordering::SeqCst) {
            return;
        }
        if inner.silent.load(Ordering::SeqCst) {
            continue;
        }
        inner.open.fetch_add(1, Ordering::SeqCst);
        let inner = Arc::clone(inner);
        thread::spawn(move || {
            // The node's death ends a link with any error at all.
            let _ = serve(stream, &inner);
            inner.open.fetch_sub(1, Ordering::SeqCst);
        });
    }
}

fn serve(mut stream: TcpStream, inner: &Inner) -> Result<()> {
    stream.set_nodelay(true)?;
    while let Some(packet) = read(&mut stream)? {
        inner.take(&packet);
        if matches!(kind(&packet), PING | MEET) && !inner.silent.load(Ordering::SeqCst) {
            let answer = lock(&inner.header).packet(PONG, 0);
            stream.write_all(&answer)?;
        }
    }
    Ok(())
}

/// One packet; `None` at the end of the stream.
fn read(stream: &mut TcpStream) -> Result<Option<Vec<u8>>> {
    let mut packet = vec![0; HEADER_BYTES];
    match stream.read_exact(&mut packet[..8]) {
        Ok(()) => {}
        Err(error) if matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset) => {
            return Ok(None);
        }
        Err(error) => return Err(error.into()),
    }
    let length = u32::from_be_bytes([packet[4], packet[5], packet[6], packet[7]]) as usize;
    ensure!(packet.starts_with(b"RCmb"), "no packet of the bus");
    ensure!((HEADER_BYTES..=PACKET_BYTES_MAX).contains(&length), "a packet of {length} bytes");
    packet.resize(length, 0);
    stream.read_exact(&mut packet[8..])?;
    Ok(Some(packet))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sample of the wire's description, but for what a fake never says.
    #[test]
    fn a_packet_has_its_fields_in_their_places() {
        let header = Header {
            name: "a".repeat(40),
            port: 7000,
            current_epoch: 5,
            config_epoch: 3,
            slots: 0..=9,
            primary: Some("b".repeat(40)),
        };
        let packet = header.packet(AUTH_ACK, FORCEACK);
        assert_eq!(packet.len(), HEADER_BYTES);
        assert_eq!(&packet[..16], b"RCmb\0\0\x08\xd0\0\x01\x1b\x58\0\x06\0\0");
        assert_eq!(&packet[80..83], [0xff, 3, 0]);
        assert_eq!((packet[2128], packet[2167], packet[2168]), (b'b', b'b', 0));
        assert_eq!(&packet[2248..2254], [0x42, 0x68, 0, 0x12, 0, FORCEACK]);
        let mut heard = Heard::default();
        heard.take(&packet);
        assert_eq!((heard.current_epoch, heard.config_epoch, heard.votes.contains(&5)), (5, 3, true));
    }
}
