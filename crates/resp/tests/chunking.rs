//! However a stream is cut, the requests in it are the same; what one side writes, the other reads.

use proptest::prelude::*;
use resp::client::{Decoder, DecoderLimits, Value, encode_command};
use resp::{Args, Limits, Parsed, Parser, Proto, ProtocolError, Reply};

const LIMITS: Limits = Limits { bulk_max: 1 << 20, unauthenticated: false };

type Requests = Vec<Vec<Vec<u8>>>;

/// Feeds the stream in chunks of the given sizes, over and over; consumed bytes are dropped when `compact` says so.
fn parse(
    stream: &[u8],
    chunks: &[usize],
    compact: &[bool],
    limits: &Limits,
) -> (Requests, Option<ProtocolError>) {
    let (mut parser, mut buf, mut pos) = (Parser::new(), Vec::new(), 0);
    let (mut spans, mut requests) = (Vec::new(), Vec::new());
    let (mut rest, mut step) = (stream, 0);
    loop {
        loop {
            spans.clear();
            match parser.next(&mut buf, &mut pos, &mut spans, limits) {
                Ok(Parsed::Request) => {
                    assert!(!spans.is_empty());
                    requests.push(Args::new(&buf, &spans).iter().map(<[u8]>::to_vec).collect());
                }
                Ok(Parsed::Empty) => assert!(spans.is_empty()),
                Ok(Parsed::Incomplete) => {
                    assert!(spans.is_empty());
                    break;
                }
                Err(error) => return (requests, Some(error)),
            }
        }
        if rest.is_empty() {
            return (requests, None);
        }
        if compact[step % compact.len()] {
            buf.drain(..pos);
            pos = 0;
        }
        let (chunk, after) = rest.split_at(chunks[step % chunks.len()].min(rest.len()));
        buf.extend_from_slice(chunk);
        (rest, step) = (after, step + 1);
    }
}

fn request() -> impl Strategy<Value = Vec<u8>> {
    let arg = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..12),
        prop::collection::vec(any::<u8>(), 90..120),
        Just(vec![b'x'; 1000]),
    ];
    let multibulk = prop::collection::vec(arg, 1..12).prop_map(|args| {
        let mut out = Vec::new();
        encode_command(&mut out, &args);
        out
    });
    prop_oneof![
        8 => multibulk,
        3 => "[a-z ]{0,10}( \"[a-z\\\\ ]{0,5}\\\\n\"| '[a-z]*')?\r?\n".prop_map(String::into_bytes),
        1 => Just(b"*0\r\n".to_vec()),
        1 => Just(b"*-3\r\n".to_vec()),
    ]
}

fn stream() -> impl Strategy<Value = Vec<u8>> {
    let flip = (any::<prop::sample::Index>(), prop::sample::select(b"\r\n$*0123456789-+\"'\0x".to_vec()));
    (prop::collection::vec(request(), 0..8), prop::collection::vec(flip, 0..3)).prop_map(
        |(requests, flips)| {
            let mut stream = requests.concat();
            for (at, byte) in flips {
                if !stream.is_empty() {
                    let at = at.index(stream.len());
                    stream[at] = byte;
                }
            }
            stream
        },
    )
}

