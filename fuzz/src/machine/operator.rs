//! What an operator asks of the node. Refusals are as good as success.

use arbitrary::{Result, Unstructured};
use cluster::{SetSlot, SlotKeys, Verify};

use super::bench::Bench;
use crate::packets::{epoch, slots, text};

pub(super) fn act(bench: &mut Bench, u: &mut Unstructured<'_>) -> Result<()> {
    match u.arbitrary::<u8>()? % 18 {
        0 => {
            let (ip, port) = (text(u)?, u.arbitrary::<u16>()?.to_string());
            let _ = bench.call(|m, now| m.meet(ip.as_bytes(), port.as_bytes(), None, "fuzz", now));
        }
        1 | 2 => {
            let id = bench.cast.id(u)?;
            let _ = bench.call(|m, now| m.forget(id.as_bytes(), "fuzz", now));
        }
        3 => reset(bench, u)?,
        4..=7 => own(bench, u)?,
        8 | 9 => open(bench, u)?,
        10 => {
            let epoch = epoch(u)?.to_string();
            let _ = bench.call(|m, now| m.set_config_epoch(epoch.as_bytes(), now));
        }
        11 => {
            bench.call(|m, now| m.bump_epoch(now));
        }
        12 => links(bench, u)?,
        13 => settings(bench, u)?,
        14 => {
            let with_keys = slots(u)?;
            let _ = bench.call(|m, now| m.adopt_slots(&with_keys, now));
        }
        15 => {
            let (sharded, message) = (u.arbitrary()?, u.bytes(u.len().min(30))?);
            let _ = bench.call(|m, now| m.publish(sharded, b"channel", message, now));
        }
        16 => {
            let to = if u.arbitrary()? { Some(bench.cast.id(u)?) } else { None };
            let _ = bench.call(|m, now| m.send_module(to, *b"moduleid", 7, b"payload", now));
        }
        _ => {
            let id = bench.cast.id(u)?;
            let _ = bench.call(|m, now| m.count_failure_reports(id.as_bytes(), now));
            let _ = bench.machine.replicas(id.as_bytes(), Default::default());
            bench.call(|m, now| m.save_config(now));
        }
    }
    Ok(())
}

fn reset(bench: &mut Bench, u: &mut Unstructured<'_>) -> Result<()> {
    let hard = u.arbitrary()?;
    if bench.call(|m, now| m.reset(hard, 0, "fuzz", now)).is_ok() {
        bench.cast.ids[0] = bench.machine.my_id();
        if hard {
            bench.forget_promises();
        }
    }
    Ok(())
}

fn own(bench: &mut Bench, u: &mut Unstructured<'_>) -> Result<()> {
    let (first, len, verb) = (u.arbitrary::<u16>()? % 600, u.arbitrary::<u8>()?, u.arbitrary::<u8>()?);
    let bounds = [first.to_string(), (first + u16::from(len) * 60).to_string()];
    let args = [bounds[0].as_bytes(), bounds[1].as_bytes()];
    let _ = bench.call(|m, now| match verb % 5 {
        0 => m.add_slots(&args, now),
        1 => m.del_slots(&args, now),
        2 => m.add_slots_range(&args, now),
        3 => m.del_slots_range(&args, now),
        _ => m.flush_slots(0, now),
    });
    Ok(())
}

/// SETSLOT, mostly of a slot that is worth it.
fn open(bench: &mut Bench, u: &mut Unstructured<'_>) -> Result<()> {
    let id = bench.cast.id(u)?;
    let slot = (u.arbitrary::<u16>()? % 400).to_string();
    let keys = SlotKeys { in_slot: u64::from(u.arbitrary::<u8>()? % 2) };
    let action = match u.arbitrary::<u8>()? % 4 {
        0 => SetSlot::Migrating(id.as_bytes()),
        1 => SetSlot::Importing(id.as_bytes()),
        2 => SetSlot::Stable,
        _ => SetSlot::Node(id.as_bytes()),
    };
    let _ = bench.call(|m, now| m.set_slot(slot.as_bytes(), action, keys, now));
    Ok(())
}

fn links(bench: &mut Bench, u: &mut Unstructured<'_>) -> Result<()> {
    let id = bench.cast.id(u)?;
    let direction = [&b"to"[..], b"from", b"all", b"x"][usize::from(u.arbitrary::<u8>()? % 4)];
    let _ = bench.call(|m, now| m.kill_links(direction, id.as_bytes(), now));
    if let Some(link) = bench.up.first().copied() {
        bench.machine.set_backlog(link, usize::from(u.arbitrary::<u16>()?));
    }
    Ok(())
}

fn settings(bench: &mut Bench, u: &mut Unstructured<'_>) -> Result<()> {
    let mut settings = bench.settings.clone();
    match u.arbitrary::<u8>()? % 9 {
        0 => settings.announce_ip = text(u)?.to_string(),
        1 => settings.announce_hostname = "b.example".to_string(),
        2 => settings.announce_human_nodename = text(u)?.to_string(),
        3 => settings.node_timeout_ms = 100 + u64::from(u.arbitrary::<u16>()?),
        4 => settings.replica_no_failover = u.arbitrary()?,
        5 => settings.announce_bus_port = u.arbitrary()?,
        6 => {
            settings.bus_verify =
                [Verify::Off, Verify::Warn, Verify::Strict][usize::from(u.arbitrary::<u8>()? % 3)]
        }
        7 => settings.blacklist_ttl_s = u.arbitrary()?,
        _ => settings.gossip_percent = 1 + u64::from(u.arbitrary::<u8>()? % 100),
    }
    bench.settings = settings.clone();
    bench.call(|m, now| m.update_settings(settings, now));
    Ok(())
}
