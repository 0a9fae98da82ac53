//! Who may hold a connection to our port, and for how long. Known nodes are never limited: a thousand of them redial a
//! restarted node at once. Those who have said nothing yet are, and then the others wait outside.

use crate::core::Core;
use crate::event::{Level, LinkAction, LinkId};
use crate::links::Standing;
use crate::refusal::Refusal;
use base::Mono;
use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// Links without a valid packet, at most; fewer where the process may have few descriptors.
const MUTE_LINKS_MAX: usize = 2048;
/// Links of unknown speakers, at most; fewer where the process may have few descriptors.
const STRANGER_LINKS_MAX: usize = 2048;
/// Either kind has at most this part of what may be accepted; the rest is for nodes.
const PART: usize = 4;
/// An accepted link must bring a first valid packet in this time.
const MUTE_LIFE: Duration = Duration::from_secs(3);
/// A stranger's link may be silent for twice the node timeout, and this long at least: its own timeout may be longer.
const STRANGER_IDLE_MIN: Duration = Duration::from_secs(30);
/// Every so many ticks strangers are looked through.
const STRANGERS_EVERY: u64 = 10;

/// Accepted links in the order in which they came, until they are judged.
#[derive(Default)]
pub(crate) struct Admission {
    mute: VecDeque<(Mono, LinkId)>,
}

/// Whether there is room for one more.
pub(crate) fn is_open(core: &Core) -> bool {
    let max = core.settings.accepted_links_max;
    core.links.count(Standing::Mute) < MUTE_LINKS_MAX.min(max.div_ceil(PART)) && core.links.accepted() < max
}

/// A connection came in.
pub(crate) fn accept(core: &mut Core, id: LinkId, peer: SocketAddr, local: IpAddr) {
    if !core.settings.bus_allow.admits(peer.ip()) {
        core.outbox.action(LinkAction::Close(id));
        refuse_address(core, peer);
        return;
    }
    core.links.accept(id, peer, local, core.now.mono);
    core.admission.mute.push_back((core.now.mono, id));
}

fn refuse_address(core: &mut Core, peer: SocketAddr) {
    core.refuse(Refusal::NotAllowed, Level::Warning, |_| {
        format!("Closing the cluster bus connection from {peer}: its address is not in cluster-bus-allow")
    });
}

/// A valid packet came on `id`.
pub(crate) fn heard(core: &mut Core, id: LinkId) {
    core.links.heard(id, core.now.mono);
    if core.links.standing(id) == Some(Standing::Stranger) {
        make_room(core);
    }
}

/// Unknown speakers get the places of those among them that were silent longest.
fn make_room(core: &mut Core) {
    let max = STRANGER_LINKS_MAX.min(core.settings.accepted_links_max.div_ceil(PART));
    if core.links.count(Standing::Stranger) <= max {
        return;
    }
    let strangers = core.links.iter().filter(|(id, _)| core.links.standing(*id) == Some(Standing::Stranger));
    let oldest = strangers.min_by_key(|(_, link)| link.heard_at()).map(|(id, _)| id);
    if let Some(id) = oldest {
        close_stranger(core, id);
    }
}

fn close_stranger(core: &mut Core, id: LinkId) {
    let peer = core.links.get(id).and_then(|l| l.peer);
    core.refuse(Refusal::IdleStranger, Level::Verbose, |_| match peer {
        Some(peer) => format!("Closing the cluster bus connection from {peer}: no known node, and idle"),
        None => "Closing an idle cluster bus connection of no known node".to_string(),
    });
    core.close_link(id);
}

/// Closes what said nothing for too long.
pub(crate) fn tick(core: &mut Core) {
    let now = core.now.mono;
    while let Some((since, id)) = core.admission.mute.front().copied() {
        let mute = core.links.standing(id) == Some(Standing::Mute);
        if mute && now.since(since) < MUTE_LIFE {
            break;
        }
        core.admission.mute.pop_front();
        if mute {
            core.refuse(Refusal::Mute, Level::Verbose, |core| {
                let peer = core.links.get(id).and_then(|l| l.peer).map_or(String::new(), |p| p.to_string());
                format!("Closing the cluster bus connection from {peer}: no valid packet in {MUTE_LIFE:?}")
            });
            core.close_link(id);
        }
    }
    if core.ticks.is_multiple_of(STRANGERS_EVERY) && core.links.count(Standing::Stranger) > 0 {
        close_idle_strangers(core);
    }
}

fn close_idle_strangers(core: &mut Core) {
    let idle = Duration::from_micros(core.settings.timeout_us().saturating_mul(2)).max(STRANGER_IDLE_MIN);
    let now = core.now.mono;
    let strangers = core.links.iter().filter(|(id, _)| core.links.standing(*id) == Some(Standing::Stranger));
    let idle = strangers.filter(|(_, link)| link.heard_at().is_none_or(|at| now.since(at) > idle));
    let ids: Vec<LinkId> = idle.map(|(id, _)| id).collect();
    ids.into_iter().for_each(|id| close_stranger(core, id));
}

/// The list changed: whoever may not connect any more goes.
pub(crate) fn recheck(core: &mut Core) {
    if core.settings.bus_allow.is_empty() {
        return;
    }
    let accepted = core.links.iter().filter(|(id, _)| !id.is_dialled());
    let out: Vec<(LinkId, SocketAddr)> = accepted
        .filter_map(|(id, link)| Some((id, link.peer.filter(|p| !core.settings.bus_allow.admits(p.ip()))?)))
        .collect();
    for (id, peer) in out {
        core.close_link(id);
        refuse_address(core, peer);
    }
}
