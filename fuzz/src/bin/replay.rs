//! Runs committed inputs. `replay` takes every target's seeds and corpus, `replay TARGET FILE…` the files, `replay --seeds
//! TARGET DIRECTORY` writes the seeds there.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use fuzz::{TARGETS, Target, corpus, target};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words[..] {
        [] => TARGETS.iter().try_for_each(replay_all),
        ["--list"] => {
            TARGETS.iter().for_each(|target| println!("{} {}", target.name, target.len_max));
            Ok(())
        }
        ["--seeds", name, dir] => find(name).and_then(|target| write_seeds(&target, Path::new(dir))),
        [name, ref files @ ..] => find(name).and_then(|target| {
            files
                .iter()
                .try_for_each(|file| replay(&target, Path::new(file)).map(|_| println!("{file}: passed")))
        }),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("replay: {why}");
            ExitCode::FAILURE
        }
    }
}

fn find(name: &str) -> Result<Target, String> {
    let names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
    target(name).ok_or_else(|| format!("no target {name:?}; there are {}", names.join(", ")))
}

fn replay_all(target: &Target) -> Result<(), String> {
    let start = Instant::now();
    let seeds = (target.seeds)();
    seeds.iter().for_each(|seed| (target.run)(seed));
    let files = files(&corpus(target.name))?;
    if seeds.is_empty() && files.is_empty() {
        return Err(format!("{} has no inputs", target.name));
    }
    for file in &files {
        // What panics is named by the last line.
        replay(target, file)?;
    }
    let seconds = start.elapsed().as_secs_f32();
    println!("{:12} {} seeds and {} inputs in {seconds:.1} s", target.name, seeds.len(), files.len());
    Ok(())
}

fn replay(target: &Target, file: &Path) -> Result<(), String> {
    let input = std::fs::read(file).map_err(|why| format!("{}: {why}", file.display()))?;
    let shown = file.display().to_string();
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        eprintln!("input {shown}");
        hook(panic);
    }));
    (target.run)(&input);
    let _ = std::panic::take_hook();
    Ok(())
}

/// None, for a target that nobody searched with yet.
fn files(dir: &Path) -> Result<Vec<PathBuf>, String> {
    if !dir.exists() {
        return Ok(Vec::new());
    }
    let list = std::fs::read_dir(dir).map_err(|why| format!("{}: {why}", dir.display()))?;
    let mut files: Vec<PathBuf> = list.flatten().map(|entry| entry.path()).collect();
    files.sort();
    Ok(files)
}

fn write_seeds(target: &Target, dir: &Path) -> Result<(), String> {
    std::fs::create_dir_all(dir).map_err(|why| format!("{}: {why}", dir.display()))?;
    for (n, seed) in (target.seeds)().iter().enumerate() {
        let file = dir.join(format!("seed-{n:03}"));
        std::fs::write(&file, seed).map_err(|why| format!("{}: {why}", file.display()))?;
    }
    Ok(())
}
