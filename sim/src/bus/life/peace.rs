//! The end of trouble: what is broken heals by itself, and for what does not there is an operator.

use super::Life;
use crate::bus::world::Weather;
use crate::check::Broken;
use base::NodeId;

impl Life {
    /// Everything is well again, and operators clean up.
    pub(super) fn peace(&mut self) -> Result<(), Broken> {
        self.world.say("peace".to_owned());
        self.world.weather = Weather::default();
        self.world.heal();
        for host in 0..self.roles.len() {
            self.world.thaw_now(host);
            if self.roles[host].member && !self.world.hosts[host].runs() {
                self.restart(host)?;
            }
        }
        self.broken()?;
        self.bury()?;
        self.introduce_joining();
        self.run(1_000_000)?;
        self.adopt_orphan_slots();
        Ok(())
    }

    /// Starts a node again. If its files are past reading it becomes a new one, as an operator would have it.
    pub(super) fn restart(&mut self, host: usize) -> Result<(), Broken> {
        if self.try_start(host)? {
            return Ok(());
        }
        self.lose_identity(host);
        self.start(host)
    }

    /// The host's files are gone; whoever it was is no more.
    pub(super) fn lose_identity(&mut self, host: usize) {
        self.world.wipe(host);
        self.world.watch.reborn(host);
        self.forgotten.excuse(|h, _| h == host);
        self.roles[host].joining = true;
    }

    /// Names that nobody has any more are forgotten by all.
    fn bury(&mut self) -> Result<(), Broken> {
        let alive: Vec<NodeId> = (0..self.roles.len()).filter_map(|h| self.id_of(h)).collect();
        let mut dead: Vec<NodeId> = Vec::new();
        for host in self.running_members() {
            let Some(shown) = self.outlook(host) else { continue };
            let in_handshake = crate::bus::raw::flag::HANDSHAKE;
            let gone = |id: &&NodeId| !alive.contains(id) && !shown.nodes[*id].has(in_handshake);
            dead.extend(shown.nodes.keys().filter(gone));
        }
        dead.sort_unstable();
        dead.dedup();
        for id in dead {
            self.forget_everywhere(id)?;
        }
        Ok(())
    }

    /// Whoever was introduced in trouble is introduced once more.
    pub(super) fn introduce_joining(&mut self) {
        for host in 0..self.roles.len() {
            if self.roles[host].joining {
                self.introduce(host);
            }
        }
    }

    fn introduce(&mut self, host: usize) {
        let members: Vec<usize> =
            self.running_members().into_iter().filter(|h| *h != host && !self.roles[*h].joining).collect();
        if let Some(other) = self.pick(&members) {
            self.meet(other, host);
        }
    }
}
