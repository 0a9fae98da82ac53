//! Random numbers through every command that does arithmetic on them or prints them, against real servers, many at a time.

use std::fmt::Write as _;
use std::time::Instant;

use anyhow::Result;

use super::compare::Modes;
use super::reply::{Raw, Wire, encode};
use super::{Against, Outcome, Plan};
use crate::node::{Kind, Node};
use crate::rng::Rng;

/// Rounds that are sent before replies are read.
const BATCH: usize = 200;
/// Differences that are shown.
const SHOWN_MAX: usize = 20;

/// What is compared of one command's reply.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Same {
    /// Each byte.
    Bytes,
    /// Each byte where scores are printed as we do, and the value elsewhere. A server's digits may be more than are needed.
    Score,
}

/// Compares until the time is over.
pub fn run(plan: &Plan) -> Result<Outcome> {
    let ours = Node::start(Kind::Handfast, plan.port, &[])?;
    let (mut text, mut differences) = (format!("seed {}\n", plan.seed), Vec::new());
    let share = plan.time / plan.against.len().max(1) as u32;
    for (i, against) in plan.against.iter().enumerate() {
        let theirs = Node::start(against.kind(), plan.port + 1 + i as u16, &[])?;
        let mut rng = Rng::new(plan.seed);
        let (start, mut values, mut longer) = (Instant::now(), 0, 0);
        while start.elapsed() < share && differences.len() < SHOWN_MAX {
            // Each connection once per protocol: half of the batches are RESP3.
            let resp = if rng.one_in(2) { "2" } else { "3" };
            let mut pair = [Wire::connect(ours.port)?, Wire::connect(theirs.port)?];
            for wire in &mut pair {
                wire.call(&["HELLO", resp])?;
            }
            let batch: Vec<(Vec<String>, Same)> = (0..BATCH).flat_map(|_| round(&mut rng)).collect();
            let [mine, other] = replies(&mut pair, &batch)?;
            for (at, (mine, other)) in mine.iter().zip(&other).enumerate() {
                values += 1;
                match judge(batch[at].1, mine, other, *against) {
                    Verdict::Same => {}
                    Verdict::Longer => longer += 1,
                    Verdict::Differs => differences.push(show(&batch, at, mine, other, against.name())),
                }
            }
        }
        writeln!(
            text,
            "{}: {values} replies, {longer} of them in more digits than are needed",
            against.name()
        )?;
    }
    differences.iter().for_each(|difference| println!("{difference}"));
    writeln!(text, "{} differences", differences.len())?;
    Ok(Outcome { text, differences })
}

fn replies(pair: &mut [Wire; 2], batch: &[(Vec<String>, Same)]) -> Result<[Vec<Raw>; 2]> {
    let mut request = Vec::new();
    batch.iter().for_each(|(words, _)| encode(words, &mut request));
    for wire in pair.iter_mut() {
        wire.send_bytes(&request)?;
    }
    let mut read = |at: usize| batch.iter().map(|_| pair[at].read()).collect::<Result<Vec<Raw>>>();
    Ok([read(0)?, read(1)?])
}

