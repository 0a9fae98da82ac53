//! CLUSTER ADDSLOTS, DELSLOTS, their RANGE forms, FLUSHSLOTS, and slots adopted at start.

use super::{Refused, parse_slot};
use crate::core::Core;
use crate::event::Level;
use base::{Slot, SlotSet};

/// Takes slots that nobody owns: all of them or none.
pub(crate) fn add_slots(core: &mut Core, args: &[&[u8]]) -> Result<(), Refused> {
    let slots = listed(core, args, false)?;
    add(core, &slots);
    Ok(())
}

/// Unassigns slots, whoever owns them: all of them or none.
pub(crate) fn del_slots(core: &mut Core, args: &[&[u8]]) -> Result<(), Refused> {
    let slots = listed(core, args, true)?;
    delete(core, &slots);
    Ok(())
}

/// `args`: pairs of first and last slot. An odd count is the caller's arity error.
pub(crate) fn add_slots_range(core: &mut Core, args: &[&[u8]]) -> Result<(), Refused> {
    let slots = ranges(core, args, false)?;
    add(core, &slots);
    Ok(())
}

/// As [`add_slots_range`].
pub(crate) fn del_slots_range(core: &mut Core, args: &[&[u8]]) -> Result<(), Refused> {
    let slots = ranges(core, args, true)?;
    delete(core, &slots);
    Ok(())
}

/// Drops all my slots.
pub(crate) fn flush_slots(core: &mut Core, keys: u64) -> Result<(), Refused> {
    if keys != 0 {
        return Refused::because("DB must be empty to perform CLUSTER FLUSHSLOTS.");
    }
    let slots = core.nodes.me().slots.clone();
    delete(core, &slots);
    Ok(())
}

/// Slots that hold keys after loading: the unowned become mine. Those of other nodes are returned; their keys must not
/// be served.
pub(crate) fn adopt(core: &mut Core, with_keys: &SlotSet) -> SlotSet {
    let mut foreign = SlotSet::new();
    let me = core.nodes.myself;
    for slot in with_keys.iter() {
        match core.slots.owner(slot) {
            Some(owner) if owner == me => {}
            _ if core.slots.importing.contains_key(&slot) => {}
            Some(_) => {
                foreign.insert(slot);
            }
            None => {
                let text = format!("I have keys for unassigned slot {slot}. Taking responsibility for it.");
                core.log(Level::Notice, text);
                core.slots.assign(&mut core.nodes, slot, me);
                changed(core);
            }
        }
    }
    foreign
}

fn listed(core: &Core, args: &[&[u8]], deleting: bool) -> Result<SlotSet, Refused> {
    let mut slots = SlotSet::new();
    // All must be slots before any is looked up: so the reference orders its errors.
    let parsed: Vec<Slot> = args.iter().map(|text| parse_slot(text)).collect::<Result<_, _>>()?;
    for slot in parsed {
        take(core, slot, deleting, &mut slots)?;
    }
    Ok(slots)
}

fn ranges(core: &Core, args: &[&[u8]], deleting: bool) -> Result<SlotSet, Refused> {
    let mut slots = SlotSet::new();
    let mut pairs: Vec<(Slot, Slot)> = Vec::with_capacity(args.len() / 2);
    for pair in args.chunks_exact(2) {
        let (first, last) = (parse_slot(pair[0])?, parse_slot(pair[1])?);
        if first > last {
            let text = format!("start slot number {first} is greater than end slot number {last}");
            return Refused::because(text);
        }
        pairs.push((first, last));
    }
    for (first, last) in pairs {
        for slot in (first.get()..=last.get()).filter_map(Slot::new) {
            take(core, slot, deleting, &mut slots)?;
        }
    }
    Ok(slots)
}

fn take(core: &Core, slot: Slot, deleting: bool, slots: &mut SlotSet) -> Result<(), Refused> {
    let owned = core.slots.owner(slot).is_some();
    if deleting && !owned {
        return Refused::because(format!("Slot {slot} is already unassigned"));
    }
    if !deleting && owned {
        return Refused::because(format!("Slot {slot} is already busy"));
    }
    if !slots.insert(slot) {
        return Refused::because(format!("Slot {slot} specified multiple times"));
    }
    Ok(())
}

fn add(core: &mut Core, slots: &SlotSet) {
    let me = core.nodes.myself;
    for slot in slots.iter() {
        core.slots.importing.remove(&slot);
        core.slots.assign(&mut core.nodes, slot, me);
    }
    changed(core);
}

fn delete(core: &mut Core, slots: &SlotSet) {
    let me = core.nodes.myself;
    for slot in slots.iter() {
        if core.slots.owner(slot) == Some(me) {
            core.lose_slot(slot, None);
            core.slots.migrating.remove(&slot);
        }
        core.slots.unassign(&mut core.nodes, slot);
    }
    changed(core);
}

fn changed(core: &mut Core) {
    core.want_save();
    core.todo.update_state = true;
    core.view_changed();
}
