//! `cargo xtask …`: everything that is done to this tree and is not building it.

mod check;
mod fuzz;
mod hammer;
mod instructions;
mod needs;
mod shell;
mod steps;
mod toolchain;

use std::process::ExitCode;

use anyhow::Result;

const USAGE: &str = "\
usage: cargo xtask COMMAND

  test                      install what the tests need, then run all that must pass on each push
  nightly                   the same, then the whole conformance suite, the soak, a thousand crashes and many simulation seeds
  check                     the rules of this tree: crate arrows, unsafe, sizes, words, documents
  conformance [OPTIONS]     Redis's test suite against our binary: [--all] [--unit U] [--mode external|cluster|spawn]
  bless [OPTIONS]           the same, and add what newly passes to the lists of names that must pass
  peers                     fetch the suite, the real Redis and Valkey servers and the client libraries, and no more
  sim [OPTIONS]             the simulator, whole nodes: [--seed N] [--nodes N] [--seconds S]
  sim bus [OPTIONS]         the simulator, machines of the bus for hours: [--seed N] [--nodes N] [--hours H] [--family F]
  sim mesh|redial [OPTIONS] the simulator, crowds: [--nodes N] [--star] [--latency MS]; sim --help has all
  fuzz [TARGET]… [OPTIONS]  search for inputs that break a decoder or the cluster machine: [--seconds N] [--keep] [--replay]
  hammer [OPTIONS]          mutated bus packets against a live cluster under AddressSanitizer: [--packets N] [--seed S]
  differ [OPTIONS]          random commands to our binary and to real servers, replies compared: [--seconds S] [--seed N] [--against redis7|valkey] [--family F]
  bench [OPTIONS]           CPU time per request beside a real server: [--rounds N] [--percent N] [--workload W] [--growth FIELDS]
  instructions [--update]   instructions per command, counted by valgrind, against the committed figures
  divergences [--check]     write the generated part of DIVERGENCES.md, or say whether it is up to date";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (command, rest) = match arguments.split_first() {
        Some((command, rest)) => (command.as_str(), rest),
        None => ("help", &[][..]),
    };
    std::env::set_current_dir(shell::root())?;
    match command {
        "test" => steps::test(),
        "nightly" => steps::nightly(),
        "check" => check::run(),
        "conformance" => steps::conformance(rest),
        "bless" => steps::bless(rest),
        "peers" => steps::peers(),
        "sim" => steps::sim(rest),
        "fuzz" => fuzz::fuzz(rest, &steps::target()),
        "hammer" => hammer::hammer(rest, &steps::target()),
        "differ" => steps::differ(rest),
        "bench" => steps::bench(rest),
        "instructions" => instructions::instructions(rest, &steps::target()),
        "divergences" => steps::divergences(rest),
        _ => {
            println!("{USAGE}");
            Ok(())
        }
    }
}
