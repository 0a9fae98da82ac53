//! Whose word counts. Whoever reaches the bus port can speak in any node's name, as a name is all that a packet has to
//! show. Only on a link that we dialled does a node stand where we look for it. So what is claimed elsewhere is held
//! against what the node itself answers there: before it is taken (`cluster-bus-verify strict`), or after (`warn`).
//!
//! Addresses are not compared: behind NAT and in containers they differ by nature.

mod claim;
mod fence;
mod update;
mod vote;

pub(crate) use fence::fenced;
pub(crate) use update::{allowed as update_allowed, hold as hold_update, taken as update_taken};
pub(crate) use vote::hold as hold_vote;

use crate::core::Core;
use crate::event::{Level, LinkId};
use crate::node_table::NodeKey;
use crate::refusal::Refusal;
use crate::settings::Verify;
use crate::wire::{Body, Extension, Gossip, Header, NodeFlags, PingKind, kind_name};
use crate::{claims, compose, epochs};
use base::{Mono, NodeId};
use claim::{Claim, News, Urgency};
use fence::Fence;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;
use update::Update;
use vote::Vote;

/// Claims in one node's name that wait for its answer, at most.
const CLAIMS_MAX: usize = 8;
/// One node is not asked more often than this because of claims.
const ASK_PAUSE: Duration = Duration::from_millis(100);
/// So long after a node was learnt epochs rise of themselves: newcomers must not share one.
const CROWDED: Duration = Duration::from_secs(5);
/// After this many node timeouts nothing is expected any more.
const PATIENCE: u64 = 2;

/// What the word of a packet is worth.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Word {
    /// It counts: we dialled the link, or nobody wants to know.
    Own,
    /// It counts until the node says otherwise.
    Taken,
    /// Nothing of it counts.
    Doubted,
}

/// Where a word came from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Said {
    pub word: Word,
    pub source: Option<SocketAddr>,
}

impl Said {
    /// For the log: behind the line of something that was done on this word. Nothing if the word is the node's own.
    pub fn by(&self) -> String {
        match (self.word, self.source) {
            (Word::Own, _) | (_, None) => String::new(),
            (_, Some(peer)) => format!(" (said on a link from {peer})"),
        }
    }
}

/// What came on `link`, before it is looked at.
pub(crate) fn said(core: &Core, link: LinkId) -> Said {
    let word = match core.settings.bus_verify {
        _ if link.is_dialled() => Word::Own,
        Verify::Off => Word::Own,
        Verify::Warn => Word::Taken,
        Verify::Strict => Word::Doubted,
    };
    Said { word, source: core.links.get(link).and_then(|l| l.peer) }
}

/// A question on a link that we dialled: its answer is the link's `number`th.
#[derive(Clone, Copy, Debug)]
struct Question {
    link: LinkId,
    number: u32,
}

/// What waits for the word of one node.
#[derive(Default)]
pub(crate) struct Watch {
    claims: Vec<Claim>,
    vote: Option<Vote>,
    update: Option<Update>,
    fence: Option<Fence>,
    /// Not fenced again on its word before.
    fence_again_at: Mono,
    asked_at: Option<Mono>,
    question: Option<Question>,
    updates: update::Rate,
    /// When something new was last said.
    touched: Mono,
}

/// The nodes that are in question.
#[derive(Default)]
pub(crate) struct Doubts {
    watched: BTreeMap<NodeKey, Watch>,
    /// How many of them keep writes from slots of mine.
    fences: usize,
    /// When a node was last asked because the cluster's epoch rose.
    epochs_asked_at: Option<Mono>,
    /// When a node became known.
    learnt_at: Option<Mono>,
}

impl Doubts {
    /// The record is going.
    pub fn forget(&mut self, key: NodeKey) {
        if let Some(watch) = self.watched.remove(&key) {
            self.fences -= usize::from(watch.fence.is_some());
        }
        for watch in self.watched.values_mut() {
            if let Some(update) = &mut watch.update {
                update.senders.retain(|sender| *sender != key);
            }
        }
    }

    /// A node became known.
    pub fn learnt(&mut self, now: Mono) {
        self.learnt_at = Some(now);
    }

