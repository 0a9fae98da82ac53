//! The request parser: cut anywhere, it finds the same requests and the same fault.

use resp::{Args, Limits, Parsed, Parser, ProtocolError};

/// Small, so that short inputs reach it.
const BULK_MAX: usize = 300;

type Requests = (Vec<Vec<Vec<u8>>>, Option<ProtocolError>);

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let streams: [&[u8]; 8] = [
        b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$2\r\nvv\r\n*1\r\n$4\r\nPING\r\n",
        b"PING\r\nset k \"a\\x41\\n\" 'b\\''\r\n\r\n",
        b"*0\r\n*-1\r\n*1048577\r\n",
        b"*1\r\n$4294967295\r\n",
        b"*2\r\n$0\r\n\r\n$301\r\n",
        b"*11\r\n$1\r\na\r\n",
        b"*+1\r\n$01\r\nx\r\n",
        b"\"unbalanced\r\n*1\r\n$1\r\nxx\r\n",
    ];
    streams.iter().map(|stream| [&[2, 0][..], stream].concat()).collect()
}

/// The first two bytes say how the rest is cut, and from whom it comes.
pub(crate) fn run(input: &[u8]) {
    let [step, how, stream @ ..] = input else { return };
    let limits = Limits { bulk_max: BULK_MAX, unauthenticated: how & 1 != 0 };
    let whole = parse(stream, usize::MAX, false, limits);
    for (step, compact) in [(usize::from(*step) + 1, how & 2 != 0), (1, how & 2 == 0)] {
        assert_eq!(parse(stream, step, compact, limits), whole, "pieces of {step}");
    }
    let cut = usize::from(*step).min(stream.len());
    let (front, back) = stream.split_at(cut);
    assert_eq!(feed(&[front, back], true, limits), whole, "cut at {cut}");
}

fn parse(stream: &[u8], step: usize, compact: bool, limits: Limits) -> Requests {
    let pieces: Vec<&[u8]> = stream.chunks(step).collect();
    feed(&pieces, compact, limits)
}

/// `compact`: consumed bytes are dropped before more come, as a connection does when its buffer is full.
fn feed(pieces: &[&[u8]], compact: bool, limits: Limits) -> Requests {
    let (mut parser, mut buf, mut pos) = (Parser::new(), Vec::new(), 0);
    let (mut spans, mut requests) = (Vec::new(), Vec::new());
    for piece in pieces {
        if compact {
            buf.drain(..pos);
            pos = 0;
        }
        buf.extend_from_slice(piece);
        loop {
            spans.clear();
            let before = pos;
            match parser.next(&mut buf, &mut pos, &mut spans, &limits) {
                Ok(Parsed::Request) => {
                    assert!(!spans.is_empty() && pos > before && pos <= buf.len());
                    let args = Args::new(&buf, &spans);
                    requests.push(args.iter().map(<[u8]>::to_vec).collect());
                }
                Ok(Parsed::Empty) => assert!(spans.is_empty() && pos > before),
                Ok(Parsed::Incomplete) => {
                    assert!(spans.is_empty() && pos == before);
                    assert!(parser.needed() <= BULK_MAX + 2);
                    break;
                }
                Err(error) => return (requests, Some(error)),
            }
        }
    }
    (requests, None)
}
