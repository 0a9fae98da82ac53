//! Two generations of nodes.conf and their checksums: which to load, and the steps of a save that leave a
//! loadable state whenever the machine stops.
//!
//! Beside `nodes.conf` stand `nodes.conf.sum`, with the checksums of every text that may be in place, and
//! `nodes.conf.prev`, a copy of a generation that was durable before the current one was begun.

use super::format::format;
use super::parse::{ConfError, Parsed, parse};
use super::saved::Saved;
use base::crc::crc64;

/// Most checksums listed: the new text, the durable one, and those of saves that failed half-way.
const SUMS_MAX: usize = 8;
const SUM_HEAD: &str = "handfast-sums 1";

/// The files as they were found; `None` = not there.
#[derive(Clone, Copy, Default, Debug)]
pub struct Files<'a> {
    /// `nodes.conf`
    pub conf: Option<&'a [u8]>,
    /// `nodes.conf.sum`
    pub sums: Option<&'a [u8]>,
    /// `nodes.conf.prev`
    pub previous: Option<&'a [u8]>,
}

/// What to start with.
#[derive(Clone, Debug)]
pub struct Choice {
    /// The configuration; `None`: this is a new node.
    pub parsed: Option<Parsed>,
    /// It is the previous generation: votes and epochs that came after it are forgotten, so the node must not
    /// vote before it has learnt the cluster's epoch.
    pub fell_back: bool,
    /// Warnings for the log.
    pub log: Vec<String>,
    /// Goes on from there.
    pub generations: Generations,
}

/// Why a text is not loaded.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadConf {
    /// It makes no sense.
    #[error(transparent)]
    Text(#[from] ConfError),
    /// It is not what was written.
    #[error(
        "The cluster config file does not match its checksum. If it was edited by hand, remove the file with the \
         ending .sum and start again."
    )]
    Checksum,
    /// Its end is missing.
    #[error("The cluster config file ends too early.")]
    Torn,
}

/// Chooses among the files. `name` is the file's name, `tls` as in [`parse`]. Fails if there is a
/// configuration and no generation of it can be trusted.
pub fn choose(name: &str, files: Files<'_>, tls: bool) -> Result<Choice, BadConf> {
    let sums = files.sums.and_then(read_sums);
    let alone = files.sums.is_none() && files.previous.is_none();
    let previous =
        files.previous.and_then(|text| Some((text, judge(text, sums.as_deref(), false, tls).ok()?)));
    let mut log = Vec::new();
    let blank = |text: &[u8]| text.iter().all(u8::is_ascii_whitespace);
    let conf = match files.conf {
        None => {
            if previous.is_some() {
                log.push(format!("{name} is missing: starting as a new node. Its last copy is {name}.prev."));
            }
            None
        }
        Some(text) if blank(text) && files.previous.is_none() => None,
        Some(text) if blank(text) => Some((text, Err(BadConf::Torn))),
        Some(text) => Some((text, judge(text, sums.as_deref(), alone, tls))),
    };
    let (text, parsed, fell_back) = match (conf, previous) {
        (None, _) => (None, None, false),
        (Some((text, Ok(parsed))), _) => (Some(text), Some(parsed), false),
        (Some((_, Err(bad))), None) => return Err(bad),
        (Some((_, Err(bad))), Some((text, parsed))) => {
            log.push(bad.to_string());
            log.push(format!("Loading the previous generation of the cluster config, {name}.prev."));
            (Some(text), Some(parsed), true)
        }
    };
    let generations = Generations {
        name: name.to_owned(),
        generation: parsed.as_ref().map_or(0, |parsed| parsed.saved.generation),
        durable: text.map(<[u8]>::to_vec),
        previous_is_durable: text.is_some() && text == files.previous,
        doubtful: Vec::new(),
        running: None,
    };
    Ok(Choice { parsed, fell_back, log, generations })
}

/// `alone`: no other file says that this one was ever ours.
fn judge(text: &[u8], sums: Option<&[Sum]>, alone: bool, tls: bool) -> Result<Parsed, BadConf> {
    let parsed = parse(text, tls)?;
    match sums {
        Some(sums) if sums.contains(&Sum::of(text)) => Ok(parsed),
        // Ours, and not as we wrote it.
        Some(_) if parsed.saved.generation != 0 => Err(BadConf::Checksum),
        // Our mark may be missing because another program wrote the file, or because the end is lost.
        _ if parsed.saved.generation == 0 && !alone && !ends_as_others_end(text) => Err(BadConf::Torn),
        _ => Ok(parsed),
    }
}

/// Redis and Valkey end with two variables and at least one line feed.
fn ends_as_others_end(text: &[u8]) -> bool {
    let last = text.trim_ascii_end().rsplit(|b| *b == b'\n').next().unwrap_or_default();
    let words: Vec<&[u8]> = last.split(|b| *b == b' ').collect();
    text.ends_with(b"\n") && words.first() == Some(&&b"vars"[..]) && words.len() == 5
}

/// The checksum of a text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Sum {
    crc: u64,
    len: u64,
}

impl Sum {
    fn of(text: &[u8]) -> Sum {
        Sum { crc: crc64(0, text), len: text.len() as u64 }
    }
}

