//! Everything that must not be taken for a request, with the words it is refused in. Each case is delivered whole
//! and byte by byte.

use resp::{Args, Limits, OwnedRequest, Parsed, Parser, ProtocolError};

const MIB: usize = 1 << 20;
const LIMITS: Limits = Limits { bulk_max: 512 * MIB, unauthenticated: false };
const STRANGER: Limits = Limits { unauthenticated: true, ..LIMITS };

/// The requests in `stream`, and how it ended: an error's text, or nothing if more may come.
fn outcome(stream: &[u8], chunk: usize, limits: &Limits) -> (Vec<OwnedRequest>, Option<String>) {
    let (mut parser, mut buf, mut pos) = (Parser::new(), Vec::new(), 0);
    let mut requests = Vec::new();
    for bytes in stream.chunks(chunk) {
        buf.extend_from_slice(bytes);
        loop {
            let mut spans = Vec::new();
            match parser.next(&mut buf, &mut pos, &mut spans, limits) {
                Ok(Parsed::Request) => requests.push(OwnedRequest::from_args(Args::new(&buf, &spans))),
                Ok(Parsed::Empty) => {}
                Ok(Parsed::Incomplete) => break,
                Err(error) => return (requests, Some(error.to_string())),
            }
        }
    }
    (requests, None)
}

fn check(stream: &[u8], limits: &Limits, expect: Option<&str>) -> Vec<OwnedRequest> {
    let text = String::from_utf8_lossy(&stream[..stream.len().min(60)]).into_owned();
    let (requests, error) = outcome(stream, usize::MAX, limits);
    let expect = expect.map(|e| format!("Protocol error: {e}"));
    assert_eq!(error, expect, "{text:?}");
    assert_eq!(outcome(stream, 1, limits), (requests.clone(), expect), "{text:?} byte by byte");
    requests
}

fn refused(stream: &str, expect: &str) {
    let before = b"*1\r\n$4\r\nPING\r\n";
    let requests = check(&[before, stream.as_bytes()].concat(), &LIMITS, Some(expect));
    assert_eq!(requests.len(), 1, "what came before {stream:?} is answered");
}

fn ignored(stream: &str) {
    let after = b"*1\r\n$4\r\nPING\r\n";
    let requests = check(&[stream.as_bytes(), after].concat(), &LIMITS, None);
    assert_eq!(requests.len(), 1, "what comes after {stream:?} is answered");
}

fn waits(stream: &str) {
    assert!(check(stream.as_bytes(), &LIMITS, None).is_empty(), "{stream:?}");
}

#[test]
fn multibulk_lengths() {
    for n in
        ["2147483648", "4294967297", "9223372036854775808", "99999999999999999999", "-9223372036854775809"]
    {
        refused(&format!("*{n}\r\n"), "invalid multibulk length");
    }
    for n in ["", "+1", "01", "00", "-0", " 1", "1 ", "1x", "x", "0x1", "1.0", "1e1", "-", "--1", "\0", "1\0"]
    {
        refused(&format!("*{n}\r\n"), "invalid multibulk length");
    }
    for n in ["0", "-1", "-2", "-2147483649", "-9223372036854775808"] {
        ignored(&format!("*{n}\r\n"));
    }
    waits("*1048577\r\n");
    waits("*2147483647\r\n");
    waits("*2147483647\r\n$1\r\na\r\n");
}

#[test]
fn bulk_lengths() {
    for n in
        ["-1", "-5", "536870913", "4294967295", "4294967296", "9223372036854775807", "18446744073709551615"]
    {
        refused(&format!("*1\r\n${n}\r\n"), "invalid bulk length");
    }
    for n in ["", "+4", "04", "00", "-0", " 4", "4 ", "4x", "99999999999999999999", "\0"] {
        refused(&format!("*1\r\n${n}\r\n"), "invalid bulk length");
    }
    refused("*2\r\n$3\r\nGET\r\n$-1\r\n", "invalid bulk length");
    waits("*1\r\n$536870912\r\n");
    waits("*1\r\n$536870912\r\nonly this");
}

