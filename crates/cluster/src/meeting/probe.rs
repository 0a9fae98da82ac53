//! Finding out what listens where no bus answered. A bus answers MEET at once, so only what is none, or is ill, is ever probed.

use super::MeetError;

/// What is said on a connection of its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Question {
    /// To something silent: a command of the clients' protocol, which most other servers answer as well, if only with an error.
    Command,
    /// To something that hangs up: the first words of TLS.
    Tls,
}

/// TLS record types: alert and handshake.
const TLS_RECORDS: [u8; 2] = [0x15, 0x16];
const TLS_MAJOR: u8 = 3;

impl Question {
    /// The words.
    pub fn bytes(self) -> Vec<u8> {
        match self {
            Question::Command => b"PING\r\n".to_vec(),
            Question::Tls => client_hello(),
        }
    }
}

/// Whether bytes begin a record of TLS.
fn is_tls(bytes: &[u8]) -> bool {
    matches!(bytes, [kind, TLS_MAJOR, ..] if TLS_RECORDS.contains(kind))
}

/// The reason, by the first bytes that came in place of a packet.
pub(super) fn not_a_bus(bytes: &[u8]) -> MeetError {
    match bytes.first() {
        _ if is_tls(bytes) => MeetError::TlsMismatch,
        Some(b'+' | b'-' | b'$' | b'*' | b':') => MeetError::NotABus("the port takes clients"),
        _ => MeetError::NotABus("something else listens there"),
    }
}

/// A ClientHello of TLS 1.2 (RFC 5246 §7.4.1.2) that offers what every server has. Whatever comes of it, only TLS answers.
fn client_hello() -> Vec<u8> {
    const SUITES: [u16; 8] = [0x1301, 0x1302, 0x1303, 0xc02f, 0xc02b, 0xc030, 0x009c, 0x002f];
    let mut body = vec![TLS_MAJOR, 3];
    // The random part need not be random: no session comes of it.
    body.extend([0x5a; 32]);
    body.push(0);
    body.extend((2 * SUITES.len() as u16).to_be_bytes());
    body.extend(SUITES.iter().flat_map(|suite| suite.to_be_bytes()));
    body.extend([1, 0]);
    let mut hello = vec![1, 0];
    hello.extend((body.len() as u16).to_be_bytes());
    hello.extend(body);
    let mut record = vec![0x16, TLS_MAJOR, 1];
    record.extend((hello.len() as u16).to_be_bytes());
    record.extend(hello);
    record
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_told_apart() {
        let check = |answer: &[u8], name: &str| {
            assert_eq!(not_a_bus(answer).to_string(), name);
        };
        check(b"+PONG\r\n", "not a cluster bus: the port takes clients");
        check(b"-NOAUTH Authentication required.\r\n", "not a cluster bus: the port takes clients");
        check(b"HTTP/1.1 400 Bad Request", "not a cluster bus: something else listens there");
        check(b"\x15\x03\x03\0\x02\x02\x28", &MeetError::TlsMismatch.to_string());
    }

    #[test]
    fn the_hello_has_the_lengths_it_says() {
        let hello = client_hello();
        assert_eq!(usize::from(u16::from_be_bytes([hello[3], hello[4]])), hello.len() - 5);
        assert_eq!(usize::from(u16::from_be_bytes([hello[7], hello[8]])), hello.len() - 9);
    }
}