    /// Who is in question.
    #[cfg(debug_assertions)]
    pub fn keys(&self) -> impl Iterator<Item = &NodeKey> {
        self.watched.keys()
    }

    fn watch(&mut self, key: NodeKey, now: Mono) -> &mut Watch {
        let watch = self.watched.entry(key).or_default();
        watch.touched = now;
        watch
    }
}

/// A packet of a known node: what its header claims is noted, and the answer says whether it counts.
pub(crate) fn weigh(core: &mut Core, sender: NodeKey, header: &Header, said: Said) -> Word {
    if epochs::jumps(core, sender, header.current_epoch, header.config_epoch) {
        epochs::refuse_jump(core, sender, header.current_epoch.max(header.config_epoch), said);
        return Word::Doubted;
    }
    if said.word == Word::Own {
        return Word::Own;
    }
    let Some((news, urgency)) = News::of(core, sender, header) else { return said.word };
    let strict = said.word == Word::Doubted;
    if strict {
        fence::raise(core, sender, header);
    } else if is_deaf(core, sender) {
        say_one_way(core, sender, said);
    }
    let urgent =
        strict || urgency == Urgency::Power || (urgency == Urgency::Epoch && may_ask_of_epochs(core));
    note(core, sender, Claim::new(news, header, said, core.now.mono, urgent));
    if urgent {
        ask(core, sender);
    }
    said.word
}

/// A crowd of nodes that starts raises the epoch many times a second, and all mean it: of epochs one is asked at a time.
fn may_ask_of_epochs(core: &mut Core) -> bool {
    let now = core.now.mono;
    let crowded = core.doubts.learnt_at.is_some_and(|at| now.since(at) < CROWDED);
    let may = !crowded && core.doubts.epochs_asked_at.is_none_or(|at| now.since(at) >= ASK_PAUSE);
    if may {
        core.doubts.epochs_asked_at = Some(now);
    }
    may
}

/// Our own link to it has been down for half the timeout, and so it cannot be asked.
fn is_deaf(core: &Core, key: NodeKey) -> bool {
    let node = &core.nodes[key];
    let up = node.outbound.is_some_and(|l| core.links.get(l).is_some_and(|l| l.up));
    let half = Duration::from_micros(core.settings.timeout_us() / 2);
    !up && core.now.mono.since(node.answered_at.max(node.created)) > half
}

fn say_one_way(core: &mut Core, key: NodeKey, said: Said) {
    core.refuse(Refusal::Unanswered, Level::Warning, |core| {
        let node = &core.nodes[key];
        format!(
            "Taking what is claimed in the name of node {} ({}) unasked, as our own link to it is down{}",
            node.id,
            node.human(),
            said.by()
        )
    });
}

fn note(core: &mut Core, about: NodeKey, claim: Claim) {
    let now = core.now.mono;
    let next = next_question(core, about);
    let watch = core.doubts.watch(about, now);
    if watch.claims.iter().any(|c| c.same(&claim)) {
        return;
    }
    if watch.claims.len() == CLAIMS_MAX {
        core.refuse(Refusal::Unconfirmed, Level::Warning, |core| {
            claim.line(core, about, "is one of too many")
        });
        return;
    }
    watch.claims.push(claim.awaiting(next));
}

/// The first question that will be put after this moment; `None` if there is no link to put it on.
fn next_question(core: &Core, key: NodeKey) -> Option<Question> {
    let link = core.nodes[key].outbound?;
    Some(Question { link, number: core.links.get(link)?.asked.wrapping_add(1) })
}

/// PINGs the node on the link that we dialled: its answer shows what it really claims. One question at a time.
pub(crate) fn ask(core: &mut Core, key: NodeKey) {
    let now = core.now.mono;
    let Some(next) = next_question(core, key) else { return };
    let link_up = core.links.get(next.link).is_some_and(|l| l.up);
    let answered = core.links.get(next.link).map_or(0, |l| l.answers);
    let watch = core.doubts.watch(key, now);
    let waiting = watch.question.is_some_and(|q| q.link == next.link && !reached(answered, q.number));
    if !link_up || waiting || watch.asked_at.is_some_and(|at| now.since(at) < ASK_PAUSE) {
        return;
    }
    (watch.asked_at, watch.question) = (Some(now), Some(next));
    compose::ping(core, next.link, PingKind::Ping);
}

