//! What waits to be taken by the caller, in order.

use crate::event::{Event, Level, LinkAction, LinkId, SaveId, Transmit};
use std::collections::VecDeque;

struct Held {
    until: SaveId,
    /// Worthless, and dangerous, if that save fails.
    only_if_saved: bool,
    transmit: Transmit,
}

/// Queues of the `poll_*` methods.
#[derive(Default)]
pub(crate) struct Outbox {
    links: VecDeque<LinkAction>,
    ready: VecDeque<Transmit>,
    /// Packets that tell of state which is not on disk yet.
    held: VecDeque<Held>,
    events: VecDeque<Event>,
}

impl Outbox {
    pub fn log(&mut self, level: Level, text: String) {
        self.events.push_back(Event::Log { level, text });
    }

    pub fn event(&mut self, event: Event) {
        self.events.push_back(event);
    }

    pub fn action(&mut self, action: LinkAction) {
        if let LinkAction::Close(link) = action {
            self.ready.retain(|t| t.link != link);
            self.held.retain(|h| h.transmit.link != link);
        }
        self.links.push_back(action);
    }

    /// Forgets what was meant for a link that broke.
    pub fn drop_link(&mut self, link: LinkId) {
        self.ready.retain(|t| t.link != link);
        self.held.retain(|h| h.transmit.link != link);
    }

    pub fn send(&mut self, transmit: Transmit) {
        self.ready.push_back(transmit);
    }

    pub fn hold(&mut self, transmit: Transmit, until: SaveId, only_if_saved: bool) {
        self.held.push_back(Held { until, only_if_saved, transmit });
    }

    /// The save that a packet to be held from now on waits for, if it wants `save`: packets are let go in order.
    pub fn held_until(&self, save: SaveId) -> SaveId {
        self.held.back().map_or(save, |last| last.until.max(save))
    }

    /// Lets go what waited for states up to `save`. After a failed save votes are dropped, the rest goes:
    /// the operator chose to go on without a file.
    pub fn release(&mut self, save: SaveId, saved: bool) {
        while self.held.front().is_some_and(|h| h.until <= save) {
            let Some(held) = self.held.pop_front() else { return };
            if saved || !held.only_if_saved {
                self.ready.push_back(held.transmit);
            }
        }
    }

    pub fn take_action(&mut self) -> Option<LinkAction> {
        self.links.pop_front()
    }

    pub fn take_transmit(&mut self) -> Option<Transmit> {
        self.ready.pop_front()
    }

    pub fn take_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// Bytes produced for `link` that the caller has not taken.
    pub fn queued_bytes(&self, link: LinkId) -> usize {
        let held = self.held.iter().map(|h| &h.transmit);
        self.ready.iter().chain(held).filter(|t| t.link == link).map(|t| t.bytes.len()).sum()
    }
}
