//! A life: a cluster forms, and then hours of trouble, peace, and operators at work, one episode after another. After
//! each, everybody must agree again.

mod operator;
mod peace;
mod plan;
mod siege;
mod trouble;

pub use plan::{Mix, Plan};

use crate::bus::check::agreement::{self, Member};
use crate::bus::check::forgotten::Forgotten;
use crate::bus::check::handshakes::Handshakes;
use crate::bus::outlook::Outlook;
use crate::bus::world::{Family, Seat, World};
use crate::check::Broken;
use base::Rng;
use plan::Choice;

/// Time between two looks at what nodes show, microseconds.
const LOOK_US: u64 = 5_000_000;
/// Time between two questions whether all agree, microseconds.
const ASK_US: u64 = 500_000;

/// An introduction that did not work is repeated after a handshake's time and so much more, microseconds.
const MEET_AGAIN_US: u64 = 5_000_000;

/// Of no more hosts than these, the tables are shown when a life ended badly.
const SHOWN_MAX: usize = 16;

/// How a life ended.
pub struct Report {
    /// What went wrong, if anything.
    pub outcome: Result<(), Broken>,
    /// Names the life: the same seed has the same.
    pub hash: u64,
    /// The last lines of the trace.
    pub trace: Vec<String>,
    /// Time that passed in it, microseconds.
    pub lived_us: u64,
    /// Packets that were sent.
    pub packets: u64,
    /// What the seed chose, in words.
    pub about: String,
}

/// Lives a life.
pub fn live(plan: Plan) -> Report {
    let mut life = Life::new(&plan);
    let outcome = life.live(plan.seconds * 1_000_000);
    if let Err(broken) = &outcome {
        life.world.say(broken.to_string());
        if life.world.hosts.len() <= SHOWN_MAX {
            life.show_all();
        }
    }
    Report {
        outcome,
        hash: life.world.trace.hash(),
        trace: life.world.trace.last(),
        lived_us: life.world.now_us,
        packets: life.world.packets.0,
        about: format!(
            "{} nodes, timeout {} ms, {:?}",
            life.choice.nodes, life.choice.timeout_ms, life.choice.mix
        ),
    }
}

/// What the operator knows of a host.
#[derive(Default)]
struct Role {
    /// It belongs to the cluster.
    member: bool,
    /// It was introduced while there was trouble: that may not have worked.
    joining: bool,
    /// When its process began to run without a stop.
    running_since_us: u64,
}

struct Life {
    world: World,
    rng: Rng,
    choice: Choice,
    roles: Vec<Role>,
    forgotten: Forgotten,
    handshakes: Handshakes,
    next_look_us: u64,
    moves: u32,
}

impl Life {
    fn new(plan: &Plan) -> Life {
        let mut rng = Rng::new(plan.seed ^ 0xB0_5EED);
        let choice = Choice::new(plan, &mut rng);
        let mut world = World::new(rng.next_u64());
        world.trace.loud = plan.loud;
        for n in 0..choice.nodes + choice.spares {
            let family = choice.family(n, &mut rng);
            let host = world.add_host(family, choice.timeout_ms);
            world.hosts[host].settings.require_full_coverage = choice.full_coverage;
            world.hosts[host].settings.blacklist_ttl_s = choice.blacklist_s;
        }
        let roles = world.hosts.iter().map(|_| Role::default()).collect();
        let (forgotten, handshakes) = (Forgotten::default(), Handshakes::default());
        Life { world, rng, choice, roles, forgotten, handshakes, next_look_us: 0, moves: 0 }
    }

    fn live(&mut self, time_us: u64) -> Result<(), Broken> {
        for host in 0..self.choice.nodes {
            self.start(host)?;
        }
        self.form()?;
        self.agree("the cluster does not form")?;
        self.assign_all()?;
        self.agree("the slots are not taken")?;
        while self.world.now_us < time_us {
            self.episode()?;
        }
        Ok(())
    }

    fn episode(&mut self) -> Result<(), Broken> {
        match self.rng.below(12) {
            0..=4 => self.storm()?,
            5 | 6 => self.operate()?,
            7 => self.siege()?,
            8 => self.outage()?,
            9 => self.exile()?,
            10 => self.grow_or_shrink()?,
            _ => self.quiet()?,
        }
        self.peace()?;
        self.agree("the nodes do not agree")
    }

    /// Nothing happens for a while; nobody may notice anything.
    fn quiet(&mut self) -> Result<(), Broken> {
        self.world.say("quiet".to_owned());
        let time = 30 + self.rng.below(300);
        let before = self.world.packets.0;
        self.run(time * 1_000_000)?;
        if let Err(why) = agreement::check(&self.members()) {
            return Err(Broken::Safety(format!("agreement was lost while nothing happened: {why}")));
        }
        let members = self.roles.iter().filter(|r| r.member).count() as u64;
        let rate = (self.world.packets.0 - before) / time / members.max(1);
        // One random ping a second and its answer, and a ping each way of every pair in half a timeout, at most.
        let most = 6 + 5 * members * 1000 / self.choice.timeout_ms;
        if rate > most {
            return Err(Broken::Safety(format!("{rate} packets a second and node while nothing happened")));
        }
        Ok(())
    }

