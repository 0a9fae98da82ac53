//! A server without clients: a keyspace and the data commands.
#![allow(dead_code, reason = "each test file uses its part")]

mod show;

use std::sync::Arc;

use base::Rng;
use commands::{
    Class, Classes, Cmd, Dumps, Effects, Env, Ground, Limits, Registry, Run, Walk, introspect, keys_of,
    wrong_arity,
};
use resp::{Args, Proto, Reply, Span};
use store::{Clock, Key, KeyHash, Keyspace, Params, Ticket, Touch, Wake, WorkerIdx};

const WORKER: WorkerIdx = WorkerIdx(0);
const OTHER: WorkerIdx = WorkerIdx(1);
const CLIENT: u64 = 1;
const TICKET: Ticket = Ticket(1);
const LFU: Touch = Touch::Lfu { log_factor: 10, decay_minutes: 1 };

struct Nobody;

impl Wake for Nobody {
    fn stripe_free(&self, _: WorkerIdx, _: u64) {}
    fn gate_open(&self, _: WorkerIdx) {}
    fn exclusive_ready(&self, _: Ticket) {}
}

/// What the commands of one transcript run on.
pub struct Server {
    keyspace: Arc<Keyspace>,
    commands: Registry<Run>,
    env: Env,
    effects: Effects,
    rng: Rng,
    proto: Proto,
    db: u32,
    now_ms: u64,
    show_effects: bool,
    /// Everything is held, as in a transaction that walks.
    whole: bool,
}

impl Server {
    /// Empty, in RESP2, at a fixed time.
    pub fn new() -> Server {
        let params = Params { databases: 16, workers: 2, hash_key: (1, 2) };
        Server {
            keyspace: Keyspace::new(params, Box::new(Nobody)),
            commands: Registry::new(commands::rows().map(|row| (&row.spec, row.run))),
            env: Env {
                cluster: false,
                databases: 16,
                string_bytes_max: 512 << 20,
                lfu: false,
                limits: Limits::default(),
                dumps: Dumps::default(),
                in_script: false,
            },
            effects: Effects::default(),
            rng: Rng::new(1),
            proto: Proto::Resp2,
            db: 0,
            now_ms: 1_700_000_000_000,
            show_effects: false,
            whole: false,
        }
    }

    /// Obeys a directive: `resp 2`, `db 1`, `wait 1000`, `effects`, `cluster`, `lfu`, `max 100`, `whole`.
    pub fn direct(&mut self, line: &str) {
        let (word, number) = line.split_once(' ').unwrap_or((line, "0"));
        let number: u64 = number.parse().expect("a number");
        match word {
            "resp" => self.proto = if number == 3 { Proto::Resp3 } else { Proto::Resp2 },
            "db" => self.db = number as u32,
            "wait" => self.now_ms += number,
            "effects" => {
                self.show_effects = true;
                self.effects.set_logs(true);
                self.effects.listen(Classes::of(&[
                    Class::Generic,
                    Class::String,
                    Class::List,
                    Class::Set,
                    Class::Hash,
                    Class::SortedSet,
                    Class::Stream,
                    Class::KeyMiss,
                    Class::New,
                ]));
            }
            "cluster" => (self.env.cluster, self.env.databases) = (true, 1),
            "whole" => self.whole = true,
            "lfu" => self.env.lfu = true,
            "max" => self.env.string_bytes_max = number as usize,
            _ => panic!("unknown directive {word}"),
        }
    }

    /// The slot of a key.
    pub fn slot(&self, key: &str) -> u16 {
        self.keyspace.hash(key.as_bytes()).slot.get()
    }

    /// Runs a command that walks while another worker holds a key; `None` if it was refused.
    pub fn run_beside(&mut self, line: &str, held: &str) -> Option<String> {
        let (bytes, spans) = split(line);
        let args = Args::new(&bytes, &spans);
        let keyspace = self.keyspace.clone();
        let other = keyspace.enter(OTHER, self.clock()).expect("nobody is exclusive");
        let lock = other.try_lock(&[keyspace.hash(held.as_bytes())], CLIENT + 1).expect("free");
        let turn = keyspace.enter(WORKER, self.clock()).expect("nobody is exclusive");
        let Ok(Run::Walk(handler)) = self.commands.resolve(args).map(|command| command.run) else {
            panic!("{line} walks");
        };
        let mut out = Vec::new();
        let done = handler(&mut Walk {
            args,
            db: self.db,
            ground: Ground::Turn(&turn),
            out: &mut Reply::new(&mut out, self.proto),
            env: &self.env,
            effects: &mut self.effects,
            token: CLIENT,
            rng: &mut self.rng,
        });
        drop(lock);
        assert_eq!(done.is_err(), out.is_empty());
        done.ok().map(|()| show::reply(&out))
    }

