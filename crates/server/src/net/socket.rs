//! A connected stream, TCP or Unix.

use mio::event::Source;
use mio::{Interest, Registry, Token};
use socket2::{SockRef, TcpKeepalive};
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, RawFd};
use std::time::Duration;

/// A connected stream.
pub enum Socket {
    /// Over TCP.
    Tcp(mio::net::TcpStream),
    /// Over a Unix socket.
    Unix(mio::net::UnixStream),
}

/// A stream that was just accepted, and who is at its ends.
pub struct Accepted {
    /// The stream.
    pub socket: Socket,
    /// The other end, `ip:port` or `path:0`.
    pub addr: String,
    /// Our end.
    pub laddr: String,
    /// The other end is this machine.
    pub is_local: bool,
    /// Over a Unix socket.
    pub is_unix: bool,
}

impl Socket {
    /// Registers for both directions; events come on changes only.
    pub fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        let both = Interest::READABLE | Interest::WRITABLE;
        match self {
            Socket::Tcp(s) => s.register(registry, token, both),
            Socket::Unix(s) => s.register(registry, token, both),
        }
    }

    /// Descriptor number.
    pub fn fd(&self) -> RawFd {
        match self {
            Socket::Tcp(s) => s.as_raw_fd(),
            Socket::Unix(s) => s.as_raw_fd(),
        }
    }
}

impl Read for Socket {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self {
            Socket::Tcp(s) => s.read(buf),
            Socket::Unix(s) => s.read(buf),
        }
    }
}

impl Write for Socket {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        match self {
            Socket::Tcp(s) => s.write(buf),
            Socket::Unix(s) => s.write(buf),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// No delay, and keepalive probes after `keepalive_s` seconds of silence (0 = none), three of them.
pub fn prepare_tcp(stream: &mio::net::TcpStream, keepalive_s: u32) {
    // A stream that is already gone shows it at the first read.
    let _ = stream.set_nodelay(true);
    if keepalive_s > 0 {
        let probes = TcpKeepalive::new()
            .with_time(Duration::from_secs(u64::from(keepalive_s)))
            .with_interval(Duration::from_secs(u64::from((keepalive_s / 3).max(1))))
            .with_retries(3);
        let _ = SockRef::from(stream).set_tcp_keepalive(&probes);
    }
}

impl Accepted {
    /// A stream from a TCP listener.
    pub fn tcp(stream: mio::net::TcpStream, peer: SocketAddr) -> Accepted {
        let peer = unmap(peer);
        let laddr = stream.local_addr().map(|a| show(unmap(a))).unwrap_or_default();
        Accepted {
            socket: Socket::Tcp(stream),
            addr: show(peer),
            laddr,
            is_local: peer.ip().is_loopback(),
            is_unix: false,
        }
    }

    /// A stream from a Unix listener at `path`.
    pub fn unix(stream: mio::net::UnixStream, path: &str) -> Accepted {
        let addr = format!("{path}:0");
        Accepted { socket: Socket::Unix(stream), laddr: addr.clone(), addr, is_local: true, is_unix: true }
    }
}

/// IPv4 peers of a dual-stack socket as IPv4.
fn unmap(addr: SocketAddr) -> SocketAddr {
    SocketAddr::new(addr.ip().to_canonical(), addr.port())
}

/// `1.2.3.4:5` or `[::1]:5`, as CLIENT LIST shows them.
fn show(addr: SocketAddr) -> String {
    addr.to_string()
}
