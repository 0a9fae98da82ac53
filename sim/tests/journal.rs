//! What a journal is told makes another node the same.

use base::Rng;
use resp::client::{Decoder, DecoderLimits, Value};
use sim::desk::{Desk, Heard};
use sim::outside::DayBook;
use sim::seat::SocketKey;
use std::sync::Arc;
use std::time::Duration;

/// Commands between two comparisons.
const COMMANDS: usize = 40;
/// Comparisons of one seed.
const ROUNDS: usize = 12;

/// One command each; `$S` and its like are keys that mostly have that type, `#` a small number, `$V` a short text.
const COMMANDS_OF_DATA: &[&str] = &[
    "SET $S $V",
    "SET $S # PX #00",
    "SET $S $V XX GET EX 100",
    "SET $S $V KEEPTTL",
    "SETEX $S 1 $V",
    "PSETEX $S #0 $V",
    "SETNX $S $V",
    "GETSET $S $V",
    "GETDEL $S",
    "GETEX $S PX #00",
    "GETEX $S PERSIST",
    "GETEX $S PXAT 1000",
    "INCR $S",
    "INCRBYFLOAT $S 1.#",
    "APPEND $S $V",
    "SETRANGE $S # $V",
    "SETBIT $S # 1",
    "BITFIELD $S INCRBY u8 # #",
    "MSET $S $V $S $V",
    "MSETNX $S $V $S $V",
    "MSETEX 2 $S $V $S $V PX #00",
    "BITOP NOT $S $S",
    "GET $S",
    "DELIFEQ $S $V",
    "SET $S $V IFEQ $V",
    "DEL $S",
    "UNLINK $A $A",
    "EXPIRE $A 1",
    "PEXPIRE $A #00 NX",
    "PEXPIRE $A #00 GT",
    "EXPIRE $A -1",
    "PEXPIREAT $A 1000",
    "PERSIST $A",
    "RENAME $A $A",
    "RENAMENX $A $A",
    "COPY $A $A REPLACE",
    "MOVE $A 1",
    "TOUCH $A",
    "SELECT 0",
    "SELECT 1",
    "RPUSH $L $V $V",
    "LPUSH $L $V",
    "LPUSHX $L $V",
    "LPOP $L",
    "RPOP $L #",
    "LMPOP 2 $L $L LEFT COUNT #",
    "BLMPOP 0.01 1 $L RIGHT",
    "BLPOP $L 0.01",
    "BRPOP $L $L 0.01",
    "BLMOVE $L $L LEFT RIGHT 0.01",
    "BRPOPLPUSH $L $L 0.01",
    "LMOVE $L $L RIGHT LEFT",
    "LTRIM $L 0 #",
    "LSET $L 0 $V",
    "LREM $L 0 $V",
    "LINSERT $L BEFORE $V x",
    "SORT $L ALPHA STORE $L",
    "SADD $T $V $V",
    "SADD $T # # #",
    "SREM $T $V",
    "SPOP $T",
    "SPOP $T #",
    "SMOVE $T $T $V",
    "SINTERSTORE $T $T $T",
    "SUNIONSTORE $T $T $T",
    "SDIFFSTORE $T $T $T",
    "HSET $H $V $V $V #",
    "HSETNX $H $V #",
    "HINCRBY $H $V #",
    "HINCRBYFLOAT $H $V 1.#",
    "HDEL $H $V $V",
    "HEXPIRE $H 1 FIELDS 1 $V",
    "HPEXPIRE $H #00 NX FIELDS 2 $V $V",
    "HPEXPIREAT $H 1000 FIELDS 1 $V",
    "HPERSIST $H FIELDS 1 $V",
    "HGETEX $H PX #00 FIELDS 1 $V",
    "HGETEX $H PERSIST FIELDS 1 $V",
    "HSETEX $H PX #00 FIELDS 1 $V #",
    "HSETEX $H FNX EX 1 FIELDS 2 $V # $V #",
    "HSETEX $H KEEPTTL FIELDS 1 $V #",
    "HGETDEL $H FIELDS 1 $V",
    "HSETEX $H PXAT 1000 FIELDS 1 $V #",
    "ZADD $Z # $V # $V",
    "ZADD $Z GT CH # $V",
    "ZADD $Z INCR # $V",
    "ZINCRBY $Z 1.5 $V",
    "ZREM $Z $V",
    "ZPOPMIN $Z",
    "ZPOPMAX $Z #",
    "ZMPOP 2 $Z $Z MIN COUNT #",
    "BZMPOP 0.01 1 $Z MAX",
    "BZPOPMIN $Z $Z 0.01",
    "BZPOPMAX $Z 0.01",
    "ZRANGESTORE $Z $Z 0 #",
    "ZUNIONSTORE $Z 2 $Z $Z",
    "ZREMRANGEBYRANK $Z 0 0",
    "GEOADD $Z 13.# 38.# $V",
    "GEOSEARCHSTORE $Z $Z FROMLONLAT 13 38 BYRADIUS 500 km",
    "PFADD $P $V",
    "PFCOUNT $P $P",
    "PFCOUNT $P",
    "PFMERGE $P $P",
    "XADD $X * f $V",
    "XADD $X MAXLEN ~ # * f $V",
    "XADD $X MAXLEN # * f $V",
    "XADD $X NOMKSTREAM * f $V",
    "XTRIM $X MAXLEN #",
    "XTRIM $X MAXLEN ~ #",
    "XGROUP CREATE $X g 0 MKSTREAM",
    "XGROUP CREATE $X g $",
    "XGROUP SETID $X g 0",
    "XGROUP CREATECONSUMER $X g $V",
    "XGROUP DELCONSUMER $X g $V",
    "XGROUP DESTROY $X g",
    "XREADGROUP GROUP g $V COUNT # STREAMS $X >",
    "XREADGROUP GROUP g $V NOACK COUNT # STREAMS $X >",
    "XREADGROUP GROUP g $V COUNT # BLOCK 10 STREAMS $X $X > >",
    "XAUTOCLAIM $X g $V 0 0 COUNT #",
    "XSETID $X 9999999999999-1",
    "FLUSHDB",
    "SWAPDB 0 1",
    "RANDOMKEY",
    "SCAN 0",
    "KEYS *",
];

