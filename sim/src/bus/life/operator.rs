//! What operators do, to one node at a time and as the documentation tells them to.

use super::Life;
use crate::bus::outlook::Outlook;
use crate::bus::raw::flag;
use crate::bus::world::{Family, PORT, Seat};
use crate::check::Broken;
use base::{NodeId, Now, SLOTS, Slot, SlotSet};
use cluster::{SetSlot, SlotKeys};

/// Slots that are moved in one go.
const MOVED_MAX: u64 = 50;

impl Life {
    /// Gives an order to a running node; what it answers goes to the trace.
    pub(super) fn order(
        &mut self,
        host: usize,
        what: &str,
        give: impl FnOnce(&mut Seat, Now) -> Result<(), String>,
    ) -> bool {
        let answer = match self.world.hosts[host].frozen_until {
            Some(_) => Some(Err("it stands still".to_owned())),
            None => self.world.call(host, give),
        };
        let text = match &answer {
            None => "nobody there",
            Some(Ok(())) => "OK",
            Some(Err(why)) => why.as_str(),
        };
        self.world.say(format!("n{host}: {what}: {text}"));
        matches!(answer, Some(Ok(())))
    }

    pub(super) fn meet(&mut self, from: usize, to: usize) {
        let ip = self.world.hosts[to].ip.to_string();
        // An introduction takes back what was said of either.
        let (a, b) = (self.id_of(from), self.id_of(to));
        self.forgotten.excuse(|_, id| Some(id) == a || Some(id) == b);
        self.order(from, &format!("MEET n{to}"), |seat, now| match seat {
            Seat::Ours(machine) => machine
                .meet(ip.as_bytes(), PORT.to_string().as_bytes(), None, "operator", now)
                .map_err(|refused| refused.to_string()),
            Seat::Peer(peer) => peer.meet(&ip, now),
        });
    }

    pub(super) fn id_of(&self, host: usize) -> Option<NodeId> {
        self.world.hosts[host].seat.as_ref().map(Seat::id)
    }

    /// A random tree of MEETs among the first nodes, in random order and direction.
    pub(super) fn form(&mut self) -> Result<(), Broken> {
        let count = self.choice.nodes;
        let mut edges: Vec<(usize, usize)> =
            (1..count).map(|n| (n, self.rng.below(n as u64) as usize)).collect();
        self.rng.shuffle(&mut edges);
        let pace = if self.rng.one_in(2) { 300_000 } else { 1_000 };
        for (a, b) in edges {
            let (from, to) = if self.rng.one_in(2) { (a, b) } else { (b, a) };
            self.meet(from, to);
            let pause = self.rng.below(pace);
            self.run(pause)?;
        }
        self.roles.iter_mut().take(count).for_each(|role| role.member = true);
        Ok(())
    }

    /// All slots to the first nodes; models may become replicas of some.
    pub(super) fn assign_all(&mut self) -> Result<(), Broken> {
        let count = self.choice.nodes;
        let is_ours = |life: &Life, host: usize| life.world.hosts[host].family == Family::Ours;
        let owners: Vec<usize> =
            (0..count).filter(|h| is_ours(self, *h) || *h < 2 || self.rng.one_in(2)).collect();
        let per = SLOTS / owners.len();
        for (n, host) in owners.iter().enumerate() {
            let end = if n + 1 == owners.len() { SLOTS } else { (n + 1) * per };
            let slots = (n * per..end).filter_map(|s| Slot::new(s as u16)).collect();
            self.add_slots(*host, &slots);
        }
        self.agree("the slots are not taken")?;
        let others: Vec<usize> = (0..count).filter(|h| !owners.contains(h)).collect();
        for host in others {
            let primary = owners[self.rng.below(owners.len() as u64) as usize];
            self.replicate(host, primary);
        }
        Ok(())
    }

