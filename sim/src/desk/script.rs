//! Transcripts: what clients say, and what they hear.
//!
//! ```text
//! % workers 2                     before the first client: the node
//! % set maxclients 10             a line of its configuration
//! % journal                       somebody wants to know of its changes: `replicas<`, and `aof<` where that is told something else
//! client1> SET a 1                one command, and all that follows from it
//! client1< +OK                    what was heard: rewritten, never typed
//! client1+ GET a                  a command that is sent, while nothing runs yet
//! client1= "*1\r\n$4\r\nPI"       bytes as they are
//! % client1 ends                  it sends nothing more; also `breaks`, `reads N`
//! % run                           steps until nothing moves
//! % afresh                        another node like the first, without clients
//! % wait 100                      milliseconds
//! % looks cost 100                nanoseconds of a look at the clock: scripts are left in the middle
//! % hold a b / % release          a stranger has the keys' stripes; `release quietly`: nothing runs yet
//! % inside / % outside            a stranger has a permit and no stripe
//! % whole / % give                a stranger has the whole keyspace
//! ```

use super::{Desk, ROOM_BYTES, show};
use crate::outside::DayBook;
use crate::seat::{Machine, SocketKey};
use base::tokens::split_args;
use node::journal::Reader;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

/// Plays a transcript; the text as it should stand.
pub fn play(text: &str) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| !is_heard(line)).collect();
    let mut stage = Stage::default();
    let mut lines = lines.into_iter();
    stage.play(&mut lines, None);
    stage.out
}

fn is_heard(line: &str) -> bool {
    line.split_once('<').is_some_and(|(name, _)| is_name(name)) || line.starts_with("log: ")
}