/// Runs of several commands as one.
const COMPOUNDS: &[&str] = &[
    "redis.call('SET', KEYS[1], ARGV[1], 'PX', 100) redis.call('APPEND', KEYS[1], 'x')",
    "redis.call('SADD', KEYS[2], 1, 2, 3) return redis.call('SPOP', KEYS[2], 2)",
    "redis.call('SELECT', 1) redis.call('INCR', KEYS[1])",
    "redis.call('GET', KEYS[1]) redis.call('RPUSH', KEYS[3], ARGV[1]) redis.pcall('LPUSH', KEYS[1], 1) return redis.call('LPOP', KEYS[3])",
    "redis.call('EXPIRE', KEYS[1], 1) redis.call('INCR', KEYS[2])",
];

struct Pair {
    there: Desk,
    here: Desk,
    journal: Arc<DayBook>,
    from: SocketKey,
    to: SocketKey,
    /// The database of the stream's last request.
    db: Option<u32>,
    /// That of the client.
    client_db: u32,
}

impl Pair {
    fn new(seed: u64) -> Pair {
        let (journal, directives) = (Arc::<DayBook>::default(), ["databases 2".to_owned()]);
        let mut here = Desk::alone_with(&directives, seed, Arc::clone(&journal));
        let mut there = Desk::alone(&directives, seed + 1);
        // Its clock is an hour slow, so that it keeps what it is not told to remove, and no relative time fits.
        there.jump(-3600);
        let (from, to) = (here.connect(0, true), there.connect(0, true));
        Pair { there, here, journal, from, to, db: Some(0), client_db: 0 }
    }

    fn run(&mut self, words: &[&str]) {
        let words: Vec<&[u8]> = words.iter().map(|word| word.as_bytes()).collect();
        self.here.command(self.from, &words);
        self.here.settle();
    }

    /// Carries the stream over. What was done here is done there without an error.
    fn carry(&mut self) {
        let bytes = self.journal.stream(&mut self.db);
        self.there.send(self.to, &bytes);
        self.there.settle();
        for heard in self.there.heard(self.to) {
            let refused = match &heard {
                Heard::Reply(Value::Error(_)) => true,
                Heard::Reply(Value::Array(replies)) => replies.iter().any(|r| matches!(r, Value::Error(_))),
                heard => !matches!(heard, Heard::Reply(_)),
            };
            assert!(!refused, "{heard:?} answers one of {:?}", requests(&bytes));
        }
    }

    fn wait(&mut self, ms: u64) {
        self.here.wait(Duration::from_millis(ms));
        self.there.wait(Duration::from_millis(ms));
    }

    fn compare(&mut self) {
        for db in ["0", "1"] {
            let (from, to) = (self.from, self.to);
            let mut ask =
                |words: &[&[u8]]| (ask(&mut self.here, from, words), ask(&mut self.there, to, words));
            ask(&[b"SELECT", db.as_bytes()]);
            let (Value::Array(mut keys), Value::Array(mut others)) = ask(&[b"KEYS", b"*"]) else {
                panic!("KEYS")
            };
            keys.sort_by_key(|key| format!("{key:?}"));
            others.sort_by_key(|key| format!("{key:?}"));
            assert_eq!(keys, others);
            for key in &keys {
                let Value::Bulk(key) = key else { panic!("{key:?} is a key") };
                for question in [&[&b"DEBUG"[..], b"DIGEST-VALUE", key][..], &[b"PEXPIRETIME", key]] {
                    let (ours, theirs) = ask(question);
                    assert_eq!(ours, theirs, "{} of {}", question[0].escape_ascii(), key.escape_ascii());
                }
                if key.starts_with(b"x") {
                    let (ours, theirs) = ask(&[b"XINFO", b"STREAM", key, b"FULL"]);
                    assert_eq!(groups(&ours), groups(&theirs), "groups of {}", key.escape_ascii());
                }
            }
        }
        let own = self.client_db.to_string();
        ask(&mut self.here, self.from, &[b"SELECT", own.as_bytes()]);
        let stream = self.db.unwrap_or(0).to_string();
        ask(&mut self.there, self.to, &[b"SELECT", stream.as_bytes()]);
    }
}

