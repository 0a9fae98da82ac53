//! Instructions per command, counted by valgrind: the same on every run of the same binary, whatever else the machine does. The committed
//! figures only go down.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

use crate::shell::{self, cargo, run};

const FILE: &str = "benches/instructions.txt";

/// Turns of the two runs whose difference is divided by the commands between them.
const TURNS: (u64, u64) = (500, 2500);

/// How far above its figure a count may be, in parts of a hundred: another processor takes another `memcpy`.
const TOLERANCE: u64 = 2;

/// A line of the file: a case, as the `turns` program takes it, and its figure.
#[derive(Debug, PartialEq, Eq)]
struct Figure {
    command: String,
    pipeline: u64,
    instructions: u64,
}

/// Counts, and fails if a figure was passed; with `--update` takes down what was counted instead.
pub fn instructions(arguments: &[String], target: &Path) -> Result<()> {
    let update = arguments.iter().any(|a| a == "--update");
    let text = std::fs::read_to_string(FILE).with_context(|| format!("{FILE} is missing"))?;
    let figures =
        text.lines().filter(|line| !line.starts_with('#')).map(parse).collect::<Result<Vec<_>>>()?;
    run(cargo(&["build", "--quiet", "--release", "--package", "benches"]))?;
    let mut written: String =
        text.lines().filter(|line| line.starts_with('#')).map(|line| format!("{line}\n")).collect();
    let mut worse = Vec::new();
    for figure in figures {
        let counted = count(&target.join("release/turns"), &figure)?;
        println!(
            "{:5} p{:<3} {counted:5} instructions, {} allowed",
            figure.command, figure.pipeline, figure.instructions
        );
        if counted * 100 > figure.instructions * (100 + TOLERANCE) {
            worse.push(figure.command.clone());
        }
        written.push_str(&format!("{} {} {counted}\n", figure.command, figure.pipeline));
    }
    if update {
        std::fs::write(FILE, written)?;
    } else if !worse.is_empty() {
        bail!("{} take more instructions than {FILE} allows", worse.join(" and "));
    }
    Ok(())
}

fn parse(line: &str) -> Result<Figure> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let [command, pipeline, instructions] = fields[..] else { bail!("{FILE} has a line {line:?}") };
    Ok(Figure { command: command.into(), pipeline: pipeline.parse()?, instructions: instructions.parse()? })
}

fn count(program: &Path, figure: &Figure) -> Result<u64> {
    let (few, many) = (measure(program, figure, TURNS.0)?, measure(program, figure, TURNS.1)?);
    ensure!(many > few, "more turns took fewer instructions");
    Ok((many - few) / ((TURNS.1 - TURNS.0) * figure.pipeline))
}

fn measure(program: &Path, figure: &Figure, turns: u64) -> Result<u64> {
    let mut command = shell::program(
        "valgrind",
        &["--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"],
    );
    command.arg(program).args([figure.command.clone(), figure.pipeline.to_string(), turns.to_string()]);
    total(&shell::errors(command)?).context("valgrind told no count")
}

/// The number after `I refs:`.
fn total(report: &str) -> Option<u64> {
    let line = report.lines().find(|line| line.contains("refs:") && line.contains("I "))?;
    let digits: String = line.rsplit(':').next()?.chars().filter(char::is_ascii_digit).collect();
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_is_found() {
        assert_eq!(total("==12== \n==12== I   refs:      1,234,567\n"), Some(1_234_567));
        assert_eq!(total("nothing"), None);
    }

    #[test]
    fn lines_are_read() -> Result<()> {
        let figure = Figure { command: "get".into(), pipeline: 16, instructions: 700 };
        assert_eq!(parse("get 16 700")?, figure);
        assert!(parse("get 16").is_err());
        Ok(())
    }
}