#[test]
fn what_spans_cannot_count() {
    let limits = Limits { bulk_max: usize::MAX, unauthenticated: false };
    check(b"*1\r\n$4294967296\r\n", &limits, Some("invalid bulk length"));
    check(b"*1\r\n$4294967290\r\n", &limits, Some("invalid bulk length"));
    check(b"*1\r\n$9223372036854775807\r\n", &limits, Some("invalid bulk length"));
    check(b"*1\r\n$4294967000\r\n", &limits, None);
}

#[test]
fn line_ends() {
    let crlf = "invalid CRLF in request";
    refused("*1\rx", crlf);
    refused("*1\r\r\n", crlf);
    refused("*1\r\n$4\rx", crlf);
    refused("*1\r\n$4\r\r", crlf);
    refused("*1\r\n$4\r\nPINGxx", crlf);
    refused("*1\r\n$4\r\nPING\rx", crlf);
    refused("*1\r\n$4\r\nPINGx\n", crlf);
    refused("*1\r\n$4\r\nPING\n\r", crlf);
    refused("*1\r\n$0\r\nxx", crlf);
    refused("*1\r\n$3\r\nPING\r\n", crlf);
    refused("*1\n$4\nPING\n*1\r\n", "invalid multibulk length");
    refused("*1\r\n$4\nPING\r\n", "invalid bulk length");
    waits("*1\r");
    waits("*1\r\n$4\r");
    waits("*1\r\n$4\r\nPING\r");
    waits("*1\n$4\nPING\n");
}

#[test]
fn arguments_begin_with_a_dollar() {
    refused("*3\r\n$3\r\nSET\r\n$1\r\nx\r\nfooz\r\n", "expected '$', got 'f'");
    refused("*1\r\n*1\r\n", "expected '$', got '*'");
    refused("*1\r\n:1\r\n", "expected '$', got ':'");
    refused("*1\r\n\r\n", "expected '$', got ' '");
    refused("*1\r\nx\ry", "expected '$', got 'x'");
    refused("*1\r\n\0\r\n", "expected '$', got '\\x00'");
}

#[test]
fn lines_without_end() {
    let line = |head: &str, len: usize| [head.as_bytes(), &vec![b'1'; len - 1]].concat();
    check(&line("*", 65536), &LIMITS, None);
    check(&line("*", 65537), &LIMITS, Some("too big mbulk count string"));
    check(&line("x", 65536), &LIMITS, None);
    check(&line("x", 65537), &LIMITS, Some("too big inline request"));
    check(&[b"*1\r\n".to_vec(), line("$", 65536)].concat(), &LIMITS, None);
    check(&[b"*1\r\n".to_vec(), line("$", 65537)].concat(), &LIMITS, Some("too big bulk count string"));
    check(&[b"*1\r\n".to_vec(), line("x", 65537)].concat(), &LIMITS, Some("too big bulk count string"));
    let longest = check(&[line("x", 65536), b"\n".to_vec()].concat(), &LIMITS, None);
    assert_eq!(longest[0].as_args()[0].len(), 65536);
    check(&[b"\0".to_vec(), vec![b'\0'; 65536]].concat(), &LIMITS, Some("too big inline request"));
}

#[test]
fn strangers_may_send_little() {
    let args = |n: usize| [format!("*{n}\r\n").into_bytes(), b"$1\r\nx\r\n".repeat(n)].concat();
    assert_eq!(check(&args(10), &STRANGER, None).len(), 1);
    check(&args(11), &STRANGER, Some("unauthenticated multibulk length"));
    check(b"*2147483648\r\n", &STRANGER, Some("invalid multibulk length"));
    assert_eq!(check(&args(11), &LIMITS, None).len(), 1);
    let bulk = |n: usize| format!("*1\r\n${n}\r\n{}\r\n", "x".repeat(n)).into_bytes();
    assert_eq!(check(&bulk(16384), &STRANGER, None).len(), 1);
    check(&bulk(16385), &STRANGER, Some("unauthenticated bulk length"));
    check(b"*1\r\n$536870913\r\n", &STRANGER, Some("invalid bulk length"));
    assert_eq!(check(&bulk(16385), &LIMITS, None).len(), 1);
}

