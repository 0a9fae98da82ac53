//! Failure detection: silence makes a suspect, a majority makes a failure, an answer ends both.

use crate::compose;
use crate::core::Core;
use crate::event::Level;
use crate::node::Report;
use crate::node_table::NodeKey;
use crate::recorder::What;
use crate::wire::NodeFlags;
use base::NodeId;
use std::time::Duration;

/// A report lives this many node timeouts.
const REPORT_LIFE: u64 = 2;
/// A failed primary with slots that answers again is forgiven after this many node timeouts.
const UNDO_AFTER: u64 = 2;

/// `by` says that it cannot reach `key`.
pub(crate) fn report(core: &mut Core, key: NodeKey, by: NodeKey) {
    if key == by || core.nodes[key].is_failed() {
        return;
    }
    let at = core.now.mono;
    let node = &mut core.nodes[key];
    match node.reports.iter_mut().find(|r| r.by == by) {
        Some(report) => report.at = at,
        None => {
            node.reports.push(Report { by, at });
            let (id, human) = (node.id, node.human());
            let by = &core.nodes[by];
            let text =
                format!("Node {} ({}) reported node {id} ({human}) as not reachable.", by.id, by.human());
            let by = by.id;
            core.log(Level::Verbose, text);
            core.record(What::Reported, Some(id), [("by", by.into())]);
        }
    }
    evaluate(core, key);
}

/// `by` reaches `key`, whatever it said before.
pub(crate) fn withdraw(core: &mut Core, key: NodeKey, by: NodeKey) {
    // Asked for every line of gossip, and nearly always idle.
    if core.nodes[key].reports.is_empty() {
        return;
    }
    expire_reports(core, key);
    let node = &mut core.nodes[key];
    let before = node.reports.len();
    node.reports.retain(|r| r.by != by);
    if node.reports.len() != before {
        let (id, human) = (node.id, node.human());
        let by = &core.nodes[by];
        let text = format!("Node {} ({}) reported node {id} ({human}) is back online.", by.id, by.human());
        let by = by.id;
        core.log(Level::Verbose, text);
        core.record(What::ReportWithdrawn, Some(id), [("by", by.into())]);
    }
}

fn expire_reports(core: &mut Core, key: NodeKey) {
    let life = Duration::from_micros(core.settings.timeout_us().saturating_mul(REPORT_LIFE));
    let now = core.now.mono;
    core.nodes[key].reports.retain(|r| now.since(r.at) <= life);
}

/// Reports that still count.
pub(crate) fn report_count(core: &mut Core, key: NodeKey) -> usize {
    expire_reports(core, key);
    core.nodes[key].reports.len()
}

/// Nothing was heard for the node timeout.
pub(crate) fn suspect(core: &mut Core, key: NodeKey) {
    let node = &mut core.nodes[key];
    node.flags.insert(NodeFlags::PFAIL);
    let (id, human) = (node.id, node.human());
    core.nodes.suspects += 1;
    core.todo.update_state = true;
    core.view_changed();
    let now = core.now.mono;
    let silent = |at: base::Mono| now.since(at).as_millis() as u64;
    let silent_ms = core.nodes[key].data_received.map_or(0, silent);
    let reports = core.nodes[key].reports.len() as u64;
    core.record(What::Suspected, Some(id), [("silent-ms", silent_ms.into()), ("reports", reports.into())]);
    if core.nodes.me().votes() {
        evaluate(core, key);
    } else {
        core.log(Level::Notice, format!("NODE {id} ({human}) possibly failing."));
    }
}

/// Turns a suspect into a failure if a majority of the primaries with slots agrees.
pub(crate) fn evaluate(core: &mut Core, key: NodeKey) {
    let node = &core.nodes[key];
    if !node.is(NodeFlags::PFAIL) || node.is_failed() {
        return;
    }
    let needed = core.health.size / 2 + 1;
    let votes = report_count(core, key) + usize::from(core.nodes.me().votes());
    if votes < needed {
        return;
    }
    let (id, human) = (core.nodes[key].id, core.nodes[key].human());
    core.log(Level::Notice, format!("Marking node {id} ({human}) as failing (quorum reached)."));
    mark(core, key, &format!("{votes} of {} primaries do not reach it", core.health.size));
    compose::broadcast_fail(core, id);
}

/// The mark itself, and why.
pub(crate) fn mark(core: &mut Core, key: NodeKey, why: &str) {
    core.record(What::Failed, Some(core.nodes[key].id), [("reason", why.into())]);
    let now = core.now.mono;
    let node = &mut core.nodes[key];
    node.flags.remove(NodeFlags::PFAIL);
    node.flags.insert(NodeFlags::FAIL);
    node.fail_time = now;
    core.todo.update_state = true;
    core.save_soon();
    core.view_changed();
}

/// Another node found a majority.
pub(crate) fn told(core: &mut Core, sender: Option<NodeKey>, sender_id: NodeId, failed: NodeId) {
    let Some(sender) = sender else {
        let text = format!("Ignoring FAIL message from unknown node {sender_id} about {failed}");
        core.log(Level::Notice, text);
        return;
    };
    let Some(key) = core.nodes.find(&failed) else { return };
    if key == core.nodes.myself || core.nodes[key].is_failed() {
        return;
    }
    let (by, about) = (core.nodes[sender].human(), core.nodes[key].human());
    let text = format!("FAIL message received from {sender_id} ({by}) about {failed} ({about})");
    core.log(Level::Notice, text);
    let sender = core.nodes[sender].id;
    mark(core, key, &format!("node {sender} found a quorum"));
}

/// It answered on our own link.
pub(crate) fn answered(core: &mut Core, key: NodeKey) {
    let now = core.now.mono;
    let node = &mut core.nodes[key];
    node.pong_received = Some(now);
    node.ping_sent = None;
    if node.put(NodeFlags::PFAIL, false) {
        let id = node.id;
        core.record(What::Cleared, Some(id), []);
        core.nodes.suspects = core.nodes.suspects.saturating_sub(1);
        core.todo.update_state = true;
        core.save_soon();
        core.view_changed();
    } else if node.is_failed() {
        undo(core, key);
    }
}

/// A primary with slots waits: a replica may be about to take them.
fn undo(core: &mut Core, key: NodeKey) {
    let node = &core.nodes[key];
    let long_ago = core.now.mono.since(node.fail_time)
        > Duration::from_micros(core.settings.timeout_us().saturating_mul(UNDO_AFTER));
    let why = match (node.is_replica(), node.slots.is_empty()) {
        (true, _) => "replica is reachable again.",
        (false, true) => "primary without slots is reachable again.",
        (false, false) if long_ago => "is reachable again and nobody is serving its slots after some time.",
        (false, false) => return,
    };
    let text = format!("Clear FAIL state for node {} ({}): {why}", node.id, node.human());
    core.log(Level::Notice, text);
    let failed_ms = core.now.mono.since(core.nodes[key].fail_time).as_millis() as u64;
    let fields = [("after-ms", failed_ms.into()), ("reason", why.into())];
    core.record(What::Recovered, Some(core.nodes[key].id), fields);
    core.nodes[key].flags.remove(NodeFlags::FAIL | NodeFlags::MY_PRIMARY_FAIL);
    core.todo.update_state = true;
    core.save_soon();
    core.view_changed();
}
