//! A request for our vote that must be confirmed first: by an answer that shows the candidate in the epoch it asks for.

use super::{Question, Said, answers, ask, next_question};
use crate::core::Core;
use crate::election;
use crate::event::{Level, LinkId};
use crate::node_table::NodeKey;
use crate::refusal::Refusal;
use crate::wire::Header;
use base::Mono;
use std::time::Duration;

/// A request, until its candidate answers.
pub(super) struct Vote {
    request: Box<Header>,
    said: Said,
    pub(super) since: Mono,
    /// The epoch was new when it came: nobody stands in one that is long over.
    timely: bool,
    awaited: Option<Question>,
}

/// Keeps the newest request of a candidate, and asks it.
pub(crate) fn hold(core: &mut Core, sender: NodeKey, header: &Header, said: Said) {
    let now = core.now.mono;
    let awaited = next_question(core, sender);
    let fresh = Duration::from_micros(core.settings.timeout_us().max(1_000_000));
    let epochs = &core.epochs;
    let timely = header.current_epoch > epochs.current || now.since(epochs.rose_at) <= fresh;
    let vote = Vote { request: Box::new(header.clone()), said, since: now, timely, awaited };
    core.doubts.watch(sender, now).vote = Some(vote);
    ask(core, sender);
}

/// The candidate answered. One that stands for election has just entered the epoch that it asks for; a node at rest in
/// an old epoch did not ask.
pub(super) fn settle(core: &mut Core, key: NodeKey, link: LinkId, header: &Header) {
    let Some(watch) = core.doubts.watched.get(&key) else { return };
    if !watch.vote.as_ref().is_some_and(|vote| answers(core, link, vote.awaited)) {
        return;
    }
    let Some(vote) = core.doubts.watched.get_mut(&key).and_then(|w| w.vote.take()) else { return };
    if header.current_epoch >= vote.request.current_epoch && vote.timely && header.replicaof.is_some() {
        election::requested(core, key, &vote.request, vote.said);
        return;
    }
    core.refuse(Refusal::Unconfirmed, Level::Warning, |core| {
        let node = &core.nodes[key];
        format!(
            "Failover auth denied to {} ({}): it is not standing for election in epoch {}{}",
            node.id,
            node.human(),
            vote.request.current_epoch,
            vote.said.by()
        )
    });
}
