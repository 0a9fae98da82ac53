//! Replies as readable text.

use resp::client::{Decoder, DecoderLimits, Value};

/// Items that fit a line of the transcript.
const LINE_MAX: usize = 100;

/// One reply; panics if there is not exactly one.
pub fn reply(bytes: &[u8]) -> String {
    if bytes == b"*-1\r\n" {
        return "nil array".into();
    }
    let mut decoder = Decoder::new(DecoderLimits::default());
    decoder.push(bytes);
    let value = decoder.next().expect("a reply").expect("a whole reply");
    assert!(decoder.remaining().is_empty(), "more than one reply");
    show(&value, 0)
}

fn show(value: &Value, depth: usize) -> String {
    match value {
        Value::Simple(text) => String::from_utf8_lossy(text).into_owned(),
        Value::Error(text) => format!("-{}", String::from_utf8_lossy(text)),
        Value::Int(n) => n.to_string(),
        Value::Bulk(bytes) => String::from_utf8_lossy(&base::tokens::repr(bytes)).into_owned(),
        Value::Null => "nil".into(),
        Value::Array(items) => list("[", items.iter().map(|v| show(v, depth + 1)), "]", depth),
        Value::Set(items) => list("~[", items.iter().map(|v| show(v, depth + 1)), "]", depth),
        Value::Map(pairs) => {
            let pair = |(k, v): &(Value, Value)| format!("{}: {}", show(k, depth + 1), show(v, depth + 1));
            list("{", pairs.iter().map(pair), "}", depth)
        }
        other => format!("{other:?}"),
    }
}

fn list(open: &str, items: impl Iterator<Item = String>, close: &str, depth: usize) -> String {
    let items: Vec<String> = items.collect();
    let line = format!("{open}{}{close}", items.join(", "));
    if line.len() + 2 * depth <= LINE_MAX && !line.contains('\n') {
        return line;
    }
    let indent = "  ".repeat(depth);
    let lines: Vec<String> = items.iter().map(|item| format!("\n{indent}  {item}")).collect();
    format!("{open}{}\n{indent}{close}", lines.join(","))
}
