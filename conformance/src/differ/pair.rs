//! Handfast and one real server, given the same commands.

use std::collections::BTreeSet;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};

use super::Against;
use super::compare::Modes;
use super::known;
use super::reply::{Raw, Wire};
use super::state;
use super::words::is_key;

/// A command, and what of its reply is compared.
#[derive(Clone, Debug)]
pub struct Line {
    /// Its arguments, the name first.
    pub words: Vec<Vec<u8>>,
    /// What of its reply is compared.
    pub modes: Modes,
}

/// What is sent before anything is compared again.
#[derive(Clone, Debug)]
pub enum Step {
    /// One command.
    Plain(Line),
    /// Commands between MULTI and EXEC.
    Together(Vec<Line>),
    /// A key that is gone soon, and the wait for it.
    Expire(Vec<u8>),
}

/// How long a key lives that is to be gone, and how long that is waited for.
const LIFE_MS: &str = "3";
const WAIT: Duration = Duration::from_millis(12);

/// What a sequence starts with.
#[derive(Clone, Copy, Debug)]
pub struct Conditions {
    /// The protocol's version.
    pub resp: u8,
    /// Collections leave their compact encodings at a few elements.
    pub small: bool,
}

/// Thresholds between encodings: as they are, and small ones.
const THRESHOLDS: [(&str, &str, &str); 7] = [
    ("list-max-listpack-size", "-2", "3"),
    ("hash-max-listpack-entries", "512", "4"),
    ("zset-max-listpack-entries", "128", "4"),
    ("set-max-intset-entries", "512", "3"),
    ("stream-node-max-entries", "100", "2"),
    ("stream-node-max-bytes", "4096", "100"),
    ("hll-sparse-max-bytes", "3000", "60"),
];

impl Conditions {
    /// The commands that make them so.
    pub fn commands(self) -> impl Iterator<Item = String> {
        let thresholds = THRESHOLDS.into_iter().map(move |(name, usual, small)| {
            format!("CONFIG SET {name} {}", if self.small { small } else { usual })
        });
        [format!("HELLO {}", self.resp)].into_iter().chain(thresholds)
    }
}

/// Where two servers said different things.
#[derive(Clone, Debug)]
pub struct Difference {
    /// The command.
    pub words: Vec<Vec<u8>>,
    /// What each replied.
    pub ours: String,
    /// The other's reply.
    pub theirs: String,
}

impl Difference {
    /// Two that look alike have one cause, mostly.
    pub fn kind(&self) -> String {
        let name = self.words.first().map(|name| name.to_ascii_uppercase()).unwrap_or_default();
        let head = |text: &str| text.chars().take(12).filter(|c| !c.is_ascii_digit()).collect::<String>();
        format!("{} {} {}", String::from_utf8_lossy(&name), head(&self.ours), head(&self.theirs))
    }
}

/// Connections to both.
pub struct Pair {
    against: Against,
    ports: (u16, u16),
    ours: Wire,
    theirs: Wire,
    /// Names of the commands of this sequence, in upper case.
    sent: BTreeSet<String>,
    /// Known differences that were met, by their reasons' indexes.
    pub known: Vec<u64>,
    /// Commands that were compared.
    pub commands: u64,
}

impl Pair {
    /// Connects to both.
    pub fn new(against: Against, ours: u16, theirs: u16) -> Result<Pair> {
        let known = vec![0; known::KNOWN.len()];
        let ports = (ours, theirs);
        let (ours, theirs) = (Wire::connect(ours)?, Wire::connect(theirs)?);
        Ok(Pair { against, ports, ours, theirs, sent: BTreeSet::new(), known, commands: 0 })
    }

    /// Whether both know a command.
    pub fn knows(&mut self, name: &str) -> Result<bool> {
        let words = ["COMMAND", "INFO", name].map(|word| word.as_bytes().to_vec());
        let (ours, theirs) = self.both(&words)?;
        let known = |reply: &Raw| reply.items().first().is_some_and(|info| !info.items().is_empty());
        Ok(known(&ours) && known(&theirs))
    }

    /// Runs a sequence under `conditions`, over empty servers. The first difference, if there is one, and the step it came with: one past the last if it shows in the keys
    /// that are left.
    pub fn run(&mut self, conditions: Conditions, steps: &[Step]) -> Result<Option<(usize, Difference)>> {
        // Anew, so that nothing of an earlier sequence is left in a connection.
        self.ours = Wire::connect(self.ports.0).context("Handfast is gone")?;
        self.theirs = Wire::connect(self.ports.1)?;
        self.sent.clear();
        for text in ["FLUSHALL".to_owned()].into_iter().chain(conditions.commands()) {
            self.both(&text.split(' ').map(|word| word.into()).collect::<Vec<_>>())?;
        }
        for (at, step) in steps.iter().enumerate() {
            if let Some(difference) = self.step(step)? {
                return Ok(Some((at, difference)));
            }
        }
        Ok(self.left()?.map(|difference| (steps.len(), difference)))
    }

    fn step(&mut self, step: &Step) -> Result<Option<Difference>> {
        match step {
            Step::Plain(line) => self.line(line),
            Step::Together(lines) => self.together(lines),
            Step::Expire(key) => {
                let words = vec![b"PEXPIRE".to_vec(), key.clone(), LIFE_MS.into()];
                let difference = self.line(&Line { words, modes: Modes::default() });
                thread::sleep(WAIT);
                // So that none of them still counts it.
                self.both(&[b"EXISTS".to_vec(), key.clone()])?;
                difference
            }
        }
    }