fn write_sums(sums: &[Sum]) -> Vec<u8> {
    let lines = sums.iter().map(|sum| format!("{:016x} {}\n", sum.crc, sum.len));
    let mut text = format!("{SUM_HEAD}\n{}", lines.collect::<String>());
    text += &format!("end {:016x}\n", crc64(0, text.as_bytes()));
    text.into_bytes()
}

/// `None` if the list itself is damaged: then it accuses nobody.
fn read_sums(bytes: &[u8]) -> Option<Vec<Sum>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let end = text.rfind("end ")?;
    let (body, seal) = text.split_at(end);
    if seal != format!("end {:016x}\n", crc64(0, body.as_bytes())) {
        return None;
    }
    let lines = body.strip_prefix(SUM_HEAD)?.strip_prefix('\n')?.lines();
    let sum = |line: &str| {
        let (crc, len) = line.split_once(' ')?;
        Some(Sum { crc: u64::from_str_radix(crc, 16).ok()?, len: len.parse().ok()? })
    };
    lines.map(sum).collect()
}

/// One thing to do to the directory of the files. Names are relative to it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Step {
    /// Create or truncate, then write.
    Write {
        /// The file.
        name: String,
        /// All of its content.
        bytes: Vec<u8>,
    },
    /// Make a file's content durable.
    Fsync {
        /// The file.
        name: String,
    },
    /// Replace `to` by `from`.
    Rename {
        /// The old name.
        from: String,
        /// The new name.
        to: String,
    },
    /// Make the names durable.
    SyncDir,
}

/// A save: its steps, in order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Save {
    /// What to do; stop at the first that fails.
    pub steps: Vec<Step>,
    /// After so many of them the new text is what a restart loads. The rest copies it and may be given up.
    pub durable: usize,
}

/// What is known of the files on disk.
#[derive(Clone, Debug)]
pub struct Generations {
    name: String,
    generation: u64,
    /// The last text known to be in place and durable.
    durable: Option<Vec<u8>>,
    /// `nodes.conf.prev` holds that text too, durably.
    previous_is_durable: bool,
    /// Texts that failed saves may have put in place since.
    doubtful: Vec<Sum>,
    running: Option<Running>,
}

#[derive(Clone, Debug)]
struct Running {
    text: Vec<u8>,
    /// Steps that bring `nodes.conf.prev` up to the durable text.
    before: usize,
    durable: usize,
    all: usize,
}

impl Generations {
    /// Formats `saved`, with the next generation's number, and gives the steps that make it durable.
    ///
    /// # Panics
    /// If the last save was not [`Generations::finished`].
    pub fn save(&mut self, saved: &mut Saved) -> Result<Save, ConfError> {
        assert!(self.running.is_none(), "one save at a time");
        saved.generation = self.generation + 1;
        let text = format(saved)?;
        self.generation = saved.generation;
        let mut steps = Vec::new();
        if let Some(durable) = self.durable.as_ref().filter(|_| !self.previous_is_durable) {
            self.replace("prev", durable.clone(), &mut steps);
            steps.push(Step::SyncDir);
        }
        let before = steps.len();
        let new = format!("{}.tmp", self.name);
        steps.push(Step::Write { name: new.clone(), bytes: text.clone() });
        steps.push(Step::Fsync { name: new.clone() });
        self.replace("sum", write_sums(&self.sums(&text)), &mut steps);
        if self.durable.is_none() {
            // A list left by an earlier life must not accuse the first file of this one.
            steps.push(Step::SyncDir);
        }
        steps.push(Step::Rename { from: new, to: self.name.clone() });
        steps.push(Step::SyncDir);
        let durable = steps.len();
        self.replace("prev", text.clone(), &mut steps);
        steps.push(Step::SyncDir);
        self.running = Some(Running { text, before, durable, all: steps.len() });
        Ok(Save { steps, durable })
    }

    /// No more steps of the save will be done: `done` of them succeeded.
    ///
    /// # Panics
    /// If no save is under way, or it has fewer steps.
    pub fn finished(&mut self, done: usize) {
        let Running { text, before, durable, all } = self.running.take().expect("a save is under way");
        assert!(done <= all);
        if done >= durable {
            self.durable = Some(text);
            self.doubtful.clear();
            self.previous_is_durable = done == all;
        } else {
            self.previous_is_durable |= before > 0 && done >= before;
            self.doubtful.push(Sum::of(&text));
            let excess = self.doubtful.len().saturating_sub(SUMS_MAX - 2);
            self.doubtful.drain(..excess);
        }
    }

    fn sums(&self, text: &[u8]) -> Vec<Sum> {
        let durable = self.durable.iter().map(|text| Sum::of(text));
        std::iter::once(Sum::of(text)).chain(durable).chain(self.doubtful.iter().copied()).collect()
    }

    /// Steps that replace the file with this ending.
    fn replace(&self, ending: &str, bytes: Vec<u8>, steps: &mut Vec<Step>) {
        let to = format!("{}.{ending}", self.name);
        let from = format!("{to}.tmp");
        steps.push(Step::Write { name: from.clone(), bytes });
        steps.push(Step::Fsync { name: from.clone() });
        steps.push(Step::Rename { from, to });
    }
}

#[cfg(test)]
mod tests;
