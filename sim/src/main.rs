//! The simulator's command line. Exit codes: 0 all is well, 2 something happened that must not, 3 something did not
//! happen that must.

mod report;

use clap::{Args, Parser, Subcommand, ValueEnum};
use report::Tally;
use sim::bus::life::Mix;
use sim::bus::mesh::Crowd;
use sim::bus::world::Family;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

const ABOUT: &str = "\
Whole clusters under one seed: the same seed gives the same trace, line by line.

Without a command, the first storey: whole nodes with workers, clients and disks. `bus`, the second: nodes that are \
nothing but the cluster bus, many more of them, for hours, with models of Redis 7.0, Redis 8 and Valkey 9 among them. \
`mesh` measures how a crowd forms.";

const AFTER: &str = "\
Exit codes: 0 all is well; 2 safety: something happened that must never happen; 3 liveness: something did not happen \
that must happen in the end. The last lines of the trace are printed before the complaint.

  sim --seed 7                         a life of whole nodes, 20 seconds of trouble
  sim --seed 7 --trace                 the same with every line
  sim bus --seed 7 --hours 5           five hours of trouble and peace for a cluster that the seed chooses
  sim bus --seeds 10 --hours 0.2 --twice
  sim bus --seed 3 --nodes 50 --family valkey9
  sim mesh --nodes 1000                a chain of MEETs at 1 ms latency
  sim redial --nodes 1000              999 peers redial a node that restarts";

#[derive(Parser)]
#[command(name = "sim", about = ABOUT, after_help = AFTER, args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    storey: Option<Storey>,
    #[command(flatten)]
    nodes: Nodes,
}

#[derive(Subcommand)]
enum Storey {
    /// The second storey: cluster machines only, many of them, for hours.
    Bus(Bus),
    /// Lets a crowd form and measures time, packets and memory.
    Mesh(Mesh),
    /// Lets a crowd form, restarts one node, and measures how long all others take to reach it again.
    Redial(Mesh),
}

#[derive(Args)]
struct Nodes {
    /// The seed; the first of them with --seeds.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// How many seeds.
    #[arg(long, default_value_t = 1)]
    seeds: u64,
    /// Number of nodes; the seed chooses otherwise.
    #[arg(long)]
    nodes: Option<usize>,
    /// Seconds of trouble, as the simulated clocks count them.
    #[arg(long, default_value_t = 20)]
    seconds: u64,
    /// The same in hours.
    #[arg(long, conflicts_with = "seconds")]
    hours: Option<f64>,
    /// Print everything that happens, not only the end of what went wrong.
    #[arg(long)]
    trace: bool,
}

#[derive(Args)]
struct Bus {
    /// The seed; the first of them with --seeds.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// How many seeds.
    #[arg(long, default_value_t = 1)]
    seeds: u64,
    /// Nodes at the beginning; the seed chooses otherwise.
    #[arg(long)]
    nodes: Option<usize>,
    /// Hours, as the simulated clocks count them.
    #[arg(long, default_value_t = 1.0)]
    hours: f64,
    /// cluster-node-timeout, milliseconds; the seed chooses otherwise.
    #[arg(long)]
    timeout: Option<u64>,
    /// Whose nodes are among ours; the seed chooses otherwise.
    #[arg(long)]
    family: Option<Families>,
    /// Live each life twice, and compare their traces.
    #[arg(long)]
    twice: bool,
    /// Go on after a life that ended badly.
    #[arg(long)]
    keep_going: bool,
    /// Print everything that happens, not only the end of what went wrong.
    #[arg(long)]
    trace: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Families {
    Ours,
    Redis7,
    Redis8,
    Valkey9,
    All,
}

impl Families {
    fn mix(self) -> Mix {
        match self {
            Families::Ours => Mix::Ours,
            Families::Redis7 => Mix::With(Family::Redis7),
            Families::Redis8 => Mix::With(Family::Redis8),
            Families::Valkey9 => Mix::With(Family::Valkey9),
            Families::All => Mix::All,
        }
    }
}

#[derive(Args)]
struct Mesh {
    /// The seed.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Number of nodes.
    #[arg(long, default_value_t = 1000)]
    nodes: usize,
    /// Introduce all to one node, instead of each to the next.
    #[arg(long)]
    star: bool,
    /// Milliseconds that a packet takes.
    #[arg(long, default_value_t = 1)]
    latency: u64,
    /// cluster-node-timeout, milliseconds.
    #[arg(long, default_value_t = 15_000)]
    timeout: u64,
    /// Complain if it takes more virtual milliseconds than this.
    #[arg(long, default_value_t = 60_000)]
    within: u64,
}

impl Mesh {
    fn crowd(&self) -> Crowd {
        Crowd {
            seed: self.seed,
            nodes: self.nodes,
            star: self.star,
            latency_us: self.latency * 1000,
            timeout_ms: self.timeout,
            most_us: self.within * 1000,
        }
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let mut tally = Tally::default();
    match arguments.storey {
        None => whole_nodes(&arguments.nodes, &mut tally),
        Some(Storey::Bus(bus)) => lives(&bus, &mut tally),
        Some(Storey::Mesh(mesh)) => report::mesh(mesh.crowd(), &mut tally),
        Some(Storey::Redial(mesh)) => report::redial(mesh.crowd(), &mut tally),
    }
    tally.exit_code()
}

fn whole_nodes(arguments: &Nodes, tally: &mut Tally) {
    let seconds = arguments.hours.map_or(arguments.seconds, |hours| (hours * 3600.0) as u64);
    for seed in arguments.seed..arguments.seed.saturating_add(arguments.seeds) {
        let plan = sim::life::Plan { seed, nodes: arguments.nodes, seconds, loud: arguments.trace };
        tally.whole_nodes(plan);
    }
}

fn lives(arguments: &Bus, tally: &mut Tally) {
    let seconds = (arguments.hours * 3600.0) as u64;
    for seed in arguments.seed..arguments.seed.saturating_add(arguments.seeds) {
        let mix = arguments.family.map(Families::mix);
        let plan = sim::bus::life::Plan {
            seed,
            nodes: arguments.nodes,
            seconds,
            timeout_ms: arguments.timeout,
            mix,
            loud: arguments.trace,
        };
        tally.bus(plan, arguments.twice);
        if tally.is_bad() && !arguments.keep_going {
            break;
        }
    }
    tally.print_sum();
}
