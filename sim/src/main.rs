//! `sim --seed N`: lives a life of a cluster. Exit codes: 0 all is well, 2 something happened that must not,
//! 3 something did not happen that must.

use clap::Parser;
use sim::life::{Plan, live};
use std::process::ExitCode;

#[derive(Parser)]
#[command(about = "Whole clusters under one seed")]
struct Arguments {
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
    /// Print everything that happens, not only the end of what went wrong.
    #[arg(long)]
    trace: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let mut worst = 0;
    for seed in arguments.seed..arguments.seed.saturating_add(arguments.seeds) {
        let plan = Plan { seed, nodes: arguments.nodes, seconds: arguments.seconds, loud: arguments.trace };
        let report = live(plan);
        match report.outcome {
            Ok(()) => println!(
                "seed {seed}: well, trace {:016x}, {} requests answered, {} lost",
                report.hash, report.answered, report.lost
            ),
            Err(broken) => {
                if !arguments.trace {
                    report.trace.iter().for_each(|line| println!("{line}"));
                }
                println!("seed {seed}: {broken}");
                let code = broken.exit_code();
                worst = if worst == 0 { code } else { worst.min(code) };
            }
        }
    }
    ExitCode::from(worst)
}