    /// Starts a node, and holds it to what it told before. False if its files are past reading.
    fn try_start(&mut self, host: usize) -> Result<bool, Broken> {
        if let Err(error) = self.world.start(host) {
            self.world.say(format!("n{host} does not start: {error}"));
            return Ok(false);
        }
        self.roles[host].running_since_us = self.world.now_us;
        let epochs = match self.world.hosts[host].seat.as_ref() {
            Some(Seat::Ours(machine)) => machine.epochs(),
            _ => return Ok(true),
        };
        self.world.watch.started(host, epochs);
        self.broken()?;
        Ok(true)
    }

    fn start(&mut self, host: usize) -> Result<(), Broken> {
        match self.try_start(host)? {
            true => Ok(()),
            false => Err(Broken::Safety(format!("n{host} does not start again"))),
        }
    }

    fn broken(&mut self) -> Result<(), Broken> {
        match self.world.watch.broken.take() {
            Some(broken) => Err(broken),
            None => Ok(()),
        }
    }

    /// Lets time pass; checkers look on.
    fn run(&mut self, time_us: u64) -> Result<(), Broken> {
        let until = self.world.now_us + time_us;
        while self.world.now_us < until {
            let next = until.min(self.next_look_us.max(self.world.now_us + 1));
            self.world.run_us(next - self.world.now_us);
            self.broken()?;
            if self.world.now_us >= self.next_look_us {
                self.next_look_us = self.world.now_us + LOOK_US;
                self.look()?;
            }
        }
        Ok(())
    }

    /// Looks at what every running node of ours shows.
    fn look(&mut self) -> Result<(), Broken> {
        let now = self.world.now_us;
        let most = self.choice.timeout_ms.max(1000) * 1000 + 2 * LOOK_US;
        for host in 0..self.world.hosts.len() {
            let it = &self.world.hosts[host];
            let Some(seat) = it.seat.as_ref().filter(|_| it.family == Family::Ours) else { continue };
            if it.frozen_until.is_some() {
                self.roles[host].running_since_us = now;
                continue;
            }
            let shown = Outlook::of(seat);
            self.forgotten.check(now, host, &shown)?;
            let since = self.roles[host].running_since_us;
            self.handshakes.check(now, host, since, most, &shown)?;
        }
        Ok(())
    }

    fn outlook(&self, host: usize) -> Option<Outlook> {
        self.world.hosts[host].seat.as_ref().map(Outlook::of)
    }

    fn members(&self) -> Vec<Member> {
        let member = |host: usize| {
            let it = &self.world.hosts[host];
            let for_clients = it.settings.announce_client_ipv4.clone();
            Some(Member { host, ip: it.ip, for_clients, shown: self.outlook(host)? })
        };
        (0..self.roles.len()).filter(|h| self.roles[*h].member).filter_map(member).collect()
    }

    /// Waits until all agree: as long as failures take to be forgiven, and a bit.
    fn agree(&mut self, complaint: &str) -> Result<(), Broken> {
        let began = self.world.now_us;
        let end = began + 60_000_000 + 8_000 * self.choice.timeout_ms;
        let mut introduced = began;
        loop {
            self.run(ASK_US)?;
            let Err(why) = agreement::check(&self.members()) else { break };
            if self.world.now_us >= end {
                return Err(Broken::Liveness(format!("{complaint}: {why}")));
            }
            // A handshake that an earlier introduction began, and that came to nothing, stands in a later one's way.
            if self.world.now_us - introduced > MEET_AGAIN_US + self.choice.timeout_ms * 1000 {
                introduced = self.world.now_us;
                self.introduce_joining();
            }
        }
        self.roles.iter_mut().for_each(|role| role.joining = false);
        self.world.say("agreed".to_owned());
        Ok(())
    }

    /// For whoever reads why a life ended badly.
    fn show_all(&mut self) {
        for host in 0..self.world.hosts.len() {
            let Some(shown) = self.outlook(host) else { continue };
            let family = self.world.hosts[host].family;
            self.world.say(format!("n{host} {family:?} {} ok:{}", shown.me, shown.ok));
            for (id, n) in &shown.nodes {
                let links = (if n.connected { "to" } else { "-" }, if n.inbound { "from" } else { "-" });
                let text = format!(
                    "    {id} {}:{} flags {:#x} of {:?} epoch {} {} {} {:?}",
                    n.ip, n.bus_port, n.flags, n.primary, n.epoch, links.0, links.1, n.slots
                );
                self.world.say(text);
            }
        }
    }
}
