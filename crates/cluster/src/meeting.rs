//! An operator's MEET from the command to its end: what came of it, and if nothing, why.
//!
//! The handshake goes its way in the table of nodes; this only watches it. The hooks note what went wrong, [`settle`]
//! looks at all of them at the end of every call.

mod error;
mod probe;

pub use error::MeetError;
use probe::{Question, not_a_bus};

use crate::core::Core;
use crate::event::{DialError, Event, Level, LinkAction, LinkId, Transmit};
use crate::handshake::{self, HANDSHAKES_MAX};
use crate::node_table::NodeKey;
use crate::place::Place;
use crate::recorder::What;
use crate::wire::PingKind;
use crate::{compose, recorder::Value};
use base::{Mono, NodeId};
use std::collections::VecDeque;
use std::time::Duration;

/// Clients that wait for a MEET at once.
pub const MEETINGS_WAITED_MAX: usize = 1024;
/// After so long, or half of what its client waits, a silent port is probed.
const SILENCE: Duration = Duration::from_secs(1);
/// How long a probe may take where the reason is known but for it.
const PROBE_TIME: Duration = Duration::from_secs(1);

/// Names a MEET that a client waits for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct MeetId(pub u64);

/// How far it has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    /// There is no connection yet, or no more.
    Dialling,
    /// MEET was said.
    Asked(Mono),
    /// It told its name; it is to dial us.
    Answered,
    /// It did; a PING on our link comes back when it has read our answer on its own.
    Confirming(Mono),
}

struct Probe {
    link: LinkId,
    question: Question,
    began: Mono,
}

/// One MEET.
struct Meeting {
    id: MeetId,
    place: Place,
    /// Further addresses of the same host.
    rest: VecDeque<Place>,
    /// The record of the node, at first the one in handshake; `None` once it is removed.
    node: Option<NodeKey>,
    /// The record was made for this MEET: if nothing comes of it, nothing stays.
    ours: bool,
    began: Mono,
    /// A client waits so long.
    deadline: Option<Mono>,
    stage: Stage,
    /// What went wrong last.
    trouble: Option<MeetError>,
    ended: Option<MeetError>,
    probe: Option<Probe>,
    probed: bool,
}

/// Those under way.
#[derive(Default)]
pub(crate) struct Meetings {
    list: Vec<Meeting>,
    next: u64,
}

impl Meetings {
    fn of(&mut self, key: NodeKey) -> impl Iterator<Item = &mut Meeting> {
        self.list.iter_mut().filter(move |m| m.node == Some(key))
    }
}

/// Begins. `places`: the addresses of one host, tried one after the other. With `patience` a client waits, and
/// [`Event::Met`] tells it the end.
pub(crate) fn begin(
    core: &mut Core,
    mut places: VecDeque<Place>,
    patience: Option<Duration>,
) -> Result<MeetId, MeetError> {
    let Some(place) = places.pop_front() else { return Err(MeetError::TooMany) };
    let waited = core.meetings.list.iter().filter(|m| m.deadline.is_some()).count();
    let full = core.meetings.list.len() >= HANDSHAKES_MAX || waited >= MEETINGS_WAITED_MAX;
    if full && patience.is_some() {
        return Err(MeetError::TooMany);
    }
    let (node, ours) = handshake::start(core, place.clone()).ok_or(MeetError::TooMany)?;
    let id = MeetId(core.meetings.next);
    core.meetings.next += 1;
    // A MEET that nobody waits for adds nothing to one that is under way.
    if full || (patience.is_none() && !ours && core.meetings.of(node).next().is_some()) {
        return Ok(id);
    }
    let now = core.now.mono;
    core.meetings.list.push(Meeting {
        id,
        place,
        rest: places,
        node: Some(node),
        ours,
        began: now,
        deadline: patience.map(|patience| now + patience),
        stage: Stage::Dialling,
        trouble: None,
        ended: None,
        probe: None,
        probed: false,
    });
    Ok(id)
}

/// Whether a client still waits for the handshake of `key`: then it does not expire.
pub(crate) fn keeps(core: &Core, key: NodeKey) -> bool {
    let now = core.now.mono;
    core.meetings.list.iter().any(|m| m.node == Some(key) && m.deadline.is_some_and(|at| at > now))
}

/// The handshake of `key` took too long.
pub(crate) fn expired(core: &mut Core, key: NodeKey) {
    for meeting in core.meetings.of(key) {
        let why = meeting.trouble.take().unwrap_or(meeting.late());
        meeting.ended.get_or_insert(why);
    }
}

/// The record of `key` goes.
pub(crate) fn removed(core: &mut Core, key: NodeKey) {
    for meeting in core.meetings.of(key) {
        meeting.ended.get_or_insert(MeetError::CalledOff);
        meeting.node = None;
    }
}