fn reached(answered: u32, number: u32) -> bool {
    answered.wrapping_sub(number) < u32::MAX / 2
}

/// Whether this PONG on `link` was asked for after the moment that `awaited` stands for.
fn answers(core: &Core, link: LinkId, awaited: Option<Question>) -> bool {
    match awaited {
        // On a link that is younger than the claim, so is every answer.
        None => true,
        Some(question) if question.link != link => true,
        Some(question) => core.links.get(link).is_some_and(|l| reached(l.answers, question.number)),
    }
}

/// The node answered on the link that we dialled, and all that it said is taken: what was said in its name is settled.
pub(crate) fn answered(core: &mut Core, key: NodeKey, link: LinkId, header: &Header) {
    let Some(watch) = core.doubts.watched.get_mut(&key) else { return };
    let claims = std::mem::take(&mut watch.claims);
    let (settled, waiting): (Vec<Claim>, Vec<Claim>) =
        claims.into_iter().partition(|claim| answers(core, link, claim.awaited()));
    let done = waiting.is_empty();
    if let Some(watch) = core.doubts.watched.get_mut(&key) {
        watch.claims = waiting;
    }
    for claim in settled.iter().filter(|claim| !claim.confirmed_by(header)) {
        core.refuse(Refusal::Unconfirmed, claim.level(), |core| {
            claim.line(core, key, "is not what the node itself answers")
        });
    }
    vote::settle(core, key, link, header);
    update::settle(core, key, link);
    if done {
        fence::lower(core, key);
    }
}

/// What could not be settled in time, and what must be asked again.
pub(crate) fn tick(core: &mut Core) {
    let keys: Vec<NodeKey> = core.doubts.watched.keys().copied().collect();
    for key in keys {
        fence::expire(core, key);
        update::expire(core, key);
        expire_claims(core, key);
        let Some(watch) = core.doubts.watched.get_mut(&key) else { continue };
        let waits = !watch.claims.is_empty() || watch.update.is_some() || watch.vote.is_some();
        let patience = Duration::from_micros(core.settings.timeout_us().saturating_mul(PATIENCE));
        if !waits && watch.fence.is_none() && core.now.mono.since(watch.touched) > patience {
            core.doubts.watched.remove(&key);
        } else if waits && watch.claims.iter().all(Claim::is_doubted) {
            ask(core, key);
        }
    }
}

fn expire_claims(core: &mut Core, key: NodeKey) {
    let deaf = is_deaf(core, key);
    let patience = Duration::from_micros(core.settings.timeout_us().saturating_mul(PATIENCE));
    let now = core.now.mono;
    let Some(watch) = core.doubts.watched.get_mut(&key) else { return };
    watch.vote.take_if(|vote| now.since(vote.since) > patience);
    let old = |c: &Claim| now.since(c.since()) > patience || deaf;
    let expired: Vec<Claim> = watch.claims.extract_if(.., |c| old(c)).collect();
    for claim in expired {
        let fate =
            if claim.is_doubted() { "was dropped: the node did not answer" } else { "was never confirmed" };
        core.refuse(Refusal::Unanswered, claim.level(), |core| claim.line(core, key, fate));
    }
}

/// A packet that names a known node came on an unbound link: from now on that is the node's link to us, unless it has
/// one that lives.
pub(crate) fn bind(core: &mut Core, link: LinkId, key: NodeKey) {
    let alive = Duration::from_micros(core.settings.timeout_us());
    let now = core.now.mono;
    let old = core.nodes[key].inbound.and_then(|old| core.links.get(old));
    let lively = old.filter(|l| l.heard_at().is_some_and(|at| now.since(at) <= alive));
    if let Some(first) = lively {
        let (first, second) = (first.peer, core.links.get(link).filter(|l| !l.used).and_then(|l| l.peer));
        // Whoever has just been met may still have a link for each of the ways in which it was.
        let settled = now.since(core.nodes[key].created)
            > Duration::from_micros(core.settings.handshake_timeout_us().saturating_mul(PATIENCE));
        if let (Some(first), Some(second)) = (first, second)
            && settled
            && core.settings.bus_verify != Verify::Off
        {
            core.refuse(Refusal::SecondLink, Level::Warning, |core| {
                let node = &core.nodes[key];
                format!(
                    "A second link, from {second}, speaks in the name of node {} ({}), as does the one from {first}",
                    node.id,
                    node.human()
                )
            });
        }
        if core.settings.bus_verify == Verify::Strict {
            return;
        }
    }
    core.bind_inbound(link, key);
}

