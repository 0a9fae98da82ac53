//! The requests of a case, and what must be there before it is measured.

/// Keys that most cases take in turn.
pub const KEYS: usize = 1024;
/// Bytes of a value.
const VALUE: usize = 64;
/// Elements of what is read whole.
const READ: usize = 100;
/// Fields of a hash that is read whole.
const FIELDS: usize = 50;
/// Members of each set that is intersected, half of which are in both.
const MEMBERS: usize = 1000;

/// What must be there before: each as one request.
pub fn setup(command: &str) -> Vec<Vec<u8>> {
    match command {
        "lrange" => vec![words(&["RPUSH".into(), "list".into()], numbered("item", 0, READ))],
        "zrange" => vec![words(&["ZADD".into(), "zset".into()], scored(READ))],
        "zrange-big" => (0..10).map(|_| words(&["ZADD".into(), "zset".into()], scored(MEMBERS))).collect(),
        "hgetall" => vec![words(&["HSET".into(), "hash".into()], pairs(FIELDS))],
        "sinter" => vec![
            words(&["SADD".into(), "a".into()], numbered("member", 0, MEMBERS)),
            words(&["SADD".into(), "b".into()], numbered("member", MEMBERS / 2, MEMBERS)),
        ],
        "pfmerge" | "pfcount" => (0..3)
            .map(|i| words(&["PFADD".into(), format!("hll{i}")], numbered("e", i * 5000, 20_000)))
            .collect(),
        _ => (0..KEYS).map(|key| request("set", key)).collect(),
    }
}

/// The request of a case for a key, or an element.
pub fn request(command: &str, key: usize) -> Vec<u8> {
    let (name, value) = (format!("key:{key:012}"), format!("{key:x>VALUE$}"));
    let element = format!("element:{key:012}");
    let line = match command {
        "get" => vec!["GET".into(), name],
        "set" => vec!["SET".into(), name, value],
        "incr" => vec!["INCR".into(), format!("num:{key:012}")],
        "lpush" => vec!["LPUSH".into(), "mylist".into(), value],
        "hset" => vec!["HSET".into(), "myhash".into(), element, value],
        "zadd" => vec!["ZADD".into(), "myzset".into(), key.to_string(), element],
        "hset-small" => vec!["HSET".into(), name, format!("field:{}", key % 10), value],
        "sadd" => vec!["SADD".into(), "myset".into(), element],
        "lrange" => vec!["LRANGE".into(), "list".into(), "0".into(), "-1".into()],
        "zrange" | "zrange-big" => vec!["ZRANGE".into(), "zset".into(), "0".into(), "99".into()],
        "hgetall" => vec!["HGETALL".into(), "hash".into()],
        "sinter" => vec!["SINTER".into(), "a".into(), "b".into()],
        "xadd" => vec!["XADD".into(), "stream".into(), "*".into(), "field".into(), value],
        "pfcount" => ["PFCOUNT", "hll0", "hll1", "hll2"].map(String::from).to_vec(),
        "pfmerge" => ["PFMERGE", "merged", "hll0", "hll1", "hll2"].map(String::from).to_vec(),
        _ => vec!["PING".into()],
    };
    words(&line, std::iter::empty())
}

fn numbered(prefix: &str, from: usize, count: usize) -> impl Iterator<Item = String> {
    (from..from + count).map(move |i| format!("{prefix}:{i:010}"))
}

fn scored(count: usize) -> impl Iterator<Item = String> {
    (0..count).flat_map(|i| [i.to_string(), format!("member:{i:010}")])
}

fn pairs(count: usize) -> impl Iterator<Item = String> {
    (0..count).flat_map(|i| [format!("field:{i}"), format!("value:{i:010}")])
}

fn words(head: &[String], tail: impl Iterator<Item = String>) -> Vec<u8> {
    let words: Vec<String> = head.iter().cloned().chain(tail).collect();
    let mut out = format!("*{}\r\n", words.len());
    words.iter().for_each(|word| out.push_str(&format!("${}\r\n{word}\r\n", word.len())));
    out.into_bytes()
}
