//! Random commands, sent to Handfast and to a real server: every reply is compared, and what is left of the keys.

mod compare;
mod known;
mod lua;
pub mod numbers;
mod pair;
mod reply;
mod shapes;
mod shrink;
mod state;
mod words;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::node::{Kind, Node};
use crate::rng::Rng;
use pair::{Conditions, Line, Pair, Step};
use shapes::{Cast, Table};

pub use reply::{Raw, Wire};

/// The server that Handfast is compared with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Against {
    /// Redis 7.0.15.
    Redis7,
    /// Valkey 9.1.2.
    Valkey,
}

impl Against {
    /// Both.
    pub const ALL: [Against; 2] = [Against::Redis7, Against::Valkey];

    /// By the name that options and shapes use.
    pub fn named(name: &str) -> Option<Against> {
        Against::ALL.into_iter().find(|against| against.name() == name)
    }

    /// That name.
    pub fn name(self) -> &'static str {
        match self {
            Against::Redis7 => "redis7",
            Against::Valkey => "valkey",
        }
    }

    /// What is started.
    pub fn kind(self) -> Kind {
        match self {
            Against::Redis7 => Kind::Redis7,
            Against::Valkey => Kind::Valkey9,
        }
    }

    /// Whether floating point numbers come in the digits that Handfast prints.
    fn prints_digits_as_we_do(self) -> bool {
        self == Against::Valkey
    }
}

/// What to do.
pub struct Plan {
    /// The same seed gives the same commands.
    pub seed: u64,
    /// For how long.
    pub time: Duration,
    /// With which servers.
    pub against: Vec<Against>,
    /// Families of commands; all if there are none.
    pub families: Vec<String>,
    /// The port of Handfast; the others follow.
    pub port: u16,
}

/// Commands of a sequence.
const STEPS: u64 = 150;
/// Different differences after which a run ends.
const DIFFERENCES_MAX: usize = 25;
/// Commands between MULTI and EXEC.
const TOGETHER_MAX: u64 = 4;

/// What a run came to.
pub struct Outcome {
    /// What it says.
    pub text: String,
    /// Differences that are not known, each a transcript.
    pub differences: Vec<String>,
}

/// Each command of the table with each of these in place of all its numbers.
pub fn extremes(values: &[&str], seed: u64) -> Result<Vec<Vec<Vec<u8>>>> {
    Table::new()?.extremes(values, &mut Rng::new(seed))
}

/// Starts the servers and compares them until the time is over.
pub fn run(plan: &Plan) -> Result<Outcome> {
    let options = ["--enable-debug-command", "yes"];
    let ours = Node::start(Kind::Handfast, plan.port, &options)?;
    let mut differences = Vec::new();
    let mut text = format!("seed {}\n", plan.seed);
    let share = plan.time / plan.against.len().max(1) as u32;
    for (i, against) in plan.against.iter().enumerate() {
        let theirs = Node::start(against.kind(), plan.port + 1 + i as u16, &options)?;
        let mut pair = Pair::new(*against, ours.port, theirs.port)?;
        let mut table = Table::new()?;
        let unknown = table.keep(*against, |name| pair.knows(name))?;
        table.choose(&plan.families)?;
        let sequences = compare(plan.seed, share, &mut pair, &table, *against, &mut differences)?;
        writeln!(text, "{}: {sequences} sequences, {} commands", against.name(), pair.commands)?;
        if !unknown.is_empty() {
            writeln!(text, "  not known to both: {}", unknown.join(" "))?;
        }
        for (known, count) in known::KNOWN.iter().zip(&pair.known).filter(|(_, count)| **count > 0) {
            writeln!(text, "  {count} times {}: {}", known.command, known.reason)?;
        }
    }
    writeln!(text, "{} differences", differences.len())?;
    Ok(Outcome { text, differences })
}

/// Runs sequences against one server; their number.
fn compare(
    seed: u64,
    time: Duration,
    pair: &mut Pair,
    table: &Table,
    against: Against,
    differences: &mut Vec<String>,
) -> Result<u64> {
    let (mut rng, start, mut kinds) = (Rng::new(seed), Instant::now(), BTreeSet::new());
    for sequence in 0.. {
        if start.elapsed() >= time || differences.len() >= DIFFERENCES_MAX {
            return Ok(sequence);
        }
        let mut rng = rng.fork();
        let conditions = Conditions { resp: if rng.one_in(2) { 2 } else { 3 }, small: rng.one_in(2) };
        let steps = steps(&table.draw(&mut rng), &mut rng)?;
        let Some((at, found)) = pair.run(conditions, &steps)? else { continue };
        if kinds.insert(found.kind()) {
            let until = &steps[..(at + 1).min(steps.len())];
            let (short, found) = shrink::shrink(pair, conditions, until, found)?;
            let text = shrink::transcript(conditions, &short, &found, against.name());
            println!("{text}");
            differences.push(text);
        }
    }
    unreachable!("the loop has no end of its own")
}

fn steps(cast: &Cast<'_>, rng: &mut Rng) -> Result<Vec<Step>> {
    let line = |rng: &mut Rng| -> Result<Line> {
        let (words, modes) = cast.command(rng)?;
        Ok(Line { words, modes })
    };
    let mut steps = Vec::new();
    for _ in 0..STEPS {
        steps.push(match rng.below(200) {
            0..6 => Step::Together((0..=rng.below(TOGETHER_MAX)).map(|_| line(rng)).collect::<Result<_>>()?),
            6 => Step::Expire(cast.key(rng)),
            _ => Step::Plain(line(rng)?),
        });
    }
    Ok(steps)
}