/// Whether a packet of a known node may be heard at all. Nodes begin a link with PING or MEET, but for what a Redis had
/// queued while it was connecting; most who begin with something else want to be rid of it and gone.
pub(crate) fn first_word(core: &mut Core, link: LinkId, sender: NodeKey, body: &Body) -> bool {
    let first = core.links.get(link).is_some_and(|l| !l.used);
    if !first
        || link.is_dialled()
        || matches!(body, Body::Ping { .. })
        || core.settings.bus_verify == Verify::Off
    {
        return true;
    }
    let (kind, said) = (kind_name(body.kind()), said(core, link));
    core.refuse(Refusal::FirstWord, Level::Notice, |core| {
        let node = &core.nodes[sender];
        format!(
            "A link begins with a packet of type {kind} in the name of node {} ({}){}",
            node.id,
            node.human(),
            said.by()
        )
    });
    said.word != Word::Doubted
}

/// Whether a message for subscribers may be passed on. Nobody can be asked about it; but where claims must be
/// confirmed, a link that is not the node's own has nothing to publish.
pub(crate) fn may_publish(core: &mut Core, link: LinkId, sender: NodeKey, said: Said) -> bool {
    if said.word != Word::Doubted || core.nodes[sender].inbound == Some(link) {
        return true;
    }
    core.refuse(Refusal::SecondLink, Level::Warning, |core| {
        let node = &core.nodes[sender];
        format!(
            "Dropping a message published in the name of node {} ({}){}",
            node.id,
            node.human(),
            said.by()
        )
    });
    false
}

/// A ping of a known node whose word does not count: if it has anything to tell, the node is asked to tell it where it
/// counts.
pub(crate) fn hear_doubted(
    core: &mut Core,
    sender: NodeKey,
    header: &Header,
    told: &[Gossip],
    list: &[Extension],
) {
    if header.replicaof.is_none() {
        claims::correct(core, sender, &header.slots, header.config_epoch);
    }
    let sick = NodeFlags::PFAIL | NodeFlags::FAIL;
    let now = core.now.mono;
    let tells = told.iter().any(|entry| match core.nodes.find(&entry.node) {
        Some(key) if key == core.nodes.myself => false,
        Some(key) => {
            let node = &core.nodes[key];
            entry.flags.intersects(sick) && !node.is_failed() && node.reports.iter().all(|r| r.by != sender)
        }
        None => !entry.flags.intersects(NodeFlags::NOADDR) && !core.blacklist.holds(&entry.node, now),
    });
    let forgets = list.iter().any(|e| match e {
        Extension::Forgotten { node, ttl_s } => *ttl_s > 0 && core.nodes.find(node).is_some(),
        _ => false,
    });
    if tells || forgets {
        ask(core, sender);
    }
}

/// Known nodes that a packet says are forgotten, if its word is taken on trust.
pub(crate) fn named_as_forgotten(core: &Core, list: &[Extension], said: Said) -> Vec<NodeId> {
    let named = list.iter().filter_map(|extension| match extension {
        Extension::Forgotten { node, .. } if core.nodes.find(node).is_some() => Some(*node),
        _ => None,
    });
    if said.word == Word::Taken { named.collect() } else { Vec::new() }
}

/// Which of them were forgotten on that word.
pub(crate) fn say_forgotten(core: &mut Core, sender: NodeId, named: &[NodeId], said: Said) {
    for node in named.iter().filter(|id| core.nodes.find(id).is_none()).copied().collect::<Vec<_>>() {
        core.log(
            Level::Notice,
            format!("Node {node} was forgotten because node {sender} says so{}", said.by()),
        );
    }
}
