//! What the command line prints, and the exit code.

use sim::bus;
use sim::bus::mesh::{self, Crowd, Formed};
use sim::check::Broken;
use sim::life;
use std::process::ExitCode;

/// Runs so far.
#[derive(Default)]
pub struct Tally {
    worst: u8,
    seeds: u64,
    bad: u64,
    lived_us: u64,
    packets: u64,
}

impl Tally {
    /// Safety goes before liveness.
    fn note(&mut self, broken: &Broken) {
        let code = broken.exit_code();
        self.worst = if self.worst == 0 { code } else { self.worst.min(code) };
        self.bad += 1;
    }

    /// Whether something went wrong.
    pub fn is_bad(&self) -> bool {
        self.bad > 0
    }

    /// 0, 2 for safety, 3 for liveness.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.worst)
    }

    /// Lives a life of the first storey.
    pub fn whole_nodes(&mut self, plan: life::Plan) {
        let report = life::live(plan);
        let (seed, hash) = (plan.seed, report.hash);
        match report.outcome {
            Ok(()) => println!(
                "seed {seed}: well, trace {hash:016x}, {} requests answered, {} lost",
                report.answered, report.lost
            ),
            Err(broken) => self.complain(seed, &broken, &report.trace, plan.loud),
        }
    }

    /// Lives a life of the second.
    pub fn bus(&mut self, plan: bus::life::Plan, twice: bool) {
        let report = bus::life::live(plan);
        let (seed, hash) = (plan.seed, report.hash);
        self.seeds += 1;
        self.lived_us += report.lived_us;
        self.packets += report.packets;
        let hours = report.lived_us as f64 / 3.6e9;
        match report.outcome {
            Ok(()) => println!(
                "seed {seed}: well, trace {hash:016x}, {hours:.2} h, {} packets, {}",
                report.packets, report.about
            ),
            Err(broken) => {
                self.complain(seed, &broken, &report.trace, plan.loud);
                println!("  after {hours:.2} h: {}", report.about);
            }
        }
        if twice && bus::life::live(plan).hash != hash {
            let broken = Broken::Safety("the second life has another trace".to_owned());
            self.complain(seed, &broken, &[], plan.loud);
        }
    }

    fn complain(&mut self, seed: u64, broken: &Broken, trace: &[String], shown: bool) {
        if !shown {
            trace.iter().for_each(|line| println!("{line}"));
        }
        println!("seed {seed}: {broken}");
        self.note(broken);
    }

    /// All of it in one line.
    pub fn print_sum(&self) {
        let hours = self.lived_us as f64 / 3.6e9;
        println!(
            "{} seeds, {hours:.1} simulated hours, {} packets, {} ended badly",
            self.seeds, self.packets, self.bad
        );
    }
}

fn allocated() -> usize {
    let fresh = tikv_jemalloc_ctl::epoch::advance();
    fresh.and_then(|_| tikv_jemalloc_ctl::stats::allocated::read()).unwrap_or(0)
}

fn form(crowd: Crowd, tally: &mut Tally) -> Option<Formed> {
    let before = allocated();
    match mesh::form(crowd) {
        Ok(formed) => {
            let n = crowd.nodes as f64;
            println!(
                "{} nodes: all known after {:.3} s, all linked after {:.3} s",
                crowd.nodes,
                formed.known_us as f64 / 1e6,
                formed.linked_us as f64 / 1e6
            );
            println!(
                "{} packets ({:.2} N²), {:.1} MiB; {} bytes of memory a node ({:.0} a record of a peer)",
                formed.packets.0,
                formed.packets.0 as f64 / n / n,
                formed.packets.1 as f64 / (1 << 20) as f64,
                (allocated() - before) / crowd.nodes,
                (allocated() - before) as f64 / n / n
            );
            Some(formed)
        }
        Err(broken) => {
            println!("{broken}");
            tally.note(&broken);
            None
        }
    }
}

/// Forms a mesh and prints what it took.
pub fn mesh(crowd: Crowd, tally: &mut Tally) {
    form(crowd, tally);
}

/// Time that the restarted node is away, microseconds.
const AWAY_US: u64 = 2_000_000;

/// Forms a mesh, restarts a node, and prints how long the others had no link to it.
pub fn redial(crowd: Crowd, tally: &mut Tally) {
    let Some(mut formed) = form(crowd, tally) else { return };
    match mesh::redial(&mut formed, AWAY_US) {
        Ok(found) => println!(
            "{} peers redialled: the first link after {:.3} s, the last after {:.3} s, {} packets",
            crowd.nodes - 1,
            found.links_us.0 as f64 / 1e6,
            found.links_us.1 as f64 / 1e6,
            found.packets
        ),
        Err(broken) => {
            println!("{broken}");
            tally.note(&broken);
        }
    }
}