#[test]
fn inline_requests() {
    let unbalanced = "unbalanced quotes in request";
    for line in ["get \"a", "get 'a", "get \"a\"b", "get 'a'b", "\"", "get \"\\", "get a\"b\"c"] {
        refused(&format!("{line}\r\n"), unbalanced);
    }
    for line in ["\n", "\r\n", "  \t \r\n", "\r\r\n", "\x0b\x0c\n", "\0\n"] {
        ignored(line);
    }
    let parts = |stream: &[u8]| {
        let requests = check(stream, &LIMITS, None);
        let args = |r: &OwnedRequest| r.as_args().iter().map(<[u8]>::to_vec).collect::<Vec<_>>();
        requests.iter().map(args).collect::<Vec<_>>()
    };
    assert_eq!(
        parts(b"set \"a\\x00b\\n\" 'it\\'s'\nget x\r\n"),
        [vec![b"set".to_vec(), b"a\0b\n".to_vec(), b"it's".to_vec()], vec![b"get".to_vec(), b"x".to_vec()],]
    );
    assert_eq!(parts(b"\xff\xfe \x80\n"), [vec![b"\xff\xfe".to_vec(), b"\x80".to_vec()]]);
    assert_eq!(parts(b"a\rb\n"), [vec![b"a".to_vec(), b"b".to_vec()]]);
    assert_eq!(parts(b"GET / HTTP/1.1\r\n")[0].len(), 3);
    waits("PING");
    waits("PING\r");
}

#[test]
fn a_big_argument_asks_for_room_as_it_comes() {
    let (mut parser, mut pos, mut spans) = (Parser::new(), 0, Vec::new());
    let mut buf = b"*2\r\n$3\r\nGET\r\n$1000\r\nabc".to_vec();
    assert_eq!(parser.next(&mut buf, &mut pos, &mut spans, &LIMITS), Ok(Parsed::Incomplete));
    assert_eq!((parser.needed(), parser.is_inside(), pos, spans.len()), (999, true, 0, 0));
    buf.extend_from_slice(&[b'x'; 997]);
    assert_eq!(parser.next(&mut buf, &mut pos, &mut spans, &LIMITS), Ok(Parsed::Incomplete));
    assert_eq!(parser.needed(), 2);
    buf.extend_from_slice(b"\r\n");
    assert_eq!(parser.next(&mut buf, &mut pos, &mut spans, &LIMITS), Ok(Parsed::Request));
    assert_eq!((parser.needed(), parser.is_inside(), pos, spans.len()), (0, false, buf.len(), 2));
    assert_eq!(parser.next(&mut buf, &mut pos, &mut spans, &LIMITS), Ok(Parsed::Incomplete));
    assert_eq!((parser.is_inside(), spans.len()), (false, 2));
}

#[test]
fn many_requests_append_to_one_list() {
    let (mut parser, mut pos, mut spans) = (Parser::new(), 0, Vec::new());
    let mut buf = b"PING\r\n*2\r\n$4\r\nECHO\r\n$100\r\n".to_vec();
    buf.extend_from_slice(&[b'y'; 100]);
    buf.extend_from_slice(b"\r\n*1\r\n$1\r\n");
    for expect in [Parsed::Request, Parsed::Request, Parsed::Incomplete] {
        assert_eq!(parser.next(&mut buf, &mut pos, &mut spans, &LIMITS), Ok(expect));
    }
    let args = Args::new(&buf, &spans);
    assert_eq!((args.len(), &args[0], &args[1], &args[2]), (3, &b"PING"[..], &b"ECHO"[..], &[b'y'; 100][..]));
}

#[test]
fn an_error_says_what_the_peers_say() {
    assert_eq!(ProtocolError::ExpectedBulk(b'$').to_string(), "Protocol error: expected '$', got '$'");
    assert_eq!(ProtocolError::ExpectedBulk(0xff).to_string(), "Protocol error: expected '$', got '\\xff'");
}
