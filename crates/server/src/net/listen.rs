//! Listening sockets. No address is shared with another process: a port in use is an error.

use super::Accepted;
use mio::event::Source;
use mio::{Interest, Registry, Token};
use node::config::Address;
use socket2::{Domain, Protocol, SockRef, Socket as RawSocket, Type};
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
}

/// Removes a Unix socket's file.
pub fn unlink(path: &str) {
    // It may not be there.
    let _ = std::fs::remove_file(path);
}

/// The TCP sockets that listen now. A change of addresses keeps those that stay.
#[derive(Default)]
pub struct Bound {
    /// Second handles to the sockets, by address.
    open: Vec<(SocketAddr, std::net::TcpListener)>,
}

impl Bound {
    /// Listens on every address of `bind`, and no longer on others; port 0 means on none. The error names the
    /// address; after it all is as before.
    pub fn rebind(&mut self, bind: &[Address], port: u16, backlog: i32) -> Result<Vec<Listener>, String> {
        let bind = if port == 0 { &[][..] } else { bind };
        let wanted = resolve(bind, port)?;
        let stays = |addr: &SocketAddr| wanted.iter().any(|(_, w)| w == addr);
        // They go first: one of all addresses and one of a single address exclude each other.
        let go: Vec<_> = self.open.iter().filter(|(addr, _)| !stays(addr)).map(|(_, l)| l).collect();
        go.iter().for_each(|listener| pause(listener));
        match self.open_all(&wanted, backlog) {
            Ok((open, listeners)) => {
                self.open = open;
                Ok(listeners)
            }
            Err(error) => {
                // A socket that had the address a moment ago gets it back.
                go.iter().for_each(|listener| drop(SockRef::from(*listener).listen(backlog)));
                Err(error)
            }
        }
    }

    /// Listens nowhere any more.
    pub fn close(&mut self) {
        self.open.drain(..).for_each(|(_, listener)| pause(&listener));
    }

    fn open_all(&self, wanted: &[(&Address, SocketAddr)], backlog: i32) -> Result<Opened, String> {
        let (mut open, mut listeners) = (Vec::new(), Vec::new());
        for (address, addr) in wanted {
            let kept = self.open.iter().find(|(a, _)| a == addr).map(|(_, listener)| listener);
            let socket = match kept {
                Some(listener) => listener.try_clone(),
                None => tcp(*addr, backlog),
            };
            match socket.and_then(|socket| Ok((socket.try_clone()?, socket))) {
                Ok((handle, socket)) => {
                    open.push((*addr, handle));
                    listeners.push(Listener::Tcp(mio::net::TcpListener::from_std(socket)));
                }
                Err(e) if address.optional && is_missing_address(&e) => {}
                Err(e) => return Err(refused(address, addr.port(), &e)),
            }
        }
        if listeners.is_empty() && !wanted.is_empty() {
            return Err("Could not create server TCP listening socket: no address to listen on".into());
        }
        Ok((open, listeners))
    }
}

type Opened = (Vec<(SocketAddr, std::net::TcpListener)>, Vec<Listener>);

/// Stops listening, so that others may take the address.
fn pause(listener: &std::net::TcpListener) {
    // It fails only for a socket that does not listen any more.
    let _ = SockRef::from(listener).shutdown(std::net::Shutdown::Both);
}

fn refused(address: &Address, port: u16, e: &io::Error) -> String {
    let host = String::from_utf8_lossy(&address.host);
    format!("Could not create server TCP listening socket {host}:{port}: {e}")
}

/// The socket addresses of `bind`, each once.
fn resolve(bind: &[Address], port: u16) -> Result<Vec<(&Address, SocketAddr)>, String> {
    let mut all: Vec<(&Address, SocketAddr)> = Vec::new();
    for address in bind {
        match addresses(&String::from_utf8_lossy(&address.host), port) {
            Ok(found) => {
                for addr in found {
                    if all.iter().all(|(_, a)| *a != addr) {
                        all.push((address, addr));
                    }
                }
            }
            Err(e) if address.optional && is_missing_address(&e) => {}
            Err(e) => return Err(refused(address, port, &e)),
        }
    }
    Ok(all)
}

fn tcp(addr: SocketAddr, backlog: i32) -> io::Result<std::net::TcpListener> {
    let socket = RawSocket::new(Domain::for_address(addr), Type::STREAM, Some(Protocol::TCP))?;
    if addr.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&addr.into())?;
    socket.listen(backlog)?;
    Ok(socket.into())
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpStream;

    fn bind(hosts: &[&str]) -> Vec<Address> {
        hosts.iter().map(|host| Address { host: host.as_bytes().to_vec(), optional: false }).collect()
    }

    fn answers(host: &str, port: u16) -> bool {
        TcpStream::connect((host, port)).is_ok()
    }

    /// A port that nobody has; the system gives others to those who ask next.
    fn free_port() -> u16 {
        let socket = tcp(SocketAddr::from(([127, 0, 0, 1], 0)), 1).expect("a port");
        socket.local_addr().expect("an address").port()
    }

    #[test]
    fn addresses_come_and_go_and_stay() {
        let (mut bound, port) = (Bound::default(), free_port());
        let first = bound.rebind(&bind(&["127.0.0.1"]), port, 5).expect("free");
        assert!(answers("127.0.0.1", port) && !answers("127.0.0.2", port));
        let second = bound.rebind(&bind(&["127.0.0.1", "127.0.0.2"]), port, 5).expect("one more");
        drop(first);
        assert!(answers("127.0.0.1", port) && answers("127.0.0.2", port));
        let all = bound.rebind(&bind(&["*"]), port, 5).expect("all of them");
        drop(second);
        assert!(answers("127.0.0.3", port));
        let none = bound.rebind(&[], port, 5).expect("none");
        drop(all);
        assert!(none.is_empty() && !answers("127.0.0.1", port));
    }

    #[test]
    fn what_cannot_be_had_changes_nothing() {
        let (mut bound, port) = (Bound::default(), free_port());
        let _kept = bound.rebind(&bind(&["127.0.0.1"]), port, 5).expect("free");
        let (mut other, taken) = (Bound::default(), free_port());
        let _other = other.rebind(&bind(&["127.0.0.2"]), taken, 5).expect("free");
        assert!(bound.rebind(&bind(&["127.0.0.2"]), taken, 5).is_err());
        assert!(bound.rebind(&bind(&["999.1.1.1"]), port, 5).is_err());
        assert!(answers("127.0.0.1", port));
    }
}
