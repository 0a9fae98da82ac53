//! Failure detection: silence makes a suspect, a majority makes a failure, an answer ends both.

use crate::compose;
use crate::core::Core;
use crate::event::Level;
use crate::node::Report;
use crate::node_table::NodeKey;
use crate::recorder::What;
use crate::refusal::Refusal;
use crate::verify::{self, Said, Word};
use crate::wire::NodeFlags;
use base::{Mono, NodeId};
use std::collections::BTreeMap;
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

fn has_quorum(core: &mut Core, key: NodeKey) -> bool {
    let needed = core.health.size / 2 + 1;
    report_count(core, key) + usize::from(core.nodes.me().votes()) >= needed
}

/// Turns a suspect into a failure if a majority of the primaries with slots agrees.
pub(crate) fn evaluate(core: &mut Core, key: NodeKey) {
    let node = &core.nodes[key];
    if node.is_failed() || !(node.is(NodeFlags::PFAIL) && has_quorum(core, key) || is_convicted(core, key)) {
        return;
    }
    let (id, human) = (core.nodes[key].id, core.nodes[key].human());
    core.log(Level::Notice, format!("Marking node {id} ({human}) as failing (quorum reached)."));
    let votes = report_count(core, key)
        + usize::from(core.nodes[key].is(NodeFlags::PFAIL) && core.nodes.me().votes());
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
    core.accused.remove(&key);
    core.todo.update_state = true;
    core.save_soon();
    core.view_changed();
}

/// Another node found a majority, or says so.
pub(crate) fn told(core: &mut Core, sender: Option<NodeKey>, sender_id: NodeId, failed: NodeId, said: Said) {
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
    if said.word == Word::Doubted {
        doubt(core, sender, key, said);
    } else if answers(core, key) {
        accuse(core, sender, key, said);
    } else {
        let said = said.by();
        let text = format!("FAIL message received from {sender_id} ({by}) about {failed} ({about}){said}");
        core.log(Level::Notice, text);
        mark(core, key, &format!("node {sender_id} found a quorum"));
    }
}

/// Whether it answered us ourselves within half the node timeout.
fn answers(core: &Core, key: NodeKey) -> bool {
    let node = &core.nodes[key];
    let half = Duration::from_micros(core.settings.timeout_us() / 2);
    node.answered_at != Mono(0) && core.now.mono.since(node.answered_at) <= half
}

/// A node's word that another, which answers us, has failed.
#[derive(Clone, Copy)]
pub(crate) struct Accusation {
    at: Mono,
    by: NodeId,
    said: Said,
}

/// The nodes accused.
pub(crate) type Accused = BTreeMap<NodeKey, Accusation>;

/// One node's word against what we see: it is a report like any other, and a quorum of reports decides. Should the
/// accused fall silent meanwhile, the word was right.
fn accuse(core: &mut Core, sender: NodeKey, key: NodeKey, said: Said) {
    core.refuse(Refusal::LoneFail, Level::Warning, |core| {
        let (by, about) = (&core.nodes[sender], &core.nodes[key]);
        format!(
            "Node {} ({}) says that node {} ({}) has failed, which answers us: waiting for a quorum{}",
            by.id,
            by.human(),
            about.id,
            about.human(),
            said.by()
        )
    });
    let by = core.nodes[sender].id;
    core.accused.entry(key).or_insert(Accusation { at: core.now.mono, by, said });
    if core.nodes[sender].votes() {
        report(core, key, sender);
    }
    verify::ask(core, key);
}

/// Where claims must be confirmed, one node's word about another cannot be: it is a report against a node that we
/// suspect ourselves, and nothing against any other.
fn doubt(core: &mut Core, sender: NodeKey, key: NodeKey, said: Said) {
    core.refuse(Refusal::LoneFail, Level::Warning, |core| {
        let (by, about) = (&core.nodes[sender], &core.nodes[key]);
        let (by_human, human) = (by.human(), about.human());
        format!(
            "FAIL message about {} ({human}) not taken from {} ({by_human}){}",
            about.id,
            by.id,
            said.by()
        )
    });
    if core.nodes[key].is(NodeFlags::PFAIL) && core.nodes[sender].votes() {
        report(core, key, sender);
    }
    verify::ask(core, key);
    verify::ask(core, sender);
}

/// Ends accusations: the accused fell silent, or goes on answering for as long as a report lives.
pub(crate) fn weigh_accusations(core: &mut Core) {
    let accused: Vec<(NodeKey, Accusation)> = core.accused.iter().map(|(k, a)| (*k, *a)).collect();
    let life = Duration::from_micros(core.settings.timeout_us().saturating_mul(REPORT_LIFE));
    for (key, accusation) in accused {
        let over = core.nodes[key].is_failed() || core.now.mono.since(accusation.at) > life;
        if over {
            core.accused.remove(&key);
        } else if !answers(core, key) {
            core.accused.remove(&key);
            let (node, by) = (&core.nodes[key], accusation.by);
            let said = accusation.said.by();
            let text = format!(
                "Node {} ({}) does not answer any more, as node {by} said{said}",
                node.id,
                node.human()
            );
            core.log(Level::Notice, text);
            mark(core, key, &format!("node {by} said so, and it fell silent"));
        }
    }
}

/// Whether a quorum says of a node that answers us, and was called failed, that they cannot reach it.
fn is_convicted(core: &mut Core, key: NodeKey) -> bool {
    let needed = core.health.size / 2 + 1;
    core.accused.contains_key(&key) && report_count(core, key) >= needed
}

/// It answered on our own link.
pub(crate) fn answered(core: &mut Core, key: NodeKey) {
    let now = core.now.mono;
    let node = &mut core.nodes[key];
    (node.pong_received, node.answered_at) = (Some(now), now);
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
