//! What goes wrong.

use super::{Life, Mix};
use crate::bus::world::{Family, Weather, address};
use crate::check::Broken;

/// One host in so many may get another address in a storm: whoever is left knows the way.
const MOVERS_ONE_IN: usize = 4;

impl Life {
    /// Misfortunes, one after the other, some of which end.
    pub(super) fn storm(&mut self) -> Result<(), Broken> {
        self.world.say("storm".to_owned());
        self.world.weather = self.bad_weather();
        let length = 5 + self.rng.below(40);
        let pace = 1 + self.rng.below(self.choice.timeout_ms * 1000);
        let mut movers = self.running_members().len() / MOVERS_ONE_IN;
        for _ in 0..length {
            self.misfortune(&mut movers)?;
            self.restart_some()?;
            let pause = self.rng.below(pace);
            self.run(pause)?;
        }
        Ok(())
    }

    fn bad_weather(&mut self) -> Weather {
        let mut one_in = |n: u64| if self.rng.one_in(2) { 0 } else { n + self.rng.below(10 * n) };
        let (retransmit_one_in, knock_lost_one_in, double_one_in) = (one_in(20), one_in(4), one_in(5));
        let slow = if self.rng.one_in(4) { 80_000 } else { 3_000 };
        Weather {
            latency_us: (100, slow),
            retransmit_one_in,
            knock_lost_one_in,
            double_one_in,
            pieces_one_in: 3,
        }
    }

    fn any(&mut self) -> usize {
        self.rng.below(self.roles.len() as u64) as usize
    }

    fn misfortune(&mut self, movers: &mut usize) -> Result<(), Broken> {
        let (a, b) = (self.any(), self.any());
        match self.rng.below(24) {
            0..=2 => self.world.break_some_link(),
            3 | 4 => self.world.cut(a, b),
            5 | 6 => {
                self.world.cut(a, b);
                self.world.cut(b, a);
            }
            7 => self.isolate(a),
            8 => self.split(),
            9..=11 => self.world.heal(),
            12 | 13 => self.world.kill(a),
            14 | 15 => self.world.lose_power(a),
            16 | 17 => {
                let time = 10_000 + self.rng.below(3_000 * self.choice.timeout_ms);
                self.world.freeze(a, time);
            }
            18 => {
                let by = self.rng.below(7_200_000_000) as i64 - 3_600_000_000;
                self.world.jump_clock(a, by);
            }
            19 if *movers > 0 => {
                *movers -= 1;
                self.move_somewhere(a, b);
            }
            // An epoch that a cut-off owner gives itself may be the one in which its replica is elected meanwhile.
            20 if !self.has_replicas() => self.bump(a),
            21 if self.rng.one_in(2) => self.meet_again(),
            21 if self.rng.one_in(2) => self.publish(),
            21 => self.announce_something(),
            22 => self.join_in_trouble(a)?,
            23 if self.rng.one_in(3) => self.ruin_files(a),
            _ => {}
        }
        Ok(())
    }

    /// One host hears nobody, or is heard by nobody, or both.
    fn isolate(&mut self, host: usize) {
        let (in_, out) = (self.rng.one_in(2), self.rng.one_in(2));
        for other in (0..self.roles.len()).filter(|h| *h != host) {
            if in_ || !out {
                self.world.cut(other, host);
            }
            if out {
                self.world.cut(host, other);
            }
        }
    }

    /// Two sides, nothing between them.
    fn split(&mut self) {
        let sides: Vec<bool> = self.roles.iter().map(|_| self.rng.one_in(2)).collect();
        self.world.say(format!("split {sides:?}"));
        self.cut_between(&sides);
    }

    pub(super) fn cut_between(&mut self, sides: &[bool]) {
        for (a, b) in (0..sides.len()).flat_map(|a| (0..a).map(move |b| (a, b))) {
            if sides[a] != sides[b] {
                self.world.cut(a, b);
                self.world.cut(b, a);
            }
        }
    }

    /// A new address, or two hosts exchange theirs; while they run or not.
    fn move_somewhere(&mut self, a: usize, b: usize) {
        // Others take an exchanged node's epochs for those of whom they had dialled there, and repeat them to ours.
        if a != b && self.choice.mix == Mix::Ours && self.rng.one_in(4) {
            self.world.swap_addresses(a, b);
            return;
        }
        // Above all that hosts begin with.
        self.moves += 1;
        let ip = address(100_000 + self.moves);
        self.world.move_to(a, ip);
    }

    /// A spare host is introduced although nothing is well.
    fn join_in_trouble(&mut self, host: usize) -> Result<(), Broken> {
        if self.roles[host].member || !self.rng.one_in(3) {
            return Ok(());
        }
        self.join(host)?;
        self.roles[host].joining = true;
        Ok(())
    }

    /// The files of a host that does not run are lost or damaged.
    fn ruin_files(&mut self, host: usize) {
        if self.world.hosts[host].runs() || !self.roles[host].member {
            return;
        }
        if self.world.hosts[host].family != Family::Ours || self.rng.one_in(3) {
            self.lose_identity(host);
            return;
        }
        for name in ["nodes.conf", "nodes.conf.sum", "nodes.conf.prev"] {
            if name == "nodes.conf" || self.rng.one_in(5) {
                self.world.damage(host, name);
            }
        }
        self.world.watch.damaged(host);
    }

    /// Some of those that are down come back.
    fn restart_some(&mut self) -> Result<(), Broken> {
        for host in 0..self.roles.len() {
            if self.roles[host].member && !self.world.hosts[host].runs() && self.rng.one_in(6) {
                self.restart(host)?;
            }
        }
        Ok(())
    }
}
