//! Replies as one line of text.

use super::Heard;
use node::journal::{Reader, Unit};
use resp::client::{Decoder, DecoderLimits, Value};

/// Longest string shown in full, in bytes.
const TEXT_BYTES_MAX: usize = 300;

/// What a client noticed.
pub fn heard(heard: &Heard) -> String {
    match heard {
        Heard::Reply(reply) => value(reply),
        Heard::Garbage(why) => format!("(garbage: {why})"),
        Heard::Closed => "(closed)".into(),
    }
}

/// What a reader is sent of a unit, of which nobody knows the database.
pub fn unit(unit: &Unit, reader: Reader) -> String {
    let (mut bytes, mut decoder) = (Vec::new(), Decoder::new(DecoderLimits::default()));
    unit.write(reader, &mut None, &mut bytes);
    decoder.push(&bytes);
    let mut requests = Vec::new();
    while let Ok(Some(Value::Array(words))) = decoder.next() {
        let words =
            words.iter().map(|word| if let Value::Bulk(word) = word { text(word) } else { value(word) });
        requests.push(words.collect::<Vec<_>>().join(" "));
    }
    if requests.is_empty() { "(nothing)".into() } else { requests.join(" | ") }
}

fn value(value: &Value) -> String {
    match value {
        Value::Simple(bytes) => format!("+{}", text(bytes)),
        Value::Error(bytes) => format!("-{}", text(bytes)),
        Value::Int(n) => format!(":{n}"),
        Value::Bulk(bytes) => format!("\"{}\"", text(bytes)),
        Value::Null => "nil".into(),
        Value::Array(items) => format!("[{}]", list(items)),
        Value::Set(items) => format!("~[{}]", list(items)),
        Value::Push(items) => format!(">[{}]", list(items)),
        Value::Map(pairs) => {
            let pairs: Vec<String> =
                pairs.iter().map(|(k, v)| format!("{}: {}", self::value(k), self::value(v))).collect();
            format!("{{{}}}", pairs.join(", "))
        }
        Value::Double(x) => format!(",{x}"),
        Value::Bool(b) => format!("#{b}"),
        Value::BigNumber(digits) => format!("({}", text(digits)),
        Value::Verbatim { text: bytes, .. } => format!("=\"{}\"", text(bytes)),
    }
}

fn list(items: &[Value]) -> String {
    items.iter().map(value).collect::<Vec<_>>().join(", ")
}

fn text(bytes: &[u8]) -> String {
    if bytes.len() > TEXT_BYTES_MAX {
        return format!("{}… {} bytes", bytes[..20].escape_ascii(), bytes.len());
    }
    bytes.escape_ascii().to_string().replace("\\\"", "\"").replace("\\'", "'")
}