proptest! {
    #[test]
    fn chunks_do_not_matter(
        stream in stream(),
        chunks in prop::collection::vec(1usize..200, 1..5),
        compact in prop::collection::vec(any::<bool>(), 1..4),
        unauthenticated: bool,
    ) {
        let limits = Limits { unauthenticated, ..LIMITS };
        let whole = parse(&stream, &[usize::MAX], &[true], &limits);
        prop_assert_eq!(&parse(&stream, &[1], &[true], &limits), &whole);
        prop_assert_eq!(&parse(&stream, &chunks, &compact, &limits), &whole);
    }

    #[test]
    fn commands_go_through(commands in prop::collection::vec(prop::collection::vec(any::<Vec<u8>>(), 1..5), 0..5)) {
        let mut stream = Vec::new();
        for command in &commands {
            encode_command(&mut stream, command);
        }
        prop_assert_eq!(parse(&stream, &[7], &[false], &LIMITS), (commands, None));
    }

    #[test]
    fn replies_go_through(value in value(), chunk in 1usize..20, attribute: bool) {
        for proto in [Proto::Resp2, Proto::Resp3] {
            let mut out = Vec::new();
            let mut reply = Reply::new(&mut out, proto);
            if attribute && reply.attribute(1) {
                reply.simple("key");
                reply.int(1);
            }
            write(&mut reply, &value);
            let mut decoder = Decoder::new(DecoderLimits::default());
            let mut read = Vec::new();
            for bytes in out.chunks(chunk) {
                prop_assert_eq!(read.len(), 0);
                decoder.push(bytes);
                while let Some(value) = decoder.next().expect("well formed") {
                    read.push(value);
                }
            }
            prop_assert_eq!(read, vec![if proto == Proto::Resp3 { value.clone() } else { flat(&value) }]);
            prop_assert!(decoder.remaining().is_empty());
        }
    }

    #[test]
    fn any_bytes_end(bytes: Vec<u8>) {
        parse(&bytes, &[3], &[true], &LIMITS);
        let mut decoder = Decoder::new(DecoderLimits::default());
        decoder.push(&bytes);
        while let Ok(Some(_)) = decoder.next() {}
    }
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        "[a-z ]*".prop_map(|s| Value::Simple(s.into_bytes())),
        "[A-Z]{3,5} [a-z ]*[a-z]".prop_map(|s| Value::Error(s.into_bytes())),
        any::<i64>().prop_map(Value::Int),
        any::<Vec<u8>>().prop_map(Value::Bulk),
        Just(Value::Null),
        any::<f64>().prop_filter("not equal to itself", |d| !d.is_nan()).prop_map(Value::Double),
        any::<bool>().prop_map(Value::Bool),
        "-?[1-9][0-9]{20,30}".prop_map(|s| Value::BigNumber(s.into_bytes())),
        any::<Vec<u8>>().prop_map(|text| Value::Verbatim { format: *b"txt", text }),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::Set),
            prop::collection::vec((inner.clone(), inner), 0..4).prop_map(Value::Map),
        ]
    })
}

fn write(reply: &mut Reply<'_>, value: &Value) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("generated as text");
    match value {
        Value::Simple(s) => reply.simple(&text(s)),
        Value::Error(s) => reply.error(&format!("-{}", text(s))),
        Value::Int(n) => reply.int(*n),
        Value::Bulk(bytes) => reply.bulk(bytes),
        Value::Null => reply.null(),
        Value::Array(items) => {
            let mark = reply.array_later();
            items.iter().for_each(|item| write(reply, item));
            reply.set_array_len(mark, items.len());
        }
        Value::Set(items) => {
            reply.set(items.len());
            items.iter().for_each(|item| write(reply, item));
        }
        Value::Push(items) => {
            reply.push(items.len());
            items.iter().for_each(|item| write(reply, item));
        }
        Value::Map(pairs) => {
            let mark = reply.array_later();
            for (key, value) in pairs {
                write(reply, key);
                write(reply, value);
            }
            reply.set_map_len(mark, pairs.len());
        }
        Value::Double(d) => reply.double(*d),
        Value::Bool(b) => reply.bool(*b),
        Value::BigNumber(digits) => reply.big_number(&text(digits)),
        Value::Verbatim { text, .. } => reply.verbatim("txt", text),
    }
}

/// What RESP2 makes of a value.
fn flat(value: &Value) -> Value {
    match value {
        Value::Array(items) | Value::Set(items) | Value::Push(items) => {
            Value::Array(items.iter().map(flat).collect())
        }
        Value::Map(pairs) => Value::Array(pairs.iter().flat_map(|(k, v)| [flat(k), flat(v)]).collect()),
        Value::Double(d) => {
            let mut text = Vec::new();
            base::num::format_f64(&mut text, *d);
            Value::Bulk(text)
        }
        Value::Bool(b) => Value::Int(i64::from(*b)),
        Value::BigNumber(digits) => Value::Bulk(digits.clone()),
        Value::Verbatim { text, .. } => Value::Bulk(text.clone()),
        other => other.clone(),
    }
}
