//! Removing the oldest entries.

use super::StreamId;
use super::entries::Cursor;
use super::log::Log;
use super::node;
use crate::listpack::ListpackRef;

/// What a trim leaves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Keep {
    /// At most so many entries.
    Len(u64),
    /// No entry with a lower id.
    From(StreamId),
}

/// How a trim goes about it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Trim {
    /// What it leaves.
    pub keep: Keep,
    /// Whole nodes only: it may leave more.
    pub roughly: bool,
    /// Most entries to be removed; 0 for no limit.
    pub limit: u64,
}

impl Log {
    /// Removes entries from the beginning; returns how many.
    pub fn trim(&mut self, trim: Trim) -> u64 {
        let mut removed = 0;
        while let Some(place) = self.nodes.first() {
            if matches!(trim.keep, Keep::Len(len) if self.len <= len) {
                break;
            }
            let (master, pack) = self.nodes.at(place);
            let live = node::head(pack.view()).live;
            if trim.limit > 0 && removed + live > trim.limit {
                break;
            }
            let whole = match trim.keep {
                Keep::Len(len) => self.len - live >= len,
                Keep::From(id) => node::last_id(pack.view(), master) < id,
            };
            if whole {
                removed += self.drop_node(place);
                continue;
            }
            if !trim.roughly {
                removed += self.trim_node(master, trim.keep);
            }
            break;
        }
        if removed > 0 {
            self.find_first();
        }
        removed
    }

    /// Removes the first entries of the first node, of which some stay, unless all that were left are deleted ones.
    fn trim_node(&mut self, master: StreamId, keep: Keep) -> u64 {
        let Some(pack) = self.nodes.get(master) else { return 0 };
        let head = node::head(pack.view());
        let doomed = doomed(pack.view(), master, keep, self.len);
        let count = doomed.len() as u64;
        if count == 0 {
            return 0;
        }
        if count == head.live {
            return self.nodes.first().map_or(0, |place| self.drop_node(place));
        }
        self.edit_node(master, |pack| {
            doomed.iter().for_each(|at| node::mark_deleted(pack, *at));
            node::set_counts(pack, head.live - count, head.deleted + count);
        });
        self.len -= count;
        count
    }
}

/// The live entries of a node that are to go, by where they begin.
fn doomed(pack: ListpackRef<'_>, master: StreamId, keep: Keep, len: u64) -> Vec<usize> {
    let live = Cursor::walk(pack, master).filter(|(_, item)| !item.is_deleted());
    match keep {
        Keep::Len(keep) => live.map(|(at, _)| at).take((len - keep) as usize).collect(),
        Keep::From(id) => live.take_while(|(_, item)| item.id < id).map(|(at, _)| at).collect(),
    }
}
