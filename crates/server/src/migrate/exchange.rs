//! One transfer over one connection.

use node::migration::{Ended, Transfer};
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

/// Bytes of a reply, which is a line.
const REPLY_MAX: u64 = 64 << 10;

/// A connection to another server.
pub struct Link {
    stream: BufReader<TcpStream>,
    /// The database that it has selected; `None` if nobody knows.
    db: Option<i64>,
    sound: bool,
}

impl Link {
    /// Whether requests and replies are in step.
    pub fn is_sound(&self) -> bool {
        self.sound
    }
}

/// A connection failed.
pub struct Broken {
    /// Which keys had arrived.
    pub arrived: Vec<bool>,
    /// Nothing came for too long.
    pub timed_out: bool,
    what: &'static str,
}

impl Broken {
    /// What the client is told.
    pub fn ended(self) -> Ended {
        let error = format!("-IOERR error or timeout {} to target instance", self.what);
        Ended { arrived: self.arrived, error: Some(error) }
    }
}

/// A connection to the first address of a host that takes it.
pub fn connect(host: &str, port: u16, timeout: Duration) -> std::io::Result<Link> {
    let mut last = std::io::Error::from(ErrorKind::AddrNotAvailable);
    for address in (host, port).to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, timeout) {
            Ok(stream) => {
                stream.set_nodelay(true)?;
                return Ok(Link { stream: BufReader::new(stream), db: None, sound: true });
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// Sends everything, then reads a reply to each request.
pub fn exchange(link: &mut Link, transfer: &Transfer) -> Result<Ended, Broken> {
    let selects = link.db != Some(transfer.db);
    link.sound = false;
    send(link, transfer, selects).map_err(|error| broken("writing", Vec::new(), &error))?;
    let mut ended = Ended::default();
    let before = usize::from(!transfer.auth.is_empty()) + usize::from(selects);
    let mut prepared = true;
    for at in 0..before + transfer.restores.len() {
        let reply = match read(link) {
            Ok(reply) => reply,
            Err(error) => return Err(broken("reading", ended.arrived, &error)),
        };
        let refused = reply.strip_prefix('-');
        if let (Some(error), None) = (refused, &ended.error) {
            ended.error = Some(format!("Target instance replied with error: {error}"));
        }
        match at < before {
            true => prepared &= refused.is_none(),
            false => ended.arrived.push(prepared && refused.is_none()),
        }
    }
    link.db = Some(transfer.db);
    link.sound = prepared;
    Ok(ended)
}

fn broken(what: &'static str, arrived: Vec<bool>, error: &std::io::Error) -> Broken {
    Broken { arrived, timed_out: matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), what }
}

fn send(link: &mut Link, transfer: &Transfer, selects: bool) -> std::io::Result<()> {
    let mut stream = link.stream.get_ref();
    stream.set_read_timeout(Some(transfer.timeout))?;
    stream.set_write_timeout(Some(transfer.timeout))?;
    let mut head = Vec::new();
    if !transfer.auth.is_empty() {
        let words = [&[b"AUTH".to_vec()], &transfer.auth[..]].concat();
        resp::client::encode_command(&mut head, &words);
    }
    if selects {
        resp::client::encode_command(&mut head, &[b"SELECT".as_slice(), transfer.db.to_string().as_bytes()]);
    }
    stream.write_all(&head)?;
    transfer.restores.iter().try_for_each(|request| stream.write_all(request))
}

/// A line without its end.
fn read(link: &mut Link) -> std::io::Result<String> {
    let mut line = Vec::new();
    (&mut link.stream).take(REPLY_MAX).read_until(b'\n', &mut line)?;
    match line.strip_suffix(b"\r\n") {
        Some(line) => Ok(String::from_utf8_lossy(line).into_owned()),
        None => Err(ErrorKind::UnexpectedEof.into()),
    }
}