    fn line(&mut self, line: &Line) -> Result<Option<Difference>> {
        let (ours, theirs) = self.both(&line.words)?;
        let difference = self.judge(line, &ours, &theirs)?;
        if difference.is_none() && leaves_doubt(line, &ours) {
            self.realign(&line.words)?;
        }
        Ok(difference)
    }

    fn together(&mut self, lines: &[Line]) -> Result<Option<Difference>> {
        let plain = |words: &[u8]| Line { words: vec![words.to_vec()], modes: Modes::default() };
        let (mut difference, mut doubt) = (self.line(&plain(b"MULTI"))?, false);
        for line in lines {
            let queued = Line { words: line.words.clone(), modes: Modes::default() };
            let (ours, theirs) = self.both(&queued.words)?;
            if difference.is_none() && ours != theirs {
                match self.known(&queued, &ours, &theirs) {
                    Some(reason) => (self.known[reason], doubt) = (self.known[reason] + 1, true),
                    None => difference = Some(differ(&queued, &ours, &theirs)),
                }
            }
        }
        let exec = plain(b"EXEC");
        let (ours, theirs) = self.both(&exec.words)?;
        if difference.is_some() {
            return Ok(difference);
        }
        if doubt {
            // One of them runs what the other has discarded.
            lines.iter().try_for_each(|line| self.realign(&line.words))?;
            return Ok(None);
        }
        if ours.items().len() != lines.len() || theirs.items().len() != lines.len() {
            return self.judge(&exec, &ours, &theirs);
        }
        for (line, (ours, theirs)) in lines.iter().zip(ours.items().iter().zip(theirs.items())) {
            let met = self.known.iter().sum::<u64>();
            if let Some(difference) = self.judge(line, ours, theirs)? {
                return Ok(Some(difference));
            }
            if leaves_doubt(line, ours) || self.known.iter().sum::<u64>() > met {
                // What follows may have seen other keys.
                lines.iter().try_for_each(|line| self.realign(&line.words))?;
                break;
            }
        }
        Ok(None)
    }

    /// Whether two replies differ in a way that is not known.
    fn judge(&mut self, line: &Line, ours: &Raw, theirs: &Raw) -> Result<Option<Difference>> {
        if line.modes.same(ours, theirs, self.against.prints_digits_as_we_do()) {
            return Ok(None);
        }
        let Some(reason) = self.known(line, ours, theirs) else {
            return Ok(Some(differ(line, ours, theirs)));
        };
        self.known[reason] += 1;
        self.realign(&line.words)?;
        Ok(None)
    }

    fn known(&self, line: &Line, ours: &Raw, theirs: &Raw) -> Option<usize> {
        known::reason(self.against, &self.sent, &line.words, &ours.to_string(), &theirs.to_string())
    }

    /// Removes the keys that a command named, as they may differ now.
    fn realign(&mut self, words: &[Vec<u8>]) -> Result<()> {
        let mut del = vec![b"DEL".to_vec()];
        del.extend(words.iter().filter(|word| is_key(word)).cloned());
        if del.len() > 1 {
            // A copy may have gone to the other database.
            for db in ["1", "0"] {
                self.both(&[b"SELECT".to_vec(), db.into()])?;
                self.both(&del)?;
            }
        }
        Ok(())
    }

    /// What differs in the keys that are left.
    fn left(&mut self) -> Result<Option<Difference>> {
        for db in ["0", "1"] {
            self.both(&[b"SELECT".to_vec(), db.into()])?;
            let (ours, theirs) = self.both(&[b"KEYS".to_vec(), b"*".to_vec()])?;
            let mut keys: Vec<Vec<u8>> = [&ours, &theirs]
                .into_iter()
                .flat_map(|reply| reply.items().iter().map(|key| key.text().to_vec()))
                .collect();
            keys.sort();
            keys.dedup();
            for key in keys {
                // What was removed from the key before has led elsewhere.
                self.both(&[b"SELECT".to_vec(), db.into()])?;
                for line in state::questions(&key, &mut self.theirs)? {
                    if let Some(difference) = self.line(&line)? {
                        return Ok(Some(difference));
                    }
                }
            }
        }
        Ok(None)
    }

    fn both(&mut self, words: &[Vec<u8>]) -> Result<(Raw, Raw)> {
        self.commands += 1;
        if let Some(name) = words.first() {
            self.sent.insert(String::from_utf8_lossy(name).to_ascii_uppercase());
        }
        self.ours.send(words)?;
        self.theirs.send(words)?;
        let ours = self.ours.read().with_context(|| format!("Handfast, to {}", show(words)))?;
        Ok((ours, self.theirs.read().with_context(|| format!("the other, to {}", show(words)))?))
    }
}

/// Whether servers may have changed differently though they said the same: others find a HyperLogLog corrupted when they have changed some of it.
fn leaves_doubt(line: &Line, reply: &Raw) -> bool {
    fn is_corrupted(reply: &Raw) -> bool {
        reply.text().starts_with(b"INVALIDOBJ ") || reply.items().iter().any(is_corrupted)
    }
    line.modes.leaves_doubt() || is_corrupted(reply)
}

fn differ(line: &Line, ours: &Raw, theirs: &Raw) -> Difference {
    Difference { words: line.words.clone(), ours: ours.to_string(), theirs: theirs.to_string() }
}

/// A command as a transcript shows it.
pub fn show(words: &[Vec<u8>]) -> String {
    let plain = |word: &Vec<u8>| {
        !word.is_empty() && word.iter().all(|b| b.is_ascii_graphic() && !b"\"'\\".contains(b))
    };
    let words = words.iter().map(|word| {
        if plain(word) {
            String::from_utf8_lossy(word).into_owned()
        } else {
            format!("\"{}\"", word.escape_ascii())
        }
    });
    words.collect::<Vec<_>>().join(" ")
}
