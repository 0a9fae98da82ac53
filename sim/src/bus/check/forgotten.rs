//! A forgotten node stays forgotten for its time: gossip does not bring it back, nor does it bring itself back.

use crate::bus::outlook::Outlook;
use crate::check::Broken;
use base::NodeId;
use std::collections::BTreeMap;

/// Who must not know whom, until when (microseconds of the world).
#[derive(Default)]
pub struct Forgotten {
    until: BTreeMap<(usize, NodeId), u64>,
}

impl Forgotten {
    /// `host` was told to forget the node.
    pub fn forgot(&mut self, host: usize, id: NodeId, until_us: u64) {
        self.until.insert((host, id), until_us);
    }

    /// An operator introduced the node again, or the host's node is another one now.
    pub fn excuse(&mut self, which: impl Fn(usize, NodeId) -> bool) {
        self.until.retain(|(host, id), _| !which(*host, *id));
    }

    /// Looks at what a host shows.
    pub fn check(&mut self, now_us: u64, host: usize, shown: &Outlook) -> Result<(), Broken> {
        self.until.retain(|_, until| *until > now_us);
        let back = |((h, id), _): (&(usize, NodeId), &u64)| *h == host && shown.nodes.contains_key(id);
        match self.until.iter().find(|(key, until)| back((key, until))) {
            Some(((_, id), until)) => {
                let left = (until - now_us) / 1_000_000;
                Err(Broken::Safety(format!("n{host} knows {id} again, {left} s before it may")))
            }
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::check::agreement::samples::{ids, outlook};

    #[test]
    fn whoever_comes_back_too_soon_is_seen() {
        let ids = ids(2);
        let (alone, both) = (outlook(&ids[..1], 0), outlook(&ids, 0));
        let mut forgotten = Forgotten::default();
        forgotten.forgot(0, ids[1], 1000);
        assert_eq!(forgotten.check(500, 0, &alone), Ok(()));
        assert!(forgotten.check(500, 0, &both).is_err());
        assert_eq!(forgotten.check(500, 1, &both), Ok(()));
        assert_eq!(forgotten.check(1000, 0, &both), Ok(()));
        forgotten.forgot(0, ids[1], 2000);
        forgotten.excuse(|_, id| id == ids[1]);
        assert_eq!(forgotten.check(1500, 0, &both), Ok(()));
    }
}
