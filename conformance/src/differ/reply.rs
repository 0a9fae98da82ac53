//! Replies as they came, down to the byte.

use std::fmt;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

/// A reply of RESP2 or RESP3: two are equal if their bytes are.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Raw {
    /// The byte that names the kind, and the text; of a null the whole line.
    Leaf(u8, Vec<u8>),
    /// The kind, and the elements: of a map, keys and values in turn.
    Many(u8, Vec<Raw>),
}

impl Raw {
    /// The elements, if it has any.
    pub fn items(&self) -> &[Raw] {
        match self {
            Raw::Many(_, items) => items,
            Raw::Leaf(..) => &[],
        }
    }

    /// The text of a leaf.
    pub fn text(&self) -> &[u8] {
        match self {
            Raw::Leaf(_, text) => text,
            Raw::Many(..) => &[],
        }
    }

    /// The byte that names the kind.
    pub fn kind(&self) -> u8 {
        match self {
            Raw::Leaf(kind, _) | Raw::Many(kind, _) => *kind,
        }
    }

    /// The number of an integer.
    pub fn int(&self) -> Option<i64> {
        if self.kind() != b':' {
            return None;
        }
        std::str::from_utf8(self.text()).ok()?.parse().ok()
    }
}

impl fmt::Display for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Raw::Leaf(b'$', text) => write!(f, "\"{}\"", text.escape_ascii()),
            Raw::Leaf(b'n', text) => write!(f, "({})", text.escape_ascii()),
            Raw::Leaf(kind, text) => write!(f, "{}{}", char::from(*kind), text.escape_ascii()),
            Raw::Many(kind, items) => {
                write!(f, "{}[", char::from(*kind))?;
                for (i, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if i > 0 { ", " } else { "" })?;
                }
                f.write_str("]")
            }
        }
    }
}

/// A command as it is sent.
pub fn encode<A: AsRef<[u8]>>(arguments: &[A], out: &mut Vec<u8>) {
    out.extend(format!("*{}\r\n", arguments.len()).bytes());
    for bytes in arguments.iter().map(AsRef::as_ref) {
        out.extend(format!("${}\r\n", bytes.len()).bytes());
        out.extend(bytes);
        out.extend(b"\r\n");
    }
}

/// Longest that a reply may take.
const REPLY_TIME_MAX: Duration = Duration::from_secs(60);
/// Longest bulk and array that a server may send here.
const LENGTH_MAX: usize = 768 << 20;

/// A connection to a server on this machine.
pub struct Wire {
    stream: BufReader<TcpStream>,
}

impl Wire {
    /// Connects to a port of the loopback address.
    pub fn connect(port: u16) -> Result<Wire> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let stream = TcpStream::connect(address).with_context(|| format!("port {port}"))?;
        stream.set_read_timeout(Some(REPLY_TIME_MAX))?;
        stream.set_nodelay(true)?;
        Ok(Wire { stream: BufReader::new(stream) })
    }

    /// Sends a command.
    pub fn send(&mut self, arguments: &[Vec<u8>]) -> Result<()> {
        let mut request = Vec::new();
        encode(arguments, &mut request);
        self.send_bytes(&request)
    }

    /// Sends bytes as they are.
    pub fn send_bytes(&mut self, bytes: &[u8]) -> Result<()> {
        Ok(self.stream.get_mut().write_all(bytes)?)
    }

    /// Sends a command and waits for its reply.
    pub fn call<A: AsRef<[u8]>>(&mut self, arguments: &[A]) -> Result<Raw> {
        let mut request = Vec::new();
        encode(arguments, &mut request);
        self.send_bytes(&request)?;
        self.read()
    }

    /// The next reply.
    pub fn read(&mut self) -> Result<Raw> {
        let mut line = Vec::new();
        self.stream.read_until(b'\n', &mut line)?;
        let line = line.strip_suffix(b"\r\n").context("the server closed the connection")?;
        let (kind, rest) = line.split_first().context("an empty reply line")?;
        if matches!(line, b"$-1" | b"*-1" | b"_") {
            return Ok(Raw::Leaf(b'n', line.to_vec()));
        }
        let length = || -> Result<usize> {
            let length: usize = std::str::from_utf8(rest)?.parse()?;
            ensure!(length <= LENGTH_MAX, "a length of {length}");
            Ok(length)
        };
        Ok(match kind {
            b'+' | b'-' | b':' | b',' | b'#' | b'(' => Raw::Leaf(*kind, rest.to_vec()),
            b'$' | b'=' => {
                let mut bytes = vec![0; length()? + 2];
                self.stream.read_exact(&mut bytes)?;
                ensure!(bytes.ends_with(b"\r\n"), "a bulk without an end");
                bytes.truncate(bytes.len() - 2);
                Raw::Leaf(*kind, bytes)
            }
            b'*' | b'~' | b'>' => {
                Raw::Many(*kind, (0..length()?).map(|_| self.read()).collect::<Result<_>>()?)
            }
            b'%' => Raw::Many(*kind, (0..2 * length()?).map(|_| self.read()).collect::<Result<_>>()?),
            _ => bail!("{:?} is no reply", line.escape_ascii().to_string()),
        })
    }
}