/// A few commands on two numbers, or two places.
fn round(rng: &mut Rng) -> Vec<(Vec<String>, Same)> {
    let (a, b) = (number(rng), number(rng));
    let place = |rng: &mut Rng| format!("{} {}", spread(rng, 180.0), spread(rng, 85.0));
    let (p, q) = (place(rng), place(rng));
    let unit = *rng.pick(&["m", "km", "mi", "ft"]);
    let line = |text: String, same| (text.split(' ').map(str::to_owned).collect(), same);
    let mut lines = vec![
        line(format!("SET f {a}"), Same::Bytes),
        line(format!("INCRBYFLOAT f {b}"), Same::Bytes),
        line(format!("INCRBYFLOAT f {a}"), Same::Bytes),
        line(format!("HSET h f {b}"), Same::Bytes),
        line(format!("HINCRBYFLOAT h f {a}"), Same::Bytes),
        line(format!("ZADD z {a} m"), Same::Bytes),
        line("ZSCORE z m".into(), Same::Score),
        line(format!("ZINCRBY z {b} m"), Same::Score),
        line("ZRANGE z 0 -1 WITHSCORES".into(), Same::Score),
        line(format!("GEOADD g {p} p {q} q"), Same::Bytes),
        line(format!("GEODIST g p q {unit}"), Same::Bytes),
        line("GEOPOS g p q".into(), Same::Bytes),
        line("GEOHASH g p q".into(), Same::Bytes),
    ];
    if rng.one_in(8) {
        let many: Vec<String> = (0..8).map(|_| number(rng)).collect();
        lines.push(line("DEL l".into(), Same::Bytes));
        lines.push(line(format!("RPUSH l {}", many.join(" ")), Same::Bytes));
        lines.push(line("SORT l".into(), Same::Bytes));
    }
    lines.push(line("DEL f h z g".into(), Same::Bytes));
    lines
}

fn spread(rng: &mut Rng, bound: f64) -> String {
    let part = rng.any() as f64 / u64::MAX as f64;
    let digits = rng.below(9) as usize;
    format!("{:.digits$}", (2.0 * part - 1.0) * bound)
}

/// A finite number as somebody would write it, or a program.
fn number(rng: &mut Rng) -> String {
    let digits =
        |rng: &mut Rng, n: u64| (0..1 + rng.below(n)).map(|_| rng.below(10).to_string()).collect::<String>();
    let whole = |rng: &mut Rng, n: u64| digits(rng, n).trim_start_matches('0').to_owned();
    let sign = if rng.one_in(3) { "-" } else { "" };
    match rng.below(8) {
        0 => {
            let bits = f64::from_bits(rng.any());
            if bits.is_finite() { format!("{bits:e}") } else { "0.5".into() }
        }
        1 => format!("{sign}0{}.{}", whole(rng, 19), digits(rng, 19)).replacen("00", "0", 1),
        2 => format!("{sign}{}", rng.below(1 << 53)),
        3 => format!("{sign}{}", rng.any()),
        4 => format!("{sign}{}.{}e{}", rng.below(10), digits(rng, 16), rng.below(40) as i64 - 20),
        5 => format!("{sign}{}", rng.below(100_000) as f64 / 100.0),
        6 => format!("{sign}{}", 2f64.powi(rng.below(120) as i32 - 60)),
        _ => format!("{sign}{}.{}", rng.below(1000), digits(rng, 6)),
    }
}

enum Verdict {
    Same,
    Longer,
    Differs,
}

fn judge(same: Same, ours: &Raw, theirs: &Raw, against: Against) -> Verdict {
    if ours == theirs {
        return Verdict::Same;
    }
    let loose = Modes { loose: true, ..Modes::default() };
    if same == Same::Bytes || !loose.same(ours, theirs, true) {
        return Verdict::Differs;
    }
    match against.prints_digits_as_we_do() {
        true if theirs.to_string().len() >= ours.to_string().len() => Verdict::Longer,
        true => Verdict::Differs,
        false => Verdict::Same,
    }
}

/// A command that differs, after those of its round.
fn show(batch: &[(Vec<String>, Same)], at: usize, ours: &Raw, theirs: &Raw, their_name: &str) -> String {
    let first = (0..at).rev().find(|i| batch[*i].0[0] == "DEL" && batch[*i].0.len() > 2).map_or(0, |i| i + 1);
    let lines: Vec<String> = batch[first..=at].iter().map(|(words, _)| words.join(" ")).collect();
    format!("{}\n   handfast: {ours}\n   {their_name}: {theirs}\n", lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_numbers() {
        let mut rng = Rng::new(3);
        for _ in 0..10_000 {
            let text = number(&mut rng);
            assert!(text.parse::<f64>().is_ok_and(f64::is_finite), "{text}");
        }
    }
}
