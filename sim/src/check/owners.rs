//! No slot has two owners that claim the same configuration epoch: peers could not tell who is right.

use super::Broken;
use base::{NodeId, Slot};
use cluster::view::View;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The views that were looked at last, so that nothing is compared twice.
#[derive(Default)]
pub struct Owners {
    seen: Vec<(usize, u64)>,
}

impl Owners {
    /// Compares what running nodes claim for themselves. `views`: by host.
    pub fn check(&mut self, views: &[(usize, Arc<View>)]) -> Result<(), Broken> {
        let versions: Vec<(usize, u64)> = views.iter().map(|(host, view)| (*host, view.version)).collect();
        if versions == self.seen {
            return Ok(());
        }
        self.seen = versions;
        let mut claims: BTreeMap<(Slot, u64), NodeId> = BTreeMap::new();
        // Only where two nodes have the same epoch can they claim the same slot with it.
        for (host, view) in views {
            let (me, epoch) = (view.me().id, view.me().config_epoch);
            let alone = views.iter().all(|(other, v)| other == host || v.me().config_epoch != epoch);
            if alone {
                continue;
            }
            for slot in Slot::all().filter(|slot| view.owner(*slot) == Some(view.myself)) {
                if let Some(other) = claims.insert((slot, epoch), me)
                    && other != me
                {
                    let text = format!("slot {} belongs to {other} and to {me} in epoch {epoch}", slot.get());
                    return Err(Broken::Safety(text));
                }
            }
        }
        Ok(())
    }
}
