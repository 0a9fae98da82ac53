//! No handshake is left behind: each becomes a node or goes, in its time.

use crate::bus::outlook::Outlook;
use crate::bus::raw::flag;
use crate::check::Broken;
use base::NodeId;
use std::collections::BTreeMap;

/// Handshakes by host, and when they were first seen (microseconds of the world).
#[derive(Default)]
pub struct Handshakes {
    since: BTreeMap<(usize, NodeId), u64>,
}

impl Handshakes {
    /// Looks at what a host shows that has run without a stop since `running_since_us`. `most_us`: how long a handshake
    /// may take, and the time between two looks.
    pub fn check(
        &mut self,
        now_us: u64,
        host: usize,
        running_since_us: u64,
        most_us: u64,
        shown: &Outlook,
    ) -> Result<(), Broken> {
        let going = |id: &NodeId| shown.nodes.get(id).is_some_and(|n| n.has(flag::HANDSHAKE));
        self.since.retain(|(h, id), _| *h != host || going(id));
        for id in shown.nodes.keys().filter(|id| going(id)) {
            let since = self.since.entry((host, *id)).or_insert(now_us);
            let lasted = now_us - (*since).max(running_since_us);
            if lasted > most_us {
                let what = format!("n{host} has been in a handshake for {} ms", lasted / 1000);
                return Err(Broken::Liveness(what));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::check::agreement::samples::{ids, outlook};

    #[test]
    fn a_handshake_has_its_time() {
        let ids = ids(2);
        let mut shown = outlook(&ids, 0);
        let mut handshakes = Handshakes::default();
        let mut check = |now, shown: &Outlook| handshakes.check(now, 0, 0, 100, shown).is_ok();
        shown.nodes.get_mut(&ids[1]).expect("it is there").flags = flag::HANDSHAKE;
        assert!(check(1000, &shown) && check(1100, &shown) && !check(1101, &shown));
        assert!(check(1102, &outlook(&ids, 0)) && check(2000, &shown));
    }
}
