//! What goes wrong.

use super::Life;
use crate::check::Broken;

impl Life {
    fn any(&mut self) -> usize {
        self.rng.below(self.world.hosts.len() as u64) as usize
    }

    /// One misfortune, or one that ends.
    pub(super) fn trouble(&mut self) {
        let (a, b) = (self.any(), self.any());
        match self.rng.below(14) {
            0 | 1 => self.world.break_link(),
            2 => self.world.cut(a, b),
            3 => {
                self.world.cut(a, b);
                self.world.cut(b, a);
            }
            4 => self.isolate(a),
            5 | 6 => self.world.heal(),
            7 => self.world.kill(a, false),
            8 => self.world.kill(a, true),
            9 => {
                let time = 10_000 + self.rng.below(4_000_000);
                self.world.freeze(a, time);
            }
            10 => {
                let by = self.rng.below(7_200_000_000) as i64 - 3_600_000_000;
                self.world.say(&format!("the wall clock of n{a} jumps by {} s", by / 1_000_000));
                self.world.hosts[a].clock.jump(by);
            }
            11 | 12 => self.meddle(a),
            _ => {}
        }
        self.restart_some();
    }

    /// One host hears nobody, or is heard by nobody, or both.
    fn isolate(&mut self, host: usize) {
        let (in_, out) = (self.rng.one_in(2), self.rng.one_in(2));
        for other in 0..self.world.hosts.len() {
            if in_ || !out {
                self.world.cut(other, host);
            }
            if out {
                self.world.cut(host, other);
            }
        }
    }

    /// Most hosts that are down come back soon.
    fn restart_some(&mut self) {
        for host in 0..self.world.hosts.len() {
            if self.world.hosts[host].seat.is_none() && self.rng.one_in(3) {
                self.pending_starts.push(host);
            }
        }
    }

    /// Starts those that were chosen.
    pub(super) fn starts(&mut self) -> Result<(), Broken> {
        for host in std::mem::take(&mut self.pending_starts) {
            self.start(host)?;
        }
        Ok(())
    }

    /// Everything is well again.
    pub(super) fn peace(&mut self) -> Result<(), Broken> {
        self.world.say("peace");
        self.world.heal();
        for host in 0..self.world.hosts.len() {
            if self.world.hosts[host].seat.is_none() {
                self.start(host)?;
            }
        }
        Ok(())
    }
}