    /// Runs a command; the reply, readable, and the effects if wanted.
    pub fn run(&mut self, line: &str) -> String {
        let (bytes, spans) = split(line);
        let mut out = Vec::new();
        self.effects.clear();
        self.dispatch(Args::new(&bytes, &spans), &mut out);
        let mut shown = show::reply(&out);
        if self.show_effects {
            for notice in &self.effects.notices {
                let key = String::from_utf8_lossy(&notice.key);
                shown += &format!("\n{} {key} in db {}", notice.event, notice.db);
            }
            for command in self.effects.take_logged().unwrap_or_default() {
                let words = command.iter().map(|word| String::from_utf8_lossy(word));
                shown += &format!("\nlogged as {}", words.collect::<Vec<_>>().join(" "));
            }
            shown += &format!("\ndirty {}", self.effects.dirty);
        }
        shown
    }

    fn dispatch(&mut self, args: Args<'_>, out: &mut Vec<u8>) {
        if args.at(0).eq_ignore_ascii_case(b"command") {
            return self.command(args, out);
        }
        let command = match self.commands.resolve(args) {
            Ok(command) => command,
            Err(unknown) => return Reply::new(out, self.proto).error(&unknown.text(args)),
        };
        if !command.spec.takes(args.len()) {
            return Reply::new(out, self.proto).error(&wrong_arity(command.spec));
        }
        let mut refs = Vec::new();
        // Where keys cannot be found, the command itself answers what is wrong.
        if keys_of(command.spec, args, &mut refs).is_err() {
            refs.clear();
        }
        let keys: Vec<Key<'_>> = refs.iter().map(|r| self.keyspace.key(args.at(r.index as usize))).collect();
        let hashes: Vec<KeyHash> = keys.iter().map(|key| key.at).collect();
        match command.run {
            Run::Keys(_) | Run::Walk(_) if !self.whole && !command.spec.reaches.is_some_and(|f| f(args)) => {
                self.run_in_turn(command.run, args, &hashes, out)
            }
            run => self.run_alone(run, args, &hashes, out),
        }
    }

    fn clock(&self) -> Clock {
        Clock::new(self.now_ms, if self.env.lfu { LFU } else { Touch::Lru })
    }

    fn run_in_turn(&mut self, run: Run, args: Args<'_>, hashes: &[KeyHash], out: &mut Vec<u8>) {
        let turn = self.keyspace.enter(WORKER, self.clock()).expect("alone");
        let out = &mut Reply::new(out, self.proto);
        let (env, effects, db) = (&self.env, &mut self.effects, self.db);
        match run {
            Run::Keys(handler) | Run::Whole(handler) => {
                let keys = &mut turn.try_lock(hashes, CLIENT).expect("alone");
                let rng = &mut self.rng;
                handler(&mut Cmd { args, db, keys, hashes, out, env, effects, rng });
            }
            Run::Walk(handler) => {
                let ground = Ground::Turn(&turn);
                let rng = &mut self.rng;
                let mut walk = Walk { args, db, ground, out, env, effects, token: CLIENT, rng };
                handler(&mut walk).expect("alone");
            }
        }
    }

    fn run_alone(&mut self, run: Run, args: Args<'_>, hashes: &[KeyHash], out: &mut Vec<u8>) {
        let mut exclusive = self.keyspace.request_exclusive(TICKET).expect("alone");
        let mut access = exclusive.access(self.clock());
        let out = &mut Reply::new(out, self.proto);
        let (env, effects, db) = (&self.env, &mut self.effects, self.db);
        match run {
            Run::Keys(handler) | Run::Whole(handler) => {
                let (keys, rng) = (&mut access, &mut self.rng);
                handler(&mut Cmd { args, db, keys, hashes, out, env, effects, rng });
            }
            Run::Walk(handler) => {
                let (ground, rng) = (Ground::Whole(&mut access), &mut self.rng);
                let mut walk = Walk { args, db, ground, out, env, effects, token: CLIENT, rng };
                handler(&mut walk).expect("all is held");
            }
        }
    }

    fn command(&self, args: Args<'_>, out: &mut Vec<u8>) {
        let (all, out) = (&self.commands, &mut Reply::new(out, self.proto));
        match args.get(1).map(|word| word.to_ascii_lowercase()).as_deref() {
            None => introspect::all(all, out),
            Some(b"count") => introspect::count(all, out),
            Some(b"info") => introspect::info(all, args.sub(2), out),
            Some(b"docs") => introspect::docs(all, args.sub(2), out),
            Some(b"list") => introspect::list(all, args.sub(2), out),
            Some(b"getkeys") => introspect::getkeys(all, args.sub(2), out),
            Some(b"getkeysandflags") => introspect::getkeys_and_flags(all, args.sub(2), out),
            Some(_) => out.error("unknown"),
        }
    }
}

fn split(line: &str) -> (Vec<u8>, Vec<Span>) {
    let (mut bytes, mut spans) = (Vec::new(), Vec::new());
    for word in base::tokens::split_args(line.as_bytes()).expect("balanced quotes") {
        spans.push(Span { start: bytes.len() as u32, len: word.len() as u32 });
        bytes.extend_from_slice(&word);
    }
    (bytes, spans)
}