    pub(super) fn add_slots(&mut self, host: usize, slots: &SlotSet) {
        let bounds: Vec<String> =
            slots.ranges().iter().flat_map(|(a, b)| [a.to_string(), b.to_string()]).collect();
        let words: Vec<&[u8]> = bounds.iter().map(|b| b.as_bytes()).collect();
        self.order(host, &format!("ADDSLOTS {slots:?}"), |seat, now| match seat {
            Seat::Ours(machine) => {
                machine.add_slots_range(&words, now).map_err(|refused| refused.to_string())
            }
            Seat::Peer(peer) => peer.add_slots(slots, now),
        });
    }

    fn replicate(&mut self, host: usize, primary: usize) {
        let Some(id) = self.id_of(primary) else { return };
        self.order(host, &format!("REPLICATE n{primary}"), |seat, now| match seat {
            Seat::Ours(_) => Err("replication is not built yet".to_owned()),
            Seat::Peer(peer) => peer.replicate(id, now),
        });
    }

    pub(super) fn forget(&mut self, host: usize, id: NodeId) {
        let ttl_s = self.choice.blacklist_s;
        let done = self.order(host, &format!("FORGET {id}"), |seat, now| match seat {
            Seat::Ours(machine) => {
                machine.forget(id.as_bytes(), "operator", now).map_err(|refused| refused.to_string())
            }
            Seat::Peer(peer) => peer.forget(id, ttl_s, now),
        });
        if done && self.world.hosts[host].family == Family::Ours {
            // Clocks run a little apart, and whole seconds are told.
            let until = self.world.now_us + (ttl_s - 1) * 1_000_000;
            self.forgotten.forgot(host, id, until);
        }
    }

    pub(super) fn bump(&mut self, host: usize) {
        self.order(host, "BUMPEPOCH", |seat, now| match seat {
            Seat::Ours(machine) => {
                machine.bump_epoch(now);
                Ok(())
            }
            Seat::Peer(peer) => peer.bump_epoch(now),
        });
    }

    pub(super) fn reset(&mut self, host: usize) {
        let done = self.order(host, "RESET HARD", |seat, now| match seat {
            Seat::Ours(machine) => {
                machine.reset(true, 0, "operator", now).map_err(|refused| refused.to_string())
            }
            Seat::Peer(peer) => peer.reset(now),
        });
        if done {
            self.world.watch.reborn(host);
            self.forgotten.excuse(|h, _| h == host);
        }
    }

    /// One SETSLOT. `from`, `to`: whom it names.
    fn set_slot(&mut self, host: usize, slot: Slot, verb: Verb, id: NodeId) -> bool {
        let text = slot.to_string();
        self.order(host, &format!("SETSLOT {slot} {verb:?} {id}"), |seat, now| match seat {
            Seat::Ours(machine) => {
                let action = match verb {
                    Verb::Importing => SetSlot::Importing(id.as_bytes()),
                    Verb::Migrating => SetSlot::Migrating(id.as_bytes()),
                    Verb::Node => SetSlot::Node(id.as_bytes()),
                };
                machine
                    .set_slot(text.as_bytes(), action, SlotKeys::default(), now)
                    .map_err(|refused| refused.to_string())
            }
            Seat::Peer(peer) => match verb {
                Verb::Importing => peer.import(slot, id, now),
                Verb::Migrating => Ok(()),
                Verb::Node => peer.assign(slot, id, now),
            },
        })
    }

    /// A few orders, one after the other, while all is well.
    pub(super) fn operate(&mut self) -> Result<(), Broken> {
        self.world.say("operate".to_owned());
        for _ in 0..1 + self.rng.below(4) {
            match self.rng.below(7) {
                0 => self.bump_somebody(),
                1 => self.meet_again(),
                2 => self.announce_something(),
                3 => self.publish(),
                _ => self.move_slots()?,
            }
            let pause = self.rng.below(5_000_000);
            self.run(pause)?;
            self.agree("after an order the nodes do not agree")?;
        }
        Ok(())
    }

