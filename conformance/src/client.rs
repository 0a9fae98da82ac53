//! A client of a few lines. It shares nothing with the server's own crates, so that a fault there cannot hide in both.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

/// A reply. What RESP3 adds is read as its nearest RESP2 kind, a map as its keys and values in turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// `+`
    Simple(String),
    /// `-`
    Error(String),
    /// `:`
    Int(i64),
    /// `$`, as text
    Bulk(String),
    /// `$-1` or `*-1`
    Nil,
    /// `*`
    Array(Vec<Reply>),
}

impl Reply {
    /// The elements of an array.
    pub fn items(&self) -> Result<&[Reply]> {
        match self {
            Reply::Array(items) => Ok(items),
            other => bail!("expected an array, got {other}"),
        }
    }

    /// The value of a key of a map.
    pub fn field(&self, name: &str) -> Result<&Reply> {
        let (pairs, _) = self.items()?.as_chunks::<2>();
        let named = |pair: &&[Reply; 2]| pair[0].text().is_ok_and(|text| text == name);
        pairs.iter().find(named).map(|pair| &pair[1]).with_context(|| format!("{self} has no {name}"))
    }

    /// The text of a simple string or a bulk.
    pub fn text(&self) -> Result<&str> {
        match self {
            Reply::Simple(text) | Reply::Bulk(text) => Ok(text),
            other => bail!("expected text, got {other}"),
        }
    }

    /// Names and values of a flat map, values as text.
    pub fn fields(&self) -> Result<BTreeMap<String, String>> {
        let pairs = self.items()?.as_chunks::<2>();
        ensure!(pairs.1.is_empty(), "a map of {self}");
        pairs.0.iter().map(|[name, value]| Ok((name.text()?.to_owned(), value.to_string()))).collect()
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reply::Simple(text) | Reply::Bulk(text) => f.write_str(text),
            Reply::Error(text) => write!(f, "-{text}"),
            Reply::Int(value) => write!(f, "{value}"),
            Reply::Nil => f.write_str("(nil)"),
            Reply::Array(items) => write!(f, "{items:?}"),
        }
    }
}

/// One connection to a server on this machine.
pub struct Client {
    stream: BufReader<TcpStream>,
}

/// Longest that a reply may take.
const REPLY_TIME_MAX: Duration = Duration::from_secs(10);
/// Longest bulk and array that a server may send here.
const LENGTH_MAX: i64 = 64 << 20;

impl Client {
    /// Connects to a port of the loopback address.
    pub fn connect(port: u16) -> Result<Client> {
        Client::connect_from(port, false)
    }

    /// The same, over IPv6 if asked for.
    pub fn connect_from(port: u16, ipv6: bool) -> Result<Client> {
        let ip = if ipv6 { IpAddr::V6(Ipv6Addr::LOCALHOST) } else { IpAddr::V4(Ipv4Addr::LOCALHOST) };
        let address = SocketAddr::from((ip, port));
        let stream =
            TcpStream::connect_timeout(&address, REPLY_TIME_MAX).with_context(|| format!("port {port}"))?;
        stream.set_read_timeout(Some(REPLY_TIME_MAX))?;
        stream.set_nodelay(true)?;
        Ok(Client { stream: BufReader::new(stream) })
    }

    /// Sends one command and waits for its reply; an error reply is a [`Reply::Error`].
    pub fn call<A: AsRef<[u8]>>(&mut self, arguments: &[A]) -> Result<Reply> {
        self.send(arguments)?;
        self.read()
    }

    /// Sends one command and does not wait.
    pub fn send<A: AsRef<[u8]>>(&mut self, arguments: &[A]) -> Result<()> {
        let mut request = format!("*{}\r\n", arguments.len()).into_bytes();
        for argument in arguments {
            let bytes = argument.as_ref();
            request.extend(format!("${}\r\n", bytes.len()).bytes());
            request.extend(bytes);
            request.extend(b"\r\n");
        }
        self.stream.get_mut().write_all(&request)?;
        Ok(())
    }

    /// Sends one command whose reply is a bulk of any bytes; `None` if it is nil.
    pub fn bytes<A: AsRef<[u8]>>(&mut self, arguments: &[A]) -> Result<Option<Vec<u8>>> {
        self.send(arguments)?;
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        let length = line.trim_end().strip_prefix('$').with_context(|| format!("{line:?} is no bulk"))?;
        if length == "-1" {
            return Ok(None);
        }
        self.bulk(length.parse()?).map(Some)
    }

    /// The bytes of a bulk.
    fn bulk(&mut self, length: usize) -> Result<Vec<u8>> {
        ensure!(length as i64 <= LENGTH_MAX, "a length of {length}");
        let mut bytes = vec![0; length + 2];
        self.stream.read_exact(&mut bytes)?;
        bytes.truncate(length);
        Ok(bytes)
    }

    /// The next reply.
    pub fn read(&mut self) -> Result<Reply> {
        let mut line = String::new();
        ensure!(self.stream.read_line(&mut line)? > 0, "the server closed the connection");
        let line = line.trim_end_matches("\r\n");
        let (kind, rest) = line.split_at_checked(1).context("an empty reply line")?;
        let length = || -> Result<usize> {
            let length: i64 = rest.parse()?;
            ensure!((0..=LENGTH_MAX).contains(&length), "a length of {length}");
            Ok(usize::try_from(length)?)
        };
        Ok(match kind {
            "+" => Reply::Simple(rest.into()),
            "-" => Reply::Error(rest.into()),
            ":" => Reply::Int(rest.parse()?),
            "$" | "*" if rest == "-1" => Reply::Nil,
            "_" => Reply::Nil,
            "," | "#" | "(" => Reply::Bulk(rest.into()),
            "$" | "=" => {
                let bytes = self.bulk(length()?)?;
                Reply::Bulk(String::from_utf8_lossy(&bytes).into_owned())
            }
            "*" | "~" | ">" => Reply::Array((0..length()?).map(|_| self.read()).collect::<Result<_>>()?),
            "%" => Reply::Array((0..2 * length()?).map(|_| self.read()).collect::<Result<_>>()?),
            _ => bail!("{line:?} is no reply"),
        })
    }
}