fn is_name(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

#[derive(Default)]
struct Stage {
    out: String,
    workers: Option<usize>,
    directives: Vec<String>,
    /// Worker and room of clients that were announced.
    announced: BTreeMap<String, (usize, bool, usize)>,
    seed: u64,
    shuffled: bool,
    journal: Option<Arc<DayBook>>,
    desk: Option<Desk>,
    clients: Vec<(String, SocketKey)>,
    /// The last thing that was held was given back quietly.
    quiet: bool,
}

impl Stage {
    /// Plays lines up to `until`, if that is given.
    fn play(&mut self, lines: &mut dyn Iterator<Item = &str>, until: Option<&str>) {
        self.quiet = false;
        while let Some(line) = lines.next() {
            self.out += line;
            self.out.push('\n');
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let Some(order) = line.strip_prefix('%') else {
                self.speak(line);
                continue;
            };
            let words: Vec<&str> = order.split_whitespace().collect();
            if until.is_some() && words.first().copied() == until {
                self.quiet = words.get(1) == Some(&"quietly");
                return;
            }
            match words.as_slice() {
                ["hold", keys @ ..] => {
                    let keys: Vec<&[u8]> = keys.iter().map(|key| key.as_bytes()).collect();
                    self.aside(|stage, desk| {
                        desk.while_held(&keys, |desk| {
                            stage.with(desk, |stage| stage.play(lines, Some("release")))
                        });
                    });
                    if !self.quiet {
                        self.settle();
                    }
                }
                ["inside"] => {
                    self.aside(|stage, desk| {
                        desk.while_inside(|desk| {
                            stage.with(desk, |stage| stage.play(lines, Some("outside")))
                        });
                    });
                    self.settle();
                }
                words => self.obey(words),
            }
        }
        assert!(until.is_none(), "{until:?} never comes");
    }

    /// Takes the desk out of the stage, so that something can be held across lines.
    fn aside(&mut self, act: impl FnOnce(&mut Stage, &mut Desk)) {
        self.desk();
        if let Some(mut desk) = self.desk.take() {
            act(self, &mut desk);
            self.desk = Some(desk);
        }
    }

    /// Puts a borrowed desk on the stage for a while.
    fn with(&mut self, desk: &mut Desk, act: impl FnOnce(&mut Stage)) {
        // A node of no use takes the place of the one that is lent.
        let spare = Desk::alone(&[], 0);
        self.desk = Some(std::mem::replace(desk, spare));
        act(self);
        if let Some(played) = self.desk.take() {
            *desk = played;
        }
    }

    fn desk(&mut self) -> &mut Desk {
        let Stage { workers, directives, seed, shuffled, journal, .. } = self;
        self.desk.get_or_insert_with(|| {
            let mut desk = match (workers, journal) {
                (None, None) => Desk::alone(directives, *seed),
                (None, Some(journal)) => Desk::alone_with(directives, *seed, Arc::clone(journal)),
                (Some(workers), _) => Desk::new(*workers, directives, *seed),
            };
            desk.shuffled = *shuffled;
            desk
        })
    }

    fn client(&mut self, name: &str) -> SocketKey {
        if let Some((_, key)) = self.clients.iter().find(|(known, _)| known == name) {
            return *key;
        }
        let default = (self.clients.len() % self.workers.unwrap_or(1), true, ROOM_BYTES);
        let (worker, is_local, room) = self.announced.get(name).copied().unwrap_or(default);
        let key = self.desk().connect_with(worker, is_local, room);
        self.clients.push((name.to_owned(), key));
        key
    }

    /// `client> command`, `client+ command`, `client= "bytes"`.
    fn speak(&mut self, line: &str) {
        let at = line.find(['>', '+', '=']).filter(|at| is_name(&line[..*at]));
        let at = at.unwrap_or_else(|| panic!("not a line of a transcript: {line}"));
        let (name, sign, rest) = (&line[..at], &line[at..=at], line[at + 1..].trim());
        let key = self.client(name);
        let args = split_args(rest.as_bytes()).unwrap_or_else(|_| panic!("unbalanced quotes: {line}"));
        if sign == "=" {
            self.desk().send(key, &args.concat());
        } else {
            let args: Vec<&[u8]> = args.iter().map(Vec::as_slice).collect();
            self.desk().command(key, &args);
        }
        if sign == ">" {
            self.settle();
        }
    }

    fn settle(&mut self) {
        self.desk().settle();
        self.report();
    }

    /// Writes what clients have heard.
    fn report(&mut self) {
        let Some(desk) = &mut self.desk else { return };
        for (name, key) in &self.clients {
            for heard in desk.heard(*key) {
                self.out += &format!("{name}< {}\n", show::heard(&heard));
            }
        }
        for unit in self.journal.iter().flat_map(|journal| journal.take()) {
            let [replicas, aof] = [Reader::Replicas, Reader::Aof].map(|reader| show::unit(&unit, reader));
            self.out += &format!("replicas< {replicas}\n");
            if aof != replicas {
                self.out += &format!("aof< {aof}\n");
            }
        }
        if let Some(code) = desk.exited.take() {
            self.out += &format!("log: the process ends with code {code}\n");
        }
    }

    fn obey(&mut self, words: &[&str]) {
        match words {
            ["workers", n] => self.workers = Some(number(n) as usize),
            ["set", rest @ ..] => self.directives.push(rest.join(" ")),
            ["seed", n] => (self.seed, self.shuffled) = (number(n), true),
            ["connect", name, rest @ ..] => self.announce(name, rest),
            ["afresh"] => {
                self.desk = None;
                self.clients.clear();
            }
            ["journal"] => self.journal = Some(Arc::default()),
            ["looks", "cost", ns] => {
                self.desk().seat.facts.look_ns.store(number(ns), Relaxed);
            }
            ["run"] => {}
            ["wait", ms] => self.desk().wait(Duration::from_millis(number(ms))),
            ["jump", seconds] => {
                let seconds = seconds.parse().unwrap_or_else(|_| panic!("not a number: {seconds}"));
                self.desk().jump(seconds);
            }
            ["step", "control"] => {
                self.desk().step(Machine::Control);
                return self.report();
            }
            ["step", worker] => {
                self.desk().step(Machine::Worker(number(worker) as usize));
                return self.report();
            }
            ["whole"] => self.desk().take_whole(),
            ["give"] => self.desk().give_whole(),
            ["files", "wait"] => self.desk().slow_files = true,
            ["files", "go"] => self.desk().give_answers(false),
            ["files", "go", "backwards"] => self.desk().give_answers(true),
            ["listening", "fails"] => self.desk().listening = Err("Address already in use".into()),
            ["signal", name] => self.desk().signal(name),
            ["log"] => {
                for (level, text) in self.desk().seat.log.take() {
                    self.out += &format!("log: {level:?} {text}\n");
                }
            }
            [name, "ends"] => {
                let key = self.client(name);
                self.desk().seat.end(key);
            }
            [name, "breaks"] => {
                let key = self.client(name);
                self.desk().seat.break_off(key);
            }
            [name, "reads", n] => {
                let key = self.client(name);
                self.desk().seat.make_room(key, number(n) as usize);
            }
            [name, "sends", n, "times", rest @ ..] => {
                let key = self.client(name);
                let args: Vec<&[u8]> = rest.iter().map(|word| word.as_bytes()).collect();
                for _ in 0..number(n) {
                    self.desk().command(key, &args);
                }
            }
            _ => panic!("unknown order: {words:?}"),
        }
        if self.desk.is_some() {
            self.settle();
        }
    }

    /// `connect NAME [worker N] [remote] [room N]`
    fn announce(&mut self, name: &str, words: &[&str]) {
        let (mut worker, mut is_local, mut room) = (0, true, ROOM_BYTES);
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match *word {
                "worker" => worker = words.next().map_or(0, |n| number(n)) as usize,
                "room" => room = words.next().map_or(0, |n| number(n)) as usize,
                "remote" => is_local = false,
                _ => panic!("unknown word {word}"),
            }
        }
        self.announced.insert(name.to_owned(), (worker, is_local, room));
        self.desk();
        self.client(name);
    }
}

fn number(word: &str) -> u64 {
    word.parse().unwrap_or_else(|_| panic!("not a number: {word}"))
}
