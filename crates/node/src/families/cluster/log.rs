//! CLUSTER LOG: the flight recorder, told.

use super::enabled_control;
use crate::dispatch::{ControlCall, Flow};
use base::num::parse_i64;
use cluster::{Record, Value};
use resp::{Args, Reply};

/// Records told when nothing else is asked for.
const COUNT_DEFAULT: usize = 100;

/// Which records.
struct Wanted {
    count: usize,
    since_ms: u64,
}

pub fn log(call: &mut ControlCall<'_, '_>) -> Flow {
    if !enabled_control(call) {
        return Flow::Next;
    }
    let wanted = match wanted(&call.args) {
        Ok(wanted) => wanted,
        Err(error) => {
            call.out.error(error);
            return Flow::Next;
        }
    };
    let records = call.state.cluster.iter().flat_map(|cluster| cluster.records());
    // A clock that was put back leaves later times behind earlier ones: all are looked at.
    let records = records.filter(|record| record.unix_ms >= wanted.since_ms).take(wanted.count);
    let records: Vec<&Record> = records.collect();
    call.out.array(records.len());
    for record in records {
        tell(call.out, record);
    }
    Flow::Next
}

fn wanted(args: &Args<'_>) -> Result<Wanted, &'static str> {
    let (mut count, mut since) = (None, None);
    let mut at = 2;
    while at < args.len() {
        let Some(value) = args.get(at + 1) else { return Err("syntax error") };
        let number = || parse_i64(value).ok_or("value is not an integer or out of range");
        match args[at].to_ascii_lowercase().as_slice() {
            b"count" if count.is_none() => count = Some(number()?),
            b"since" if since.is_none() => since = Some(number()?),
            _ => return Err("syntax error"),
        }
        at += 2;
    }
    let count = match count {
        Some(-1) => usize::MAX,
        Some(count) => usize::try_from(count).map_err(|_| "count should be greater than or equal to -1")?,
        None if since.is_some() => usize::MAX,
        None => COUNT_DEFAULT,
    };
    let since_ms = u64::try_from(since.unwrap_or(0)).map_err(|_| "the time must not be negative")?;
    Ok(Wanted { count, since_ms })
}

/// One record as a map: the first five names are always there, those of its kind follow.
fn tell(out: &mut Reply<'_>, record: &Record) {
    out.map(5 + record.fields.len());
    out.bulk(b"id");
    out.int(record.id as i64);
    out.bulk(b"time");
    out.int(record.unix_ms as i64);
    out.bulk(b"event");
    out.bulk(record.what.name().as_bytes());
    out.bulk(b"node");
    out.bulk(record.node.as_ref().map_or(&b""[..], |node| node.as_bytes()));
    out.bulk(b"times");
    out.int(record.times as i64);
    for (name, value) in &record.fields {
        out.bulk(name.as_bytes());
        match value {
            Value::Number(number) => out.int(i64::try_from(*number).unwrap_or(i64::MAX)),
            Value::Node(node) => out.bulk(node.as_bytes()),
            Value::Text(text) => out.bulk(text.as_bytes()),
        }
    }
}
