//! Fuzzing: the committed inputs on each push, the search for new ones when asked.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

use crate::shell::{self, cargo, output, program, run};
use crate::toolchain::Toolchain;

const MANIFEST: &str = "fuzz/Cargo.toml";
const CORPUS: &str = "fuzz/corpus";
/// Inputs that broke a target; not committed.
const ARTIFACTS: &str = "fuzz/artifacts";
/// Seconds for each target, unless told otherwise.
const SECONDS: u32 = 60;
/// Longest that one input may run, in seconds, and the memory that it may take, in MiB.
const INPUT_SECONDS_MAX: u32 = 20;
const INPUT_MIB_MAX: u32 = 2048;
/// The committed corpora together, in bytes.
const CORPORA_BYTES_MAX: u64 = 2 << 20;

/// What libFuzzer reads of a program to tell inputs apart. Compiles on any toolchain.
const COVERAGE: [&str; 5] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "--cfg=fuzzing",
];

/// What the command line asks.
#[derive(Debug, PartialEq, Eq)]
struct Wanted {
    targets: Vec<String>,
    seconds: u32,
    keep: bool,
    replay: bool,
}

/// Searches; with `--replay` runs the committed inputs only.
pub fn fuzz(arguments: &[String], target: &Path) -> Result<()> {
    let wanted = parse(arguments)?;
    if wanted.replay {
        return replay(target);
    }
    ensure!(
        shell::works(&["c++", "--version"]),
        "libFuzzer is C++, and there is no c++ here: apt-get install g++"
    );
    let toolchain = Toolchain::find()?;
    let search = Search { target, discover: build(&toolchain, target)? };
    let all = search.targets()?;
    for name in &wanted.targets {
        ensure!(all.iter().any(|(known, _)| known == name), "no target {name:?}; there are {all:?}");
    }
    for (name, len_max) in all {
        if wanted.targets.is_empty() || wanted.targets.contains(&name) {
            search.run(&name, &len_max, wanted.seconds)?;
            if wanted.keep {
                search.keep(&name)?;
            }
        }
    }
    Ok(())
}

fn parse(arguments: &[String]) -> Result<Wanted> {
    let mut wanted = Wanted { targets: Vec::new(), seconds: SECONDS, keep: false, replay: false };
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--seconds" => wanted.seconds = rest.next().context("--seconds needs a number")?.parse()?,
            "--keep" => wanted.keep = true,
            "--replay" => wanted.replay = true,
            option if option.starts_with('-') => bail!("{option} is not known"),
            name => wanted.targets.push(name.to_owned()),
        }
    }
    Ok(wanted)
}

/// Every committed input, through a plain program that any toolchain builds.
pub fn replay(target: &Path) -> Result<()> {
    let bytes = size(Path::new(CORPUS))?;
    ensure!(bytes <= CORPORA_BYTES_MAX, "{CORPUS} has {bytes} bytes, and {CORPORA_BYTES_MAX} are allowed");
    run(cargo(&["fmt", "--manifest-path", MANIFEST, "--check"]))?;
    let mut command = cargo(&["run", "--quiet", "--locked", "--manifest-path", MANIFEST, "--bin", "replay"]);
    command.env("CARGO_TARGET_DIR", target.join("replay"));
    run(command)
}

fn size(dir: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(dir).with_context(|| dir.display().to_string())? {
        let entry = entry?;
        bytes += if entry.file_type()?.is_dir() { size(&entry.path())? } else { entry.metadata()?.len() };
    }
    Ok(bytes)
}

fn build(toolchain: &Toolchain, target: &Path) -> Result<PathBuf> {
    let arguments = [
        "build",
        "--quiet",
        "--release",
        "--manifest-path",
        MANIFEST,
        "--features",
        "discover",
        "--bin",
        "discover",
    ];
    run(toolchain.cargo(&arguments, &COVERAGE, target))?;
    Ok(toolchain.programs(target, "release").join("discover"))
}

/// The instrumented program, and where its inputs are.
struct Search<'t> {
    target: &'t Path,
    discover: PathBuf,
}

impl Search<'_> {
    /// Names, and the longest input of each.
    fn targets(&self) -> Result<Vec<(String, String)>> {
        let text = output(self.replayer(&["--list"]))?;
        text.lines()
            .map(|line| {
                let (name, len) = line.split_once(' ').context("a target without a length")?;
                Ok((name.to_owned(), len.to_owned()))
            })
            .collect()
    }

    fn replayer(&self, arguments: &[&str]) -> std::process::Command {
        let mut command = cargo(&["run", "--quiet", "--manifest-path", MANIFEST, "--bin", "replay", "--"]);
        command.args(arguments).env("CARGO_TARGET_DIR", self.target.join("replay"));
        command
    }

    /// What earlier searches on this machine found.
    fn found(&self, name: &str) -> PathBuf {
        self.target.join("fuzz/found").join(name)
    }

    fn seeds(&self, name: &str) -> PathBuf {
        self.target.join("fuzz/seeds").join(name)
    }

    fn run(&self, name: &str, len_max: &str, seconds: u32) -> Result<()> {
        let (found, seeds, artifacts) = (self.found(name), self.seeds(name), Path::new(ARTIFACTS).join(name));
        let corpus = Path::new(CORPUS).join(name);
        for dir in [&found, &seeds, &artifacts, &corpus] {
            fs::create_dir_all(dir)?;
        }
        output(self.replayer(&["--seeds", name, &seeds.to_string_lossy()]))?;
        let mut command = program(&self.discover.to_string_lossy(), &[]);
        command.env("FUZZ_TARGET", name);
        command.args([&found, &corpus, &seeds]);
        command.arg(format!("-artifact_prefix={}/", artifacts.display()));
        command.arg(format!("-max_len={len_max}")).arg(format!("-max_total_time={seconds}"));
        command.arg(format!("-timeout={INPUT_SECONDS_MAX}")).arg(format!("-rss_limit_mb={INPUT_MIB_MAX}"));
        command.args(["-len_control=0", "-print_final_stats=1"]);
        let dictionary = Path::new("fuzz/dictionaries").join(name);
        if dictionary.exists() {
            command.arg(format!("-dict={}", dictionary.display()));
        }
        run(command).with_context(|| {
            format!(
                "{name} broke. The input is the newest file in {}; it is replayed by: cargo run --manifest-path {MANIFEST} \
                 --bin replay -- {name} FILE",
                artifacts.display()
            )
        })
    }

    /// Makes the committed corpus the smallest that reaches what is reached now.
    fn keep(&self, name: &str) -> Result<()> {
        let (corpus, merged) = (Path::new(CORPUS).join(name), self.target.join("fuzz/merged").join(name));
        if merged.exists() {
            fs::remove_dir_all(&merged)?;
        }
        fs::create_dir_all(&merged)?;
        let mut command = program(&self.discover.to_string_lossy(), &["-set_cover_merge=1"]);
        command.env("FUZZ_TARGET", name).args([&merged, &corpus, &self.found(name), &self.seeds(name)]);
        run(command)?;
        fs::remove_dir_all(&corpus)?;
        fs::create_dir_all(&corpus)?;
        for entry in fs::read_dir(&merged)? {
            let entry = entry?;
            fs::copy(entry.path(), corpus.join(entry.file_name()))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read() -> Result<()> {
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let wanted = parse(&words("machine --seconds 5 --keep text"))?;
        assert_eq!((wanted.targets, wanted.seconds, wanted.keep), (words("machine text"), 5, true));
        assert!(parse(&words("--second 5")).is_err());
        assert!(parse(&words("--seconds")).is_err());
        Ok(())
    }
}