/// The link to `key` could not be connected, or broke.
pub(crate) fn link_down(core: &mut Core, key: NodeKey, was_up: bool, why: Option<&DialError>) {
    for meeting in core.meetings.of(key).filter(|m| m.is_unanswered()) {
        meeting.stage = Stage::Dialling;
        meeting.trouble.get_or_insert(match why {
            _ if was_up => MeetError::Closed,
            Some(DialError::Closed) => MeetError::Closed,
            Some(DialError::Refused) => MeetError::Refused,
            Some(DialError::TimedOut) => MeetError::NoConnection,
            Some(DialError::Other(text)) => MeetError::Unreachable(text.clone()),
            None => MeetError::Unreachable("connection failed".to_owned()),
        });
    }
}

/// What came on a link instead of packets.
pub(crate) fn garbled(core: &mut Core, key: Option<NodeKey>, bytes: &[u8]) {
    let Some(key) = key else { return };
    for meeting in core.meetings.of(key).filter(|m| m.is_unanswered()) {
        meeting.trouble = Some(not_a_bus(bytes));
    }
}

/// The address led to a node that we know, or to ourselves; its record in handshake is about to go.
pub(crate) fn found(core: &mut Core, key: NodeKey, known: NodeKey) {
    let myself = core.nodes.myself;
    let node = &core.nodes[known];
    let (id, mutual, created) = (node.id, node.inbound.is_some(), node.created);
    for meeting in core.meetings.of(key) {
        if known == myself {
            meeting.ended = Some(MeetError::Myself);
        } else if mutual && created < meeting.began {
            meeting.ended = Some(MeetError::AlreadyKnown(id));
        } else {
            // Others introduced it meanwhile, or it does not know us: then this MEET was not for nothing.
            (meeting.node, meeting.ours, meeting.stage) = (Some(known), false, Stage::Answered);
        }
    }
}

/// Whether a node that told its name stays out. A plain MEET lets in whom FORGET bars, as Redis does. A client that
/// waits is told of the ban instead: the others still keep it, so the node would be no member of theirs.
pub(crate) fn bars(core: &mut Core, key: NodeKey, name: &NodeId) -> bool {
    let Some(left) = core.blacklist.left(name, core.now.mono) else { return false };
    let all_wait = core.meetings.of(key).all(|m| m.deadline.is_some());
    if !all_wait || !core.meetings.of(key).any(|m| m.ours) {
        return false;
    }
    for meeting in core.meetings.of(key) {
        meeting.ended = Some(MeetError::Banned { node: *name, left_s: left.as_secs().max(1) });
    }
    true
}

/// Bytes of a link that is a probe; true if it is one.
pub(crate) fn probed(core: &mut Core, link: LinkId, bytes: &[u8]) -> bool {
    if !link.is_dialled() || core.links.get(link).is_none_or(|l| l.node.is_some()) {
        return false;
    }
    let asked = |m: &&mut Meeting| m.probe.as_ref().is_some_and(|probe| probe.link == link);
    let Some(meeting) = core.meetings.list.iter_mut().find(asked) else { return false };
    meeting.trouble = Some(not_a_bus(bytes));
    core.close_link(link);
    true
}

/// A dialled link without a node is a probe's: its question is the first and last thing said on it.
pub(crate) fn probe_up(core: &mut Core, link: LinkId) {
    let asked = |m: &Meeting| m.probe.as_ref().filter(|p| p.link == link).map(|p| p.question);
    if let Some(question) = core.meetings.list.iter().find_map(asked) {
        core.outbox.send(Transmit { link, bytes: question.bytes() });
    }
}

/// Looks at all of them at the end of a call, and ends those that are over.
pub(crate) fn settle(core: &mut Core) {
    if core.meetings.list.is_empty() {
        return;
    }
    let mut at = 0;
    while at < core.meetings.list.len() {
        // The others stay in the list, where the hooks find them.
        let mut meeting = core.meetings.list.swap_remove(at);
        match advance(core, &mut meeting) {
            None => {
                core.meetings.list.push(meeting);
                let last = core.meetings.list.len() - 1;
                core.meetings.list.swap(at, last);
                at += 1;
            }
            Some(end) => {
                if let Some(probe) = meeting.probe.take() {
                    core.close_link(probe.link);
                }
                conclude(core, meeting, end);
            }
        }
    }
}

fn advance(core: &mut Core, meeting: &mut Meeting) -> Option<Result<NodeId, MeetError>> {
    let now = core.now.mono;
    if let Some(why) = meeting.ended.take() {
        return Some(Err(why));
    }
    let node = &core.nodes[meeting.node?];
    let up = node.outbound.and_then(|id| core.links.get(id)).is_some_and(|link| link.up);
    if up && !node.in_handshake() && meeting.is_unanswered() {
        meeting.stage = Stage::Answered;
    }
    let mutual = up && node.inbound.is_some();
    match meeting.stage {
        Stage::Dialling if up => meeting.stage = Stage::Asked(now),
        Stage::Answered if mutual && meeting.deadline.is_none() => return Some(Ok(node.id)),
        Stage::Answered if mutual && node.ping_sent.is_none() => {
            meeting.stage = Stage::Confirming(now);
            if let Some(link) = node.outbound {
                compose::ping(core, link, PingKind::Ping);
            }
        }
        Stage::Confirming(at) if mutual && node.ping_sent.is_none() && node.pong_received >= Some(at) => {
            return Some(Ok(node.id));
        }
        _ => {}
    }
    match meeting.deadline {
        Some(deadline) if now >= deadline => Some(Err(why_late(core, meeting))),
        Some(_) => diagnose(core, meeting).map(Err),
        // Nobody is told, but the record shall have an end.
        None if meeting.stage == Stage::Answered && now.since(meeting.began) > patience_max(core) => {
            Some(Err(why_late(core, meeting)))
        }
        None => None,
    }
}

