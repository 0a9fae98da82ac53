//! CLUSTER MEET, as far as its client waits: for the addresses of a host, and for the end of the handshake. And hosts
//! that nodes name for their addresses.

use super::{Action, ActionId, Control, Outcome, State};
use base::{Mono, Now};
use cluster::{MeetId, MeetTarget};
use std::net::IpAddr;
use std::time::Duration;

/// Longest that the addresses of a host may take to find.
pub const RESOLVE_TIME_MAX: Duration = Duration::from_secs(5);
/// Addresses of a host that are tried.
pub const ADDRESSES_MAX: usize = 8;
/// Hosts whose addresses are being found at once.
const RESOLVING_MAX: usize = 256;

/// A MEET of a host whose addresses are being found.
pub struct Resolving {
    id: ActionId,
    target: MeetTarget,
    /// WAIT: until when.
    deadline: Option<Mono>,
    who: String,
    /// The system is not waited for any longer.
    give_up: Mono,
}

impl State {
    /// Finds the host's addresses, then meets it; the answer of the command that runs waits.
    pub fn resolve_and_meet(
        &mut self,
        target: MeetTarget,
        patience: Option<Duration>,
        who: String,
        now: Now,
    ) -> Result<(), String> {
        if self.resolving.len() >= RESOLVING_MAX {
            return Err(target.unresolved("too many names are being resolved").to_string());
        }
        let (deadline, host) = (patience.map(|patience| now.mono + patience), target.host_text());
        let give_up = now.mono + patience.unwrap_or(RESOLVE_TIME_MAX).min(RESOLVE_TIME_MAX);
        self.act(|id| Action::Resolve(id, host));
        let id = self.awaits.last().copied();
        self.resolving.extend(id.map(|id| Resolving { id, target, deadline, who, give_up }));
        Ok(())
    }
}

impl Control {
    /// The addresses of a host, or why there are none.
    pub fn handle_resolved(&mut self, id: ActionId, found: Result<Vec<IpAddr>, String>, now: Now) {
        self.begin(now);
        match self.state.naming.iter().position(|(asked, _)| *asked == id) {
            Some(at) => {
                let (_, name) = self.state.naming.swap_remove(at);
                if let Some(cluster) = &mut self.state.cluster {
                    cluster.handle_resolved(&name, found.as_deref().map_err(String::as_str), now);
                }
            }
            None => self.resolved(id, found, now),
        }
        self.settle(now);
    }

    /// Finds the addresses of a host that a node announces. The machine asks again if that takes too long: the older
    /// question is then nobody's.
    pub(super) fn resolve_peer(&mut self, name: String) {
        self.state.naming.retain(|(_, asked)| *asked != name);
        let id = self.state.ask(|id| Action::Resolve(id, name.clone()));
        self.state.naming.push((id, name));
    }

    fn resolved(&mut self, id: ActionId, found: Result<Vec<IpAddr>, String>, now: Now) {
        let Some(at) = self.state.resolving.iter().position(|resolving| resolving.id == id) else {
            // It took too long: the client has its answer.
            return;
        };
        let Resolving { target, deadline, who, .. } = self.state.resolving.swap_remove(at);
        let Some(cluster) = &mut self.state.cluster else { return };
        let patience = deadline.map(|deadline| deadline.since(now.mono));
        let begun = match found {
            Ok(mut addresses) => {
                addresses.truncate(ADDRESSES_MAX);
                cluster
                    .meet_at(&target, &addresses, patience, &who, now)
                    .map_err(|refused| refused.to_string())
            }
            Err(why) => Err(target.unresolved(&why).to_string()),
        };
        match begun {
            // The client goes on waiting under the name it waits by.
            Ok(Some(meet)) => self.state.meetings.push((meet, id)),
            Ok(None) => self.end_action(id, Ok(())),
            Err(why) => self.end_action(id, Err(why)),
        }
    }

    /// Gives up on names that take too long.
    pub(super) fn expire_resolving(&mut self, now: Now) {
        let late = |resolving: &&Resolving| now.mono >= resolving.give_up;
        while let Some(id) = self.state.resolving.iter().find(late).map(|resolving| resolving.id) {
            self.resolved(id, Err("timed out resolving the name".to_owned()), now);
        }
    }

    /// A MEET is over.
    pub(super) fn met(&mut self, meet: MeetId, outcome: Outcome) {
        if let Some(at) = self.state.meetings.iter().position(|(id, _)| *id == meet) {
            let (_, id) = self.state.meetings.swap_remove(at);
            self.end_action(id, outcome);
        }
    }
}
