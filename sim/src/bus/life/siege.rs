//! Long failures that do not change, so that there is one right answer to whether the cluster serves.

use super::Life;
use crate::bus::raw::flag;
use crate::bus::world::Family;
use crate::check::Broken;

impl Life {
    /// Whether somebody's slots may be taken over.
    pub(super) fn has_replicas(&self) -> bool {
        let replica = |h: &usize| self.outlook(*h).is_some_and(|o| o.mine().has(flag::REPLICA));
        self.running_members().iter().any(replica)
    }

    fn owners(&self) -> Vec<usize> {
        let owns = |h: &usize| self.outlook(*h).is_some_and(|o| !o.mine().slots.is_empty());
        self.running_members().into_iter().filter(owns).collect()
    }

    /// A cut that lasts: each side knows what it is.
    pub(super) fn siege(&mut self) -> Result<(), Broken> {
        if self.has_replicas() {
            return Ok(());
        }
        let owners = self.owners();
        let sides: Vec<bool> = self.roles.iter().map(|_| self.rng.one_in(2)).collect();
        self.world.say(format!("siege {sides:?}"));
        self.cut_between(&sides);
        self.hold(&owners, |_, a, b| sides[a] == sides[b])
    }

    /// Some nodes are away for long.
    pub(super) fn outage(&mut self) -> Result<(), Broken> {
        if self.has_replicas() {
            return Ok(());
        }
        let owners = self.owners();
        self.world.say("outage".to_owned());
        for host in self.running_members() {
            if self.rng.one_in(4) {
                if self.rng.one_in(2) {
                    self.world.kill(host)
                } else {
                    self.world.lose_power(host)
                };
            }
        }
        self.hold(&owners, |life, _, b| life.world.hosts[b].runs())
    }

    /// Waits until everybody must have noticed, then asks our nodes. `reaches`: whether one host reaches another.
    fn hold(
        &mut self,
        owners: &[usize],
        reaches: impl Fn(&Life, usize, usize) -> bool,
    ) -> Result<(), Broken> {
        let time = 4_000 * self.choice.timeout_ms + 10_000_000 + self.rng.below(20_000_000);
        self.run(time)?;
        for host in self.running_members() {
            let Some(shown) = self.outlook(host) else { continue };
            let reached = owners.iter().filter(|o| **o == host || reaches(self, host, **o)).count();
            let covered = reached == owners.len() || !self.choice.full_coverage;
            let right = reached > owners.len() / 2 && covered;
            if self.world.hosts[host].family == Family::Ours && shown.ok != right {
                let what = format!("says ok:{} and reaches {reached} of {} voters", shown.ok, owners.len());
                return Err(Broken::Liveness(format!("n{host} {what}")));
            }
        }
        Ok(())
    }
}