    pub(super) fn running_members(&self) -> Vec<usize> {
        let runs = |h: &usize| self.roles[*h].member && self.world.hosts[*h].runs();
        (0..self.roles.len()).filter(runs).collect()
    }

    pub(super) fn pick(&mut self, from: &[usize]) -> Option<usize> {
        from.get(self.rng.below(from.len() as u64) as usize).copied()
    }

    fn bump_somebody(&mut self) {
        let members = self.running_members();
        if let Some(host) = self.pick(&members) {
            self.bump(host);
        }
    }

    /// Members are introduced to each other once more: nothing comes of it.
    pub(super) fn meet_again(&mut self) {
        let members = self.running_members();
        if let (Some(a), Some(b)) = (self.pick(&members), self.pick(&members)) {
            self.meet(a, b);
        }
    }

    /// A node of ours is configured anew while it runs: what it says of itself changes.
    pub(super) fn announce_something(&mut self) {
        let members = self.running_members();
        let apt = |life: &Life, h: usize| {
            let it = &life.world.hosts[h];
            it.family == Family::Ours && it.frozen_until.is_none()
        };
        let Some(host) = self.pick(&members).filter(|h| apt(self, *h)) else { return };
        let mut text = |of: &str| if self.rng.one_in(2) { of.to_owned() } else { String::new() };
        let (hostname, human, zone) = (text("a-host.example"), text("a name"), text("zone-1"));
        // A Redis 8 and a Valkey that announces an address do not join each other; this project's do.
        let address = text("192.0.2.7");
        let settings = &mut self.world.hosts[host].settings;
        (settings.announce_hostname, settings.announce_human_nodename) = (hostname, human);
        (settings.availability_zone, settings.announce_client_ipv4) = (zone, address);
        let settings = settings.clone();
        self.order(host, "CONFIG SET of what it announces", |seat, now| {
            if let Seat::Ours(machine) = seat {
                machine.update_settings(settings, now);
            }
            Ok(())
        });
    }

    /// A client of a model publishes something.
    pub(super) fn publish(&mut self) {
        let members = self.running_members();
        if let Some(host) = self.pick(&members) {
            self.order(host, "PUBLISH", |seat, now| match seat {
                Seat::Ours(_) => Err("pub/sub is not built yet".to_owned()),
                Seat::Peer(peer) => peer.publish(b"channel", b"message", now),
            });
        }
    }

    /// Moves slots as a cluster manager does: importing, migrating, then NODE on target and source.
    fn move_slots(&mut self) -> Result<(), Broken> {
        let members = self.running_members();
        let shown: Vec<(usize, Outlook)> =
            members.iter().filter_map(|h| Some((*h, self.outlook(*h)?))).collect();
        let primaries: Vec<usize> =
            shown.iter().filter(|(_, o)| o.mine().has(flag::PRIMARY)).map(|(h, _)| *h).collect();
        let (Some(from), Some(to)) = (self.pick(&primaries), self.pick(&primaries)) else { return Ok(()) };
        let owned = shown.iter().find(|(h, _)| *h == from).map(|(_, o)| o.mine().slots.clone());
        let slots: Vec<Slot> = owned.unwrap_or_default().iter().collect();
        let (Some(source), Some(target)) = (self.id_of(from), self.id_of(to)) else { return Ok(()) };
        if from == to || slots.is_empty() {
            return Ok(());
        }
        let count = (1 + self.rng.below(MOVED_MAX)).min(slots.len() as u64);
        let first = self.rng.below(slots.len() as u64 - count + 1) as usize;
        let tells_source = !self.rng.one_in(4);
        self.moves += 1;
        for slot in &slots[first..first + count as usize] {
            let opened = self.set_slot(to, *slot, Verb::Importing, source);
            if opened && self.set_slot(from, *slot, Verb::Migrating, target) {
                let pause = self.rng.below(20_000);
                self.run(pause)?;
                self.set_slot(to, *slot, Verb::Node, target);
                if tells_source {
                    self.set_slot(from, *slot, Verb::Node, target);
                }
            }
        }
        Ok(())
    }

