//! Whether this node considers the cluster able to serve.

use crate::core::Core;
use crate::event::Level;
use crate::recorder::What;
use crate::wire::NodeFlags;
use base::Mono;

/// A restarted primary waits this long before it serves: others may have replaced it.
const WRITABLE_DELAY_US: u64 = 2_000_000;
/// Bounds of the wait after a minority partition heals.
const REJOIN_DELAY_MIN_US: u64 = 500_000;
const REJOIN_DELAY_MAX_US: u64 = 5_000_000;

/// What keeps the cluster from serving.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Why {
    #[default]
    Fine,
    Uncovered,
    Minority,
}

impl Why {
    fn name(self) -> &'static str {
        match self {
            Why::Fine => "all slots are served",
            Why::Uncovered => "slots are not served",
            Why::Minority => "minority partition",
        }
    }
}

/// The state and what delays its return to ok.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Health {
    pub ok: bool,
    /// As last logged.
    why: Why,
    /// Primaries with slots.
    pub size: usize,
    first_asked: Option<Mono>,
    in_minority_at: Option<Mono>,
    /// Past the first delay: we heard enough of the others to vote.
    pub may_vote: bool,
}

impl Health {
    /// When waiting alone may turn the state; the cron asks again meanwhile.
    pub fn is_failing(&self) -> bool {
        !self.ok
    }
}

/// Computes the state anew.
pub(crate) fn update(core: &mut Core) {
    let now = core.now.mono;
    let first = *core.health.first_asked.get_or_insert(now);
    let (size, why) = judge(core);
    core.health.size = size;
    let early = now.0 - first.0 < WRITABLE_DELAY_US;
    if !core.health.ok && core.nodes.me().is_primary() && early {
        core.health.may_vote = false;
        return;
    }
    core.health.may_vote = true;
    if why == Why::Minority {
        core.health.in_minority_at = Some(now);
    }
    let ok = why == Why::Fine;
    if ok && !core.health.ok && rejoining(core) {
        return;
    }
    if ok != core.health.ok {
        core.health.ok = ok;
        core.view_changed();
        let state = if ok { "ok" } else { "fail" };
        core.log(Level::Notice, format!("Cluster state changed: {state}"));
        core.record(What::StateChanged, None, [("to", state.into()), ("reason", why.name().into())]);
    }
    if why != core.health.why {
        core.health.why = why;
        say_why(core, why);
    }
}

fn say_why(core: &mut Core, why: Why) {
    let text = match why {
        Why::Fine => return,
        Why::Uncovered => {
            "At least one hash slot is not served by any available node. Please check the \
             'cluster-require-full-coverage' configuration."
        }
        Why::Minority => "I am part of a minority partition.",
    };
    core.log(Level::Warning, format!("Cluster is currently down: {text}"));
}

fn judge(core: &Core) -> (usize, Why) {
    let (mut size, mut reachable, mut failed_owner) = (0, 0, false);
    for (_, node) in core.nodes.iter().filter(|(_, n)| !n.slots.is_empty()) {
        failed_owner |= node.is_failed();
        if node.votes() {
            size += 1;
            reachable += usize::from(!node.is_failed() && !node.is(NodeFlags::PFAIL));
        }
    }
    let uncovered = core.slots.assigned() < base::SLOTS || failed_owner;
    if reachable < size / 2 + 1 {
        (size, Why::Minority)
    } else if core.settings.require_full_coverage && uncovered {
        (size, Why::Uncovered)
    } else {
        (size, Why::Fine)
    }
}

/// A primary that comes out of a minority waits until it has heard who took its slots.
fn rejoining(core: &Core) -> bool {
    let wait = core.settings.timeout_us().clamp(REJOIN_DELAY_MIN_US, REJOIN_DELAY_MAX_US);
    let now = core.now.mono;
    core.nodes.me().is_primary() && core.health.in_minority_at.is_some_and(|at| now.0 - at.0 < wait)
}
