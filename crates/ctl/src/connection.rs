//! One blocking connection to one node.

use std::io::{self, Read, Write};
use std::net::{IpAddr, TcpStream, ToSocketAddrs};
use std::time::Duration;

use resp::client::{Decoder, DecoderLimits, Value, encode_command};

use crate::address::NodeAddr;
use crate::error::Error;

const CONNECT_WAIT_MAX: Duration = Duration::from_secs(5);
/// An operator's command may wait for a disk, but not for ever.
const REPLY_WAIT_MAX: Duration = Duration::from_secs(30);
const READ_BYTES: usize = 64 << 10;

/// Who asks, for nodes that want to know.
#[derive(Clone, Default)]
pub struct Login {
    /// The default user if `None`.
    pub user: Option<String>,
    /// Nothing is sent without one.
    pub password: Option<String>,
}

/// A connection that has logged in.
pub struct Connection {
    addr: NodeAddr,
    stream: TcpStream,
    decoder: Decoder,
}

impl Connection {
    /// Connects to the first of the host's addresses that takes it, and logs in if there is a password.
    pub fn open(addr: &NodeAddr, login: &Login) -> Result<Connection, Error> {
        Connection::open_within(addr, login, REPLY_WAIT_MAX)
    }

    /// The same, but no reply may take longer than `wait`.
    pub fn open_within(addr: &NodeAddr, login: &Login, wait: Duration) -> Result<Connection, Error> {
        let refused = |source| Error::Connect { addr: addr.clone(), source };
        let stream = dial(addr).map_err(refused)?;
        stream.set_nodelay(true).map_err(refused)?;
        stream.set_read_timeout(Some(wait)).map_err(refused)?;
        stream.set_write_timeout(Some(wait)).map_err(refused)?;
        let decoder = Decoder::new(DecoderLimits::default());
        let mut connection = Connection { addr: addr.clone(), stream, decoder };
        match (&login.user, &login.password) {
            (Some(user), Some(password)) => connection.ok(&["AUTH", user, password])?,
            (None, Some(password)) => connection.ok(&["AUTH", password])?,
            (_, None) => {}
        }
        Ok(connection)
    }

    /// As it was given.
    pub fn addr(&self) -> &NodeAddr {
        &self.addr
    }

    /// The IP address that the name led to.
    pub fn peer_ip(&self) -> Result<IpAddr, Error> {
        let peer = self.stream.peer_addr();
        peer.map(|peer| peer.ip()).map_err(|source| Error::Connect { addr: self.addr.clone(), source })
    }

    /// Sends a command and waits for its reply; an error reply is [`Error::Refused`].
    pub fn call(&mut self, args: &[&str]) -> Result<Value, Error> {
        let mut request = Vec::new();
        encode_command(&mut request, args);
        let lost = |addr: &NodeAddr, source| Error::Lost { addr: addr.clone(), command: name(args), source };
        self.stream.write_all(&request).map_err(|error| lost(&self.addr, error))?;
        loop {
            let reply = self.decoder.next();
            match reply.map_err(|source| Error::Garbled { addr: self.addr.clone(), source })? {
                // Pushes are not replies.
                Some(Value::Push(_)) => {}
                Some(reply) => return self.accepted(args, reply),
                None => self.receive().map_err(|error| lost(&self.addr, error))?,
            }
        }
    }

    /// For commands that answer `OK`.
    pub fn ok(&mut self, args: &[&str]) -> Result<(), Error> {
        match self.call(args)?.as_str() {
            Some("OK") => Ok(()),
            _ => Err(self.unexpected(args, "not OK")),
        }
    }

    /// For commands that answer text.
    pub fn text(&mut self, args: &[&str]) -> Result<String, Error> {
        let reply = self.call(args)?;
        reply.as_str().map(str::to_owned).ok_or_else(|| self.unexpected(args, "not text"))
    }

    /// For commands that answer an integer.
    pub fn int(&mut self, args: &[&str]) -> Result<i64, Error> {
        let reply = self.call(args)?;
        reply.as_int().ok_or_else(|| self.unexpected(args, "not an integer"))
    }

    /// An answer that cannot be used.
    pub fn unexpected(&self, args: &[&str], what: impl Into<String>) -> Error {
        Error::Unexpected { addr: self.addr.clone(), command: name(args), what: what.into() }
    }

    fn accepted(&self, args: &[&str], reply: Value) -> Result<Value, Error> {
        match reply.error() {
            Some(text) => Err(Error::Refused { addr: self.addr.clone(), command: name(args), text }),
            None => Ok(reply),
        }
    }

    fn receive(&mut self) -> io::Result<()> {
        let mut bytes = [0; READ_BYTES];
        match self.stream.read(&mut bytes) {
            Ok(0) => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the node closed the connection")),
            Ok(len) => {
                self.decoder.push(&bytes[..len]);
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                Err(io::Error::new(io::ErrorKind::TimedOut, "no answer in time"))
            }
            Err(error) => Err(error),
        }
    }
}

fn dial(addr: &NodeAddr) -> io::Result<TcpStream> {
    let mut refused = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for candidate in (addr.host.as_str(), addr.port).to_socket_addrs()? {
        match TcpStream::connect_timeout(&candidate, CONNECT_WAIT_MAX) {
            Ok(stream) => return Ok(stream),
            Err(error) => refused = error,
        }
    }
    Err(refused)
}

/// The command's words without what may be long or secret.
fn name(args: &[&str]) -> String {
    let words = if args[0].eq_ignore_ascii_case("cluster") { 2 } else { 1 };
    args[..words.min(args.len())].join(" ")
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    /// A server that reads `expect` and answers `reply`, once.
    fn check(reply: &'static str, judge: impl FnOnce(Result<Value, Error>)) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = NodeAddr::new("127.0.0.1", listener.local_addr().unwrap().port());
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let (mut stream, _) = listener.accept().unwrap();
                let mut got = [0; 14];
                stream.read_exact(&mut got).unwrap();
                assert_eq!(&got, b"*1\r\n$4\r\nPING\r\n");
                for byte in reply.as_bytes() {
                    stream.write_all(&[*byte]).unwrap();
                }
            });
            let mut connection = Connection::open(&addr, &Login::default()).unwrap();
            judge(connection.call(&["PING"]));
        });
    }

    #[test]
    fn replies_come_back_and_pushes_are_skipped() {
        check(">1\r\n+x\r\n+PONG\r\n", |reply| assert_eq!(reply.unwrap(), Value::Simple(b"PONG".into())));
    }

    #[test]
    fn what_goes_wrong_is_told_apart() {
        check("-NOAUTH log in\r\n", |reply| match reply {
            Err(Error::Refused { command, text, .. }) => {
                assert_eq!((command.as_str(), text.as_str()), ("PING", "NOAUTH log in"))
            }
            other => panic!("{other:?}"),
        });
        check("HTTP/1.1 400\r\n", |reply| assert!(matches!(reply, Err(Error::Garbled { .. }))));
        check("$5\r\nab", |reply| assert!(matches!(reply, Err(Error::Lost { .. }))));
    }

    #[test]
    fn a_command_is_named_without_its_secrets() {
        assert_eq!(name(&["AUTH", "user", "secret"]), "AUTH");
        assert_eq!(name(&["CLUSTER", "MEET", "ip"]), "CLUSTER MEET");
    }
}