fn ask(desk: &mut Desk, key: SocketKey, words: &[&[u8]]) -> Value {
    desk.heard(key);
    desk.command(key, words);
    desk.settle();
    match desk.heard(key).pop() {
        Some(Heard::Reply(reply)) => reply,
        other => panic!("{other:?} answers"),
    }
}

/// XINFO STREAM FULL without how the entries are stored, and when consumers were last seen.
fn groups(info: &Value) -> String {
    let Value::Array(fields) = info else { return format!("{info:?}") };
    let mut text = String::new();
    for pair in fields.chunks(2) {
        let Value::Bulk(name) = &pair[0] else { panic!("{:?} is a name", pair[0]) };
        let name = name.escape_ascii().to_string();
        if !name.contains("radix") {
            text += &format!("{name} {}\n", timeless(&pair[1]));
        }
    }
    text
}

fn timeless(value: &Value) -> String {
    let items = match value {
        Value::Array(items) => items,
        Value::Bulk(text) => return format!("\"{}\" ", text.escape_ascii()),
        // When something was delivered: a time in the future is none to XCLAIM.
        Value::Int(1_600_000_000_000..) => return "some time ".into(),
        other => return format!("{other:?} "),
    };
    let mut text = String::from("[");
    let mut skip = false;
    for item in items {
        if !std::mem::take(&mut skip) {
            text += &timeless(item);
        }
        skip = matches!(item, Value::Bulk(name) if name.ends_with(b"-time"));
    }
    text + "]"
}

fn requests(bytes: &[u8]) -> Vec<String> {
    let mut decoder = Decoder::new(DecoderLimits::default());
    decoder.push(bytes);
    let mut all = Vec::new();
    while let Ok(Some(Value::Array(words))) = decoder.next() {
        let words = words.iter().map(|word| match word {
            Value::Bulk(word) => word.escape_ascii().to_string(),
            other => format!("{other:?}"),
        });
        all.push(words.collect::<Vec<_>>().join(" "));
    }
    all
}

/// A template, filled.
fn command(rng: &mut Rng) -> Vec<String> {
    let template = COMMANDS_OF_DATA[rng.below(COMMANDS_OF_DATA.len() as u64) as usize];
    template.split(' ').map(|word| fill(word, rng)).collect()
}

fn fill(word: &str, rng: &mut Rng) -> String {
    let kinds = ["s", "l", "t", "h", "z", "p", "x"];
    match word {
        "$" => "$".into(),
        "$V" => format!("v{}", rng.below(5)),
        "$A" => format!("{}{}", kinds[rng.below(7) as usize], rng.below(2)),
        _ if word.starts_with('$') => format!("{}{}", word[1..].to_ascii_lowercase(), rng.below(2)),
        word => word.replace('#', &(1 + rng.below(6)).to_string()),
    }
}

fn compound(rng: &mut Rng, pair: &mut Pair) {
    if rng.one_in(2) {
        let body = COMPOUNDS[rng.below(COMPOUNDS.len() as u64) as usize];
        return pair.run(&["EVAL", body, "3", "s0", "t0", "l0", "7"]);
    }
    pair.run(&["MULTI"]);
    for _ in 0..1 + rng.below(4) {
        let words = command(rng);
        // The client's database stays known.
        if words[0] != "SELECT" {
            pair.run(&words.iter().map(String::as_str).collect::<Vec<_>>());
        }
    }
    pair.run(&["EXEC"]);
}

#[test]
fn another_node_becomes_the_same() {
    let seeds = std::env::var("SEEDS").ok().and_then(|n| n.parse().ok()).unwrap_or(20);
    for seed in 0..seeds {
        let (mut rng, mut pair) = (Rng::new(seed), Pair::new(seed));
        for _ in 0..ROUNDS {
            for _ in 0..COMMANDS {
                match rng.below(12) {
                    0 => compound(&mut rng, &mut pair),
                    1 => {
                        pair.carry();
                        pair.wait(rng.below(400));
                    }
                    _ => {
                        let words = command(&mut rng);
                        if let ("SELECT", db) = (words[0].as_str(), &words[words.len() - 1]) {
                            pair.client_db = db.parse().expect("a number");
                        }
                        pair.run(&words.iter().map(String::as_str).collect::<Vec<_>>());
                        // What would wait gives up.
                        pair.here.wait(Duration::from_millis(20));
                        pair.there.wait(Duration::from_millis(20));
                    }
                }
                pair.carry();
            }
            // All that was to expire within seconds is gone.
            pair.wait(3000);
            pair.carry();
            pair.compare();
        }
    }
}
