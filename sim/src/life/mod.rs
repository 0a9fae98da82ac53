//! A life: nodes that meet, clients that work, trouble, peace, and what must hold all along and in the end.

mod client;
mod line;
mod op;
mod operator;
mod trouble;

use crate::check::owners::Owners;
use crate::check::{Broken, agreement, promises};
use crate::world::World;
use base::Rng;
use client::Client;
use cluster::view::View;
use std::sync::Arc;

/// Time between two looks of the clients and checkers, microseconds.
const SLICE_US: u64 = 5_000;
/// Time that a cluster has to form, and to agree after trouble.
const FORM_US_MAX: u64 = 60_000_000;
const AGREE_US_MAX: u64 = 120_000_000;
/// Time that clients have to get what they still wait for.
const FINISH_US_MAX: u64 = 20_000_000;
/// Clients of a life.
const CLIENTS: usize = 6;

/// What a life is made of.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Decides everything.
    pub seed: u64,
    /// Number of nodes; the seed chooses if there is none.
    pub nodes: Option<usize>,
    /// Seconds of trouble.
    pub seconds: u64,
    /// Print every line of the trace as it happens.
    pub loud: bool,
}

/// How a life ended.
pub struct Report {
    /// What went wrong, if anything.
    pub outcome: Result<(), Broken>,
    /// Names the life: the same seed has the same.
    pub hash: u64,
    /// The last lines of the trace.
    pub trace: Vec<String>,
    /// Requests that were answered, and those whose connection ended first.
    pub answered: u64,
    /// Requests whose connection ended before the answer.
    pub lost: u64,
}

/// Lives a life.
pub fn live(plan: Plan) -> Report {
    let mut life = Life::new(plan);
    let outcome = life.live(plan.seconds);
    life.world.collect_logs();
    if let Err(broken) = &outcome {
        life.world.say(&broken.to_string());
    }
    Report {
        outcome,
        hash: life.world.trace.hash(),
        trace: life.world.trace.last().map(str::to_owned).collect(),
        answered: life.clients.iter().map(|c| c.answered).sum(),
        lost: life.clients.iter().map(|c| c.lost).sum(),
    }
}

struct Life {
    world: World,
    rng: Rng,
    clients: Vec<Client>,
    owners: Owners,
    /// Hosts whose nodes start again now.
    pending_starts: Vec<usize>,
}

impl Life {
    fn new(plan: Plan) -> Life {
        let mut rng = Rng::new(plan.seed);
        let mut world = World::new(rng.next_u64());
        world.trace.loud = plan.loud;
        let nodes = plan.nodes.unwrap_or(3 + rng.below(5) as usize);
        let timeout = [500, 1000, 2000][rng.below(3) as usize];
        for _ in 0..nodes {
            let workers = 1 + rng.below(3);
            world.add_host(vec![
                "cluster-enabled yes".into(),
                format!("cluster-node-timeout {timeout}"),
                format!("io-threads {workers}"),
                "protected-mode no".into(),
                "enable-debug-command yes".into(),
            ]);
        }
        let clients = (0..CLIENTS).map(|id| Client::new(id, rng.next_u64())).collect();
        Life { world, rng, clients, owners: Owners::default(), pending_starts: Vec::new() }
    }

    fn live(&mut self, seconds: u64) -> Result<(), Broken> {
        for host in 0..self.world.hosts.len() {
            self.start(host)?;
        }
        self.form()?;
        self.until("the cluster does not form", FORM_US_MAX, Life::agreement)?;
        self.world.say("formed");
        for client in &mut self.clients {
            client.working = true;
        }
        let end = self.world.now_us + seconds * 1_000_000;
        while self.world.now_us < end {
            self.trouble();
            self.starts()?;
            let pause = 50_000 + self.rng.below(600_000);
            self.run(pause)?;
        }
        self.peace()?;
        self.until("the nodes do not agree", AGREE_US_MAX, Life::agreement)?;
        self.world.say("agreed");
        for client in &mut self.clients {
            client.working = false;
        }
        self.until("clients wait", FINISH_US_MAX, Life::nobody_waits)?;
        self.read_back()?;
        self.gates_are_open()
    }

    /// Starts a node, and holds it to what it told in earlier lives.
    fn start(&mut self, host: usize) -> Result<(), Broken> {
        if let Err(error) = self.world.start(host) {
            return Err(Broken::Safety(format!("n{host} does not start again: {error}")));
        }
        let it = &self.world.hosts[host];
        let now = promises::remembered(it).ok_or_else(|| Broken::Safety("a node without a view".into()))?;
        promises::check(&format!("n{host}"), &it.told, &now)
    }

    /// Lets time pass; clients and checkers look on.
    fn run(&mut self, time_us: u64) -> Result<(), Broken> {
        let until = self.world.now_us + time_us;
        while self.world.now_us < until {
            self.world.run_us(SLICE_US);
            self.world.collect_logs();
            for client in &mut self.clients {
                client.look(&mut self.world)?;
            }
            let views = self.views_by_host();
            self.owners.check(&views)?;
        }
        Ok(())
    }

    fn until(
        &mut self,
        what: &str,
        most_us: u64,
        done: impl Fn(&Life) -> Result<(), String>,
    ) -> Result<(), Broken> {
        let end = self.world.now_us + most_us;
        loop {
            self.run(100_000)?;
            match done(self) {
                Ok(()) => return Ok(()),
                Err(why) if self.world.now_us >= end => {
                    return Err(Broken::Liveness(format!("{what}: {why}")));
                }
                Err(_) => {}
            }
        }
    }

    fn views_by_host(&self) -> Vec<(usize, Arc<View>)> {
        let seat = |host: usize| self.world.hosts[host].seat.as_ref();
        let running = (0..self.world.hosts.len()).filter_map(|host| Some((host, seat(host)?)));
        running.map(|(host, seat)| (host, seat.shared.view.load_full())).collect()
    }

    fn agreement(&self) -> Result<(), String> {
        let views: Vec<Arc<View>> = self.views_by_host().into_iter().map(|(_, view)| view).collect();
        if views.len() != self.world.hosts.len() {
            return Err("not all nodes run".into());
        }
        agreement::check(&views)
    }

    fn nobody_waits(&self) -> Result<(), String> {
        match self.clients.iter().find_map(Client::waits) {
            Some(what) => Err(what),
            None => Ok(()),
        }
    }

    /// What was acknowledged on a node that has not ended since is there.
    fn read_back(&mut self) -> Result<(), Broken> {
        for client in &mut self.clients {
            client.read_back(&mut self.world);
        }
        self.until("clients wait for what they read back", FINISH_US_MAX, Life::nobody_waits)
    }

    /// Nobody holds a permit or a stripe for ever.
    fn gates_are_open(&self) -> Result<(), Broken> {
        for (host, it) in self.world.hosts.iter().enumerate() {
            let Some(seat) = &it.seat else { continue };
            let keyspace = &seat.shared.keyspace;
            let ticket = store::Ticket(u64::MAX);
            let Some(mut all) = keyspace.request_exclusive(ticket) else {
                return Err(Broken::Liveness(format!("n{host}: the gate is closed and nobody is inside")));
            };
            let clock = store::Clock::new(it.clock.at(self.world.now_us).unix_ms(), store::Touch::Lru);
            all.access(clock).check_invariants();
        }
        Ok(())
    }
}
