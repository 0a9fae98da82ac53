//! Slots given and taken. These run with the whole keyspace: no command acts on the old owners afterwards.

use super::{enabled_control, operate};
use crate::dispatch::{ControlCall, Flow, Held};
use base::Slot;
use cluster::Cluster;
use cluster::{Refused, SetSlot, SlotKeys};

fn with_words(
    call: &mut ControlCall<'_, '_>,
    act: impl FnOnce(&mut Cluster, &[&[u8]], base::Now) -> Result<(), Refused>,
) -> Flow {
    let words: Vec<&[u8]> = call.args.sub(2).iter().collect();
    let now = call.core.now;
    operate(call, |cluster| act(cluster, &words, now))
}

pub fn addslots(call: &mut ControlCall<'_, '_>) -> Flow {
    with_words(call, Cluster::add_slots)
}

pub fn delslots(call: &mut ControlCall<'_, '_>) -> Flow {
    with_words(call, Cluster::del_slots)
}

pub fn addslotsrange(call: &mut ControlCall<'_, '_>) -> Flow {
    if call.args.len() % 2 == 1 {
        call.out.error("wrong number of arguments for 'cluster|addslotsrange' command");
        return Flow::Next;
    }
    with_words(call, Cluster::add_slots_range)
}

pub fn delslotsrange(call: &mut ControlCall<'_, '_>) -> Flow {
    if call.args.len() % 2 == 1 {
        call.out.error("wrong number of arguments for 'cluster|delslotsrange' command");
        return Flow::Next;
    }
    with_words(call, Cluster::del_slots_range)
}

pub fn flushslots(call: &mut ControlCall<'_, '_>) -> Flow {
    let (keys, now) = (call.core.key_count(), call.core.now);
    operate(call, |cluster| cluster.flush_slots(keys, now))
}

pub fn setslot(call: &mut ControlCall<'_, '_>) -> Flow {
    if !enabled_control(call) {
        return Flow::Next;
    }
    let now = call.core.now;
    let words: Vec<&[u8]> = call.args.sub(2).iter().collect();
    let slot = base::num::parse_i64(words[0]).and_then(|n| u16::try_from(n).ok()).and_then(Slot::new);
    let databases = call.core.shared.keyspace.databases();
    let in_slot = match (&call.held, slot) {
        (Held::Access(access), Some(slot)) => {
            (0..databases).map(|db| access.count_in_slot(db, slot) as u64).sum()
        }
        _ => 0,
    };
    let action = match (&words[1].to_ascii_lowercase()[..], words.get(2), words.len()) {
        (b"migrating", Some(node), 3) => SetSlot::Migrating(node),
        (b"importing", Some(node), 3) => SetSlot::Importing(node),
        (b"stable", None, 2) => SetSlot::Stable,
        (b"node", Some(node), 3) => SetSlot::Node(node),
        _ => {
            call.out.error("Invalid CLUSTER SETSLOT action or number of arguments. Try CLUSTER HELP");
            return Flow::Next;
        }
    };
    operate(call, |cluster| cluster.set_slot(words[0], action, SlotKeys { in_slot }, now))
}
