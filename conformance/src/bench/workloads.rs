//! What is measured.

/// Requests of one kind, as `valkey-benchmark` sends them.
#[derive(Debug)]
pub struct Workload {
    /// Its name on the command line.
    pub name: &'static str,
    /// Requests that a client sends before it waits for replies.
    pub pipeline: &'static str,
    /// Requests of one run.
    pub requests: u64,
    /// Commands that come first, each of its words.
    pub prepare: &'static [&'static [&'static str]],
    /// A request that is sent as often as the measured one before that.
    pub fill: Option<&'static [&'static str]>,
    /// Arguments of `valkey-benchmark`, by spaces: one of its own tests, or a command. `DIGEST` is what the last of `prepare` answered.
    pub command: &'static str,
}

const fn own(name: &'static str, pipeline: &'static str, requests: u64, command: &'static str) -> Workload {
    Workload { name, pipeline, requests, prepare: &[], fill: None, command }
}

/// One that reads what a script has written.
const fn reading(
    name: &'static str,
    requests: u64,
    prepare: &'static [&'static [&'static str]],
    command: &'static str,
) -> Workload {
    Workload { name, pipeline: "16", requests, prepare, fill: None, command }
}

const RATE_LIMITER: &str = "local key = KEYS[1]
local limit = tonumber(ARGV[1])
local current = tonumber(redis.call('GET', key) or '0')
if current >= limit then
  redis.call('SET', key, 0)
  current = 0
end
redis.call('INCR', key)
local left = limit - current
return {current, left, tostring(left)}";

const HUNDRED_GETS: &str =
    "local n = 0 for i = 1, 100 do if redis.call('GET', KEYS[1]) then n = n + 1 end end return n";

const LIBRARY: &str = "#!lua name=limits
redis.register_function('limit', function(keys, args)
  local current = tonumber(redis.call('GET', keys[1]) or '0')
  if current >= tonumber(args[1]) then
    redis.call('SET', keys[1], 0)
    current = 0
  end
  redis.call('INCR', keys[1])
  return {current, tonumber(args[1]) - current}
end)";

const LIST: &[&str] = &["EVAL", "for i = 1, 100 do redis.call('RPUSH', 'list', 'element:' .. i) end", "0"];
const SCORES: &[&str] = &["EVAL", "for i = 1, 100 do redis.call('ZADD', 'zset', i, 'member:' .. i) end", "0"];
const FIELDS: &[&str] =
    &["EVAL", "for i = 1, 50 do redis.call('HSET', 'hash', 'field:' .. i, 'value:' .. i) end", "0"];
const SETS: &[&str] = &[
    "EVAL",
    "for i = 1, 1000 do redis.call('SADD', '{s}a', 'm:' .. i) redis.call('SADD', '{s}b', 'm:' .. i + 500) end",
    "0",
];
const GROUP: &[&str] = &["XGROUP", "CREATE", "stream", "group", "0", "MKSTREAM"];
const COUNTER: &[&str] = &["SET", "counter", "1"];

/// All of them.
pub const WORKLOADS: [Workload; 18] = [
    own("get-p16", "16", 2_400_000, "-t get"),
    own("set-p16", "16", 2_400_000, "-t set"),
    own("incr-p16", "16", 2_400_000, "-t incr"),
    own("get-p1", "1", 300_000, "-t get"),
    own("lpush-p16", "16", 1_200_000, "-t lpush"),
    own("hset-p16", "16", 1_800_000, "-t hset"),
    own("zadd-p16", "16", 1_200_000, "-t zadd"),
    own("xadd-p16", "16", 600_000, "XADD stream * field __data__"),
    reading("lrange-100", 150_000, &[LIST], "LRANGE list 0 99"),
    reading("zrange-100", 150_000, &[SCORES], "ZRANGE zset 0 99"),
    reading("zrange-100-withscores", 100_000, &[SCORES], "ZRANGE zset 0 99 WITHSCORES"),
    reading("hgetall-50", 150_000, &[FIELDS], "HGETALL hash"),
    reading("sinter-1000", 6_000, &[SETS], "SINTER {s}a {s}b"),
    Workload {
        name: "xreadgroup-1",
        pipeline: "16",
        requests: 300_000,
        prepare: &[GROUP],
        fill: Some(&["XADD", "stream", "*", "field", "value"]),
        command: "XREADGROUP GROUP group consumer COUNT 1 STREAMS stream >",
    },
    Workload {
        name: "xreadgroup-10",
        pipeline: "16",
        requests: 60_000,
        prepare: &[GROUP],
        fill: Some(&[
            "EVAL",
            "for i = 1, 10 do redis.call('XADD', 'stream', '*', 'field', 'value') end",
            "0",
        ]),
        command: "XREADGROUP GROUP group consumer COUNT 10 STREAMS stream >",
    },
    reading(
        "evalsha-10-lines",
        300_000,
        &[COUNTER, &["SCRIPT", "LOAD", RATE_LIMITER]],
        "EVALSHA DIGEST 1 counter 1000",
    ),
    reading(
        "evalsha-100-gets",
        30_000,
        &[COUNTER, &["SCRIPT", "LOAD", HUNDRED_GETS]],
        "EVALSHA DIGEST 1 counter",
    ),
    reading("fcall", 300_000, &[COUNTER, &["FUNCTION", "LOAD", LIBRARY]], "FCALL limit 1 counter 1000"),
];
