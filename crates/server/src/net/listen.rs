//! Listening sockets. No address is shared with another process: a port in use is an error.

use super::Accepted;
use mio::event::Source;
use mio::{Interest, Registry, Token};
use node::config::Address;
use socket2::{Domain, Protocol, Socket as RawSocket, Type};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::os::unix::fs::PermissionsExt;

/// A socket that accepts.
pub enum Listener {
    /// On a TCP port.
    Tcp(mio::net::TcpListener),
    /// At a path.
    Unix(mio::net::UnixListener, String),
}

impl Listener {
    /// Registers for connections.
    pub fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        match self {
            Listener::Tcp(l) => l.register(registry, token, Interest::READABLE),
            Listener::Unix(l, _) => l.register(registry, token, Interest::READABLE),
        }
    }

    /// The next bus connection, as the cluster wants it; only for TCP.
    pub fn accept_tcp(&self) -> io::Result<(mio::net::TcpStream, SocketAddr)> {
        match self {
            Listener::Tcp(l) => l.accept(),
            Listener::Unix(..) => Err(io::ErrorKind::WouldBlock.into()),
        }
    }

    /// Takes it out of the poll.
    pub fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        match self {
            Listener::Tcp(l) => l.deregister(registry),
            Listener::Unix(l, _) => l.deregister(registry),
        }
    }

    /// The next connection; `WouldBlock` when there is none.
    pub fn accept(&self) -> io::Result<Accepted> {
        match self {
            Listener::Tcp(l) => l.accept().map(|(stream, peer)| Accepted::tcp(stream, peer)),
            Listener::Unix(l, path) => l.accept().map(|(stream, _)| Accepted::unix(stream, path)),
        }
    }

    /// Listens at a path; what stood there before is removed. `perm` 0 leaves the mode to the umask.
    pub fn unix(path: &str, perm: u32) -> io::Result<Listener> {
        unlink(path);
        let listener = mio::net::UnixListener::bind(path)?;
        if perm != 0 {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(perm))?;
        }
        Ok(Listener::Unix(listener, path.into()))
    }

    fn tcp(addr: SocketAddr, backlog: i32) -> io::Result<Listener> {
        let socket = RawSocket::new(Domain::for_address(addr), Type::STREAM, Some(Protocol::TCP))?;
        if addr.is_ipv6() {
            socket.set_only_v6(true)?;
        }
        socket.set_reuse_address(true)?;
        socket.set_nonblocking(true)?;
        socket.bind(&addr.into())?;
        socket.listen(backlog)?;
        let listener: std::net::TcpListener = socket.into();
        Ok(Listener::Tcp(mio::net::TcpListener::from_std(listener)))
    }
}

/// Removes a Unix socket's file.
pub fn unlink(path: &str) {
    // It may not be there.
    let _ = std::fs::remove_file(path);
}

/// Listens on every address of `bind`. The error names the address.
pub fn bind_all(bind: &[Address], port: u16, backlog: i32) -> Result<Vec<Listener>, String> {
    let mut listeners = Vec::new();
    for address in bind {
        let host = &*String::from_utf8_lossy(&address.host);
        match addresses(host, port).and_then(|all| {
            all.into_iter().map(|addr| Listener::tcp(addr, backlog)).collect::<io::Result<Vec<_>>>()
        }) {
            Ok(mut bound) => listeners.append(&mut bound),
            Err(e) if address.optional && is_missing_address(&e) => {}
            Err(e) => return Err(format!("Could not create server TCP listening socket {host}:{port}: {e}")),
        }
    }
    if listeners.is_empty() {
        return Err(format!(
            "Could not create server TCP listening socket: no address to listen on at port {port}"
        ));
    }
    Ok(listeners)
}

fn addresses(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    Ok(match host {
        "*" => vec![SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), port)],
        "::*" => vec![SocketAddr::new(IpAddr::V6(Ipv6Addr::UNSPECIFIED), port)],
        name => (name, port).to_socket_addrs()?.take(1).collect(),
    })
}

/// The machine lacks the address, or its whole family.
fn is_missing_address(e: &io::Error) -> bool {
    matches!(
        e.raw_os_error(),
        Some(
            libc::EADDRNOTAVAIL
                | libc::EAFNOSUPPORT
                | libc::EPROTONOSUPPORT
                | libc::ESOCKTNOSUPPORT
                | libc::EPFNOSUPPORT
                | libc::ENOPROTOOPT
        )
    )
}