fn patience_max(core: &Core) -> Duration {
    Duration::from_micros(core.settings.handshake_timeout_us().saturating_mul(2))
}

/// What a client that waits is told before its time is up, if that is settled. Probes are sent for nobody else.
fn diagnose(core: &mut Core, meeting: &mut Meeting) -> Option<MeetError> {
    let now = core.now.mono;
    if let Some(probe) = &meeting.probe {
        let over = core.links.get(probe.link).is_none();
        let closed = meeting.trouble == Some(MeetError::Closed);
        if !over && closed && now.since(probe.began) <= PROBE_TIME {
            return None;
        }
        if over || closed {
            let link = probe.link;
            meeting.probe = None;
            core.close_link(link);
        }
    }
    let silence = meeting.deadline.map_or(SILENCE, |at| (at.since(meeting.began) / 2).min(SILENCE));
    let question = match (&meeting.trouble, meeting.stage) {
        (Some(MeetError::Closed), _) => Some(Question::Tls),
        (None, Stage::Asked(at)) if now.since(at) >= silence => Some(Question::Command),
        _ => None,
    };
    if let Some(question) = question.filter(|_| !meeting.probed)
        && let Some(addr) = meeting.place.bus_addr()
    {
        meeting.probed = true;
        let link = core.links.dial_nobody(addr, now);
        core.outbox.action(LinkAction::Dial { link, addr });
        meeting.probe = Some(Probe { link, question, began: now });
        return None;
    }
    match meeting.stage {
        Stage::Answered | Stage::Confirming(_) => None,
        _ => meeting.trouble.take(),
    }
}

impl Meeting {
    fn is_unanswered(&self) -> bool {
        matches!(self.stage, Stage::Dialling | Stage::Asked(_))
    }

    fn late(&self) -> MeetError {
        match self.stage {
            Stage::Dialling => MeetError::NoConnection,
            _ => MeetError::NoAnswer,
        }
    }
}

fn why_late(core: &Core, meeting: &mut Meeting) -> MeetError {
    match meeting.node.filter(|_| !meeting.is_unanswered()) {
        None => meeting.trouble.take().unwrap_or(meeting.late()),
        Some(key) => {
            let mine = Place::of_myself(&core.settings, core.nodes.me().addr.ip.clone());
            MeetError::NotDialledBack { node: core.nodes[key].id, at: mine.address() }
        }
    }
}

/// The end, or the next address.
fn conclude(core: &mut Core, mut meeting: Meeting, end: Result<NodeId, MeetError>) {
    let now = core.now.mono;
    let address = meeting.place.address();
    let waits = meeting.deadline.is_some();
    let why = match end {
        Ok(id) => {
            let ms = now.since(meeting.began).as_millis() as u64;
            core.record(What::MeetDone, Some(id), [("address", address.into()), ("ms", ms.into())]);
            if waits {
                core.outbox.event(Event::Met { meet: meeting.id, result: Ok(id) });
            }
            return;
        }
        Err(why) => why,
    };
    let fields: [(&'static str, Value); 3] = [
        ("address", address.clone().into()),
        ("reason", why.name().into()),
        ("text", why.to_string().into()),
    ];
    core.record(What::MeetFailed, None, fields);
    core.log(Level::Notice, format!("Cluster meet {address} failed: {why}"));
    if waits {
        call_off(core, &meeting);
    }
    let time_left = meeting.deadline.is_none_or(|at| at > now);
    if time_left
        && why.is_of_the_address()
        && let Some(place) = meeting.rest.pop_front()
        && let Some((key, ours)) = handshake::start(core, place.clone())
    {
        let (node, stage, probed) = (Some(key), Stage::Dialling, false);
        let began = if waits { meeting.began } else { now };
        core.meetings.list.push(Meeting {
            place,
            node,
            ours,
            stage,
            probed,
            began,
            trouble: None,
            ..meeting
        });
        return;
    }
    if waits {
        let text = format!("Can't meet {address}: {why}");
        core.outbox.event(Event::Met { meet: meeting.id, result: Err(text) });
    }
}

/// Nothing comes of the handshake any more, unless others wait for it too.
fn call_off(core: &mut Core, meeting: &Meeting) {
    let Some(key) = meeting.node.filter(|key| meeting.ours && core.nodes[*key].in_handshake()) else {
        return;
    };
    if let Some(heir) = core.meetings.of(key).next() {
        heir.ours = true;
        return;
    }
    core.remove_node(key);
}
