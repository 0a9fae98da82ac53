//! Streams.

use super::Writer;
use crate::form::Form;
use crate::read::{NEVER, UNKNOWN};
use ds::value::Stream;
use ds::value::stream::{Consumer, Group, StreamId};

pub(super) fn write(to: &mut Writer<'_>, stream: &Stream) {
    let log = stream.log();
    to.byte(if to.is_newest() { Form::STREAM_3 } else { Form::STREAM_2 });
    to.len(log.node_count() as u64);
    for (master, pack) in log.nodes() {
        to.blob(&bytes_of(master));
        to.blob(pack.bytes());
    }
    to.len(log.len());
    for id in [log.last_id(), log.first_id(), log.max_deleted_id()] {
        write_id(to, id);
    }
    to.len(log.entries_added());
    to.len(stream.groups().len() as u64);
    stream.groups().for_each(|group| write_group(to, group));
}

fn write_group(to: &mut Writer<'_>, group: &Group) {
    to.blob(group.name());
    write_id(to, group.last_id());
    to.len(group.entries_read().unwrap_or(UNKNOWN));
    to.len(group.pending_len() as u64);
    for (id, pending) in group.pending_from(StreamId::MIN) {
        to.bytes(&bytes_of(id));
        to.bytes(&pending.time.to_le_bytes());
        to.len(pending.count);
    }
    to.len(group.consumers().len() as u64);
    group.consumers().for_each(|consumer| write_consumer(to, consumer));
}

fn write_consumer(to: &mut Writer<'_>, consumer: &Consumer) {
    to.blob(consumer.name());
    to.bytes(&consumer.seen().to_le_bytes());
    if to.is_newest() {
        to.bytes(&consumer.active().unwrap_or(NEVER).to_le_bytes());
    }
    to.len(consumer.pending_len() as u64);
    for id in consumer.pending_from(StreamId::MIN) {
        to.bytes(&bytes_of(id));
    }
}

fn write_id(to: &mut Writer<'_>, id: StreamId) {
    to.len(id.ms);
    to.len(id.seq);
}

/// An id as it orders nodes: big-endian.
fn bytes_of(id: StreamId) -> [u8; 16] {
    (u128::from(id.ms) << 64 | u128::from(id.seq)).to_be_bytes()
}