    /// A spare host joins, or a member leaves as the documentation says: it is forgotten by all, and reset.
    pub(super) fn grow_or_shrink(&mut self) -> Result<(), Broken> {
        let spare: Vec<usize> = (0..self.roles.len()).filter(|h| !self.roles[*h].member).collect();
        let members = self.running_members();
        if let Some(host) = self.pick(&spare).filter(|_| self.rng.one_in(2) || members.len() <= 3) {
            return self.join(host);
        }
        match self.pick(&members).filter(|_| members.len() > 3) {
            Some(host) => self.leave(host, 0),
            None => Ok(()),
        }
    }

    pub(super) fn join(&mut self, host: usize) -> Result<(), Broken> {
        if !self.world.hosts[host].runs() {
            self.start(host)?;
        }
        let members = self.running_members();
        if let Some(other) = self.pick(&members) {
            let (a, b) = if self.rng.one_in(2) { (host, other) } else { (other, host) };
            self.meet(a, b);
        }
        self.roles[host].member = true;
        Ok(())
    }

    /// All others forget a member; it is reset after `lingers_us`. Its slots go to somebody else.
    fn leave(&mut self, host: usize, lingers_us: u64) -> Result<(), Broken> {
        let Some(id) = self.id_of(host) else { return Ok(()) };
        self.roles[host].member = false;
        self.forget_everywhere(id)?;
        self.run(lingers_us)?;
        self.reset(host);
        self.adopt_orphan_slots();
        Ok(())
    }

    pub(super) fn forget_everywhere(&mut self, id: NodeId) -> Result<(), Broken> {
        // A replica does not forget its primary: it gets another one first, one that it knows.
        for host in self.running_members() {
            let Some(own) = self.outlook(host).filter(|own| own.mine().primary == Some(id)) else { continue };
            let fits = |o: Outlook| {
                o.me != id && o.me != own.me && o.mine().has(flag::PRIMARY) && own.nodes.contains_key(&o.me)
            };
            if let Some(other) =
                self.running_members().into_iter().find(|h| self.outlook(*h).is_some_and(fits))
            {
                self.replicate(host, other);
            }
        }
        for host in self.running_members() {
            self.forget(host, id);
        }
        self.run(100_000)
    }

    /// Slots that a primary sees without an owner are added to it.
    pub(super) fn adopt_orphan_slots(&mut self) {
        let apt = |life: &Life, h: &usize| {
            life.outlook(*h).is_some_and(|o| o.mine().has(flag::PRIMARY)) && !life.roles[*h].joining
        };
        let members: Vec<usize> = self.running_members().into_iter().filter(|h| apt(self, h)).collect();
        let Some(host) = self.pick(&members) else { return };
        let Some(shown) = self.outlook(host) else { return };
        let mut free: SlotSet = Slot::all().collect();
        shown.nodes.values().flat_map(|n| n.slots.iter()).for_each(|slot| {
            free.remove(slot);
        });
        if !free.is_empty() {
            self.add_slots(host, &free);
        }
    }

    /// A member is forgotten and goes on for most of the time that it must stay so, trying to come back as it will.
    /// Only where nobody takes it back against all orders: Valkey does.
    pub(super) fn exile(&mut self) -> Result<(), Broken> {
        let valkey = self.world.hosts.iter().any(|h| h.family == Family::Valkey9);
        let members = self.running_members();
        match self.pick(&members).filter(|_| members.len() > 3 && !valkey) {
            Some(host) => {
                let time = (self.choice.blacklist_s - 3) * 1_000_000;
                let lingers = time / 2 + self.rng.below(time / 2);
                self.leave(host, lingers)
            }
            None => Ok(()),
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Verb {
    Importing,
    Migrating,
    Node,
}
