//! Libraries of functions beside those of other servers: the same code is taken and refused with the same words, calls answer
//! the same, and dumps go from each to each.

use anyhow::{Context, Result, ensure};
use conformance::client::{Client, Reply};
use conformance::node::Kind::{self, Handfast, Redis7, Redis8, Valkey9};
use conformance::node::Node;

/// A server with a connection.
struct Server {
    kind: Kind,
    client: Client,
    _node: Node,
}

impl Server {
    fn start(kind: Kind, port: u16) -> Result<Server> {
        let node = Node::start(kind, port, &["--save", ""])?;
        Ok(Server { kind, client: Client::connect(port)?, _node: node })
    }

    fn call(&mut self, arguments: &[&str]) -> Result<Reply> {
        self.client.call(arguments).with_context(|| format!("{}: {arguments:?}", self.kind.name()))
    }

    /// Libraries with their functions, sorted: no order is promised.
    fn libraries(&mut self) -> Result<Vec<String>> {
        let list = self.call(&["FUNCTION", "LIST", "WITHCODE"])?;
        let mut all = Vec::new();
        for library in list.items()? {
            let (name, code) = (library.field("library_name")?, library.field("library_code")?);
            let mut functions: Vec<String> =
                library.field("functions")?.items()?.iter().map(Reply::to_string).collect();
            functions.sort_unstable();
            all.push(format!("{name} {functions:?} {code}"));
        }
        all.sort_unstable();
        Ok(all)
    }
}

/// Bodies of libraries, of which some are taken.
const BODIES: &[&str] = &[
    "redis.register_function('f', function() return 1 end)",
    "redis.register_function{Function_Name='f', callback=function() end, FLAGS={'NO-writes', 'allow-oom'}, description=1}",
    "redis.register_function{function_name='f', callback=redis.log, flags={'no-writes', nil, 'x'}}",
    "redis.register_function()",
    "redis.register_function('f')",
    "redis.register_function(1)",
    "redis.register_function('f', nil)",
    "redis.register_function(nil, function() end)",
    "redis.register_function({}, function() end)",
    "redis.register_function(1.5, function() end)",
    "redis.register_function('f', function() end, {})",
    "redis.register_function('', function() end)",
    "redis.register_function('a b', function() end)",
    "redis.register_function{}",
    "redis.register_function{1}",
    "redis.register_function{[{}]=1}",
    "redis.register_function{function_name='f'}",
    "redis.register_function{callback=function() end}",
    "redis.register_function{function_name={}, callback=function() end}",
    "redis.register_function{function_name='f', callback=1}",
    "redis.register_function{function_name='f', callback=function() end, description={}}",
    "redis.register_function{function_name='f', callback=function() end, flags=1}",
    "redis.register_function{function_name='f', callback=function() end, flags={1}}",
    "redis.register_function{function_name='f', callback=function() end, flags={'x'}}",
    "redis.register_function{function_name='f', callback=function() end, more=1}",
    "redis.register_function('f', function() end) redis.register_function('f', function() end)",
    "redis.register_function('taken', function() end)",
    "redis.log()",
    "redis.log(1)",
    "redis.log('a', 'b')",
    "redis.log(9, 'b')",
    "redis.log(redis.LOG_DEBUG, 'b', 1, {})",
    "return redis.REDIS_VERSION_NUM > 0",
    "bad script",
    "x = 1",
    "return x",
    "redis.x = 1",
    "return redis.call",
    "return redis[1]",
    "return redis[{}]",
    "return _G",
    "return math",
    "return KEYS",
    "return pcall",
    "return ('x'):rep(3):foo()",
    "local x = nil + 1",
    "local x = {} x[nil] = 1",
    "for i = 1, 'x' do end",
    "return #5",
    "while true do end",
    "local function f() return 1 + f() end f()",
    "return 'unfinished",
    "return [[unfinished",
    "redis.register_function('f', function()",
];

const HEADERS: &[&str] = &[
    "",
    "#!",
    "#!\n",
    "#!lua\n",
    "#!lua",
    "#!lua name=a",
    "#! name=a\n",
    "#!js name=a\n",
    "#!lua name=\n",
    "#!lua name=a-b\n",
    "#!lua name=a=b\n",
    "#!lua name=a name=b\n",
    "#!lua name=a foo=bar\n",
    "#!lua name\n",
    "#!lua =x\n",
    "#!lua name=\"a\n",
    "#!lua name=\"a b\"\n",
    "#!LUA NAME=\"q\"  \n",
    "\n#!lua name=a\n",
];

#[test]
fn libraries_are_refused_with_the_words_of_redis_7() -> Result<()> {
    let (mut ours, mut theirs) = (Server::start(Handfast, 21230)?, Server::start(Redis7, 21231)?);
    let other = "#!lua name=other\nredis.register_function('taken', function() end)";
    let bodies = BODIES.iter().map(|body| format!("#!lua name=lib\n{body}"));
    let codes: Vec<String> = std::iter::once(other.into())
        .chain(bodies)
        .chain(HEADERS.iter().map(|line| (*line).into()))
        .collect();
    for code in &codes {
        for options in [&[][..], &["REPLACE"], &["replace", "REPLACE"], &["NOPE"]] {
            let command = [&["FUNCTION", "LOAD"], options, &[code.as_str()]].concat();
            let (our, their) = (ours.call(&command)?, theirs.call(&command)?);
            ensure!(our == their, "{command:?}\nours   {our}\ntheirs {their}");
        }
    }
    ensure!(ours.libraries()? == theirs.libraries()?);
    Ok(())
}

/// Libraries that collide in every way.
const DUMPED: [&str; 5] = [
    "#!lua name=a\nredis.register_function('fa', function() return 1 end)",
    "#!lua name=b\nredis.register_function{function_name='fb', callback=function() return 2 end, flags={'no-writes'}}",
    "#!lua name=b\nredis.register_function('fa', function() return 3 end)",
    "#!lua name=c\nredis.register_function('FA', function() return 4 end)",
    "#!lua name=long\n--xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\nredis.register_function('fl', \
     function() return 5 end)",
];

/// Which of them are loaded before a dump.
const SETS: [&[usize]; 6] = [&[], &[0], &[0, 1], &[2], &[3, 4], &[0, 1, 4]];

fn fill(server: &mut Server, set: &[usize]) -> Result<()> {
    server.call(&["FUNCTION", "FLUSH"])?;
    for at in set {
        let reply = server.call(&["FUNCTION", "LOAD", DUMPED[*at]])?;
        ensure!(matches!(reply, Reply::Bulk(_)), "{reply}");
    }
    Ok(())
}

fn dump(server: &mut Server) -> Result<Vec<u8>> {
    server.client.bytes(&["FUNCTION", "DUMP"])?.context("a payload")
}

#[test]
fn dumps_go_to_each_server_and_back() -> Result<()> {
    let mut ours = Server::start(Handfast, 21232)?;
    for (kind, port) in [(Redis7, 21233), (Redis8, 21234), (Valkey9, 21235)] {
        let mut other = Server::start(kind, port)?;
        for set in SETS {
            fill(&mut ours, set)?;
            let payload = dump(&mut ours)?;
            other.call(&["FUNCTION", "FLUSH"])?;
            let reply = other.client.call(&[&b"FUNCTION"[..], b"RESTORE", &payload])?;
            ensure!(reply == Reply::Simple("OK".into()), "{} does not take ours: {reply}", kind.name());
            ensure!(ours.libraries()? == other.libraries()?);
            let back = dump(&mut other)?;
            collide(&mut ours, &mut other, &back).with_context(|| format!("{} {set:?}", kind.name()))?;
        }
    }
    Ok(())
}

/// Restores the payload over all sets of libraries; whether it may be is the same on both sides. Ours takes payloads that the other
/// server wrote.
fn collide(ours: &mut Server, other: &mut Server, payload: &[u8]) -> Result<()> {
    for before in SETS {
        for policy in ["FLUSH", "APPEND", "REPLACE"] {
            let mut replies = Vec::new();
            for server in [&mut *ours, &mut *other] {
                fill(server, before)?;
                let command = [&b"FUNCTION"[..], b"RESTORE", payload, policy.as_bytes()];
                // Which of several collisions is named depends on the order of the libraries.
                replies.push(matches!(server.client.call(&command)?, Reply::Error(_)));
            }
            ensure!(replies[0] == replies[1], "{policy} over {before:?}: {replies:?}");
            let (our, their) = (ours.libraries()?, other.libraries()?);
            ensure!(our == their, "{policy} over {before:?}\nours   {our:?}\ntheirs {their:?}");
        }
    }
    Ok(())
}

/// Functions, and what they are called with.
const CALLS: &[(&str, &[&str])] = &[
    ("return {#k, #a, k[1] or '-', a[1] or '-', select('#', ...)}", &["0"]),
    ("return {#k, #a, k[1] or '-', a[1] or '-', select('#', ...)}", &["1", "key", "x", "y"]),
    ("return k", &["3", "k1", "k2", "k3"]),
    ("k[1] = 5 return k", &["0"]),
    ("return 1", &["x"]),
    ("return 1", &["-1"]),
    ("return 1", &["2", "a"]),
    ("return 1", &["9999999999999999999"]),
    ("return 1.9", &["0"]),
    ("return redis.call('set', 'x', 1)", &["0"]),
    ("return redis.call('get', 'x')", &["0"]),
    ("return redis.call('foo')", &["0"]),
    ("return redis.pcall('foo')", &["0"]),
    ("return redis.call('lpush', 'x', 1)", &["0"]),
    ("return redis.pcall('lpush', 'x', 1)", &["0"]),
    ("local t = redis.pcall('lpush', 'x', 1) return t.err", &["0"]),
    ("local ok, e = pcall(redis.call, 'foo') return e.err", &["0"]),
    ("return {ok = 'fine'}", &["0"]),
    ("return {err = 'My error'}", &["0"]),
    ("return redis.error_reply('My error')", &["0"]),
    ("return redis.status_reply('Fine')", &["0"]),
    ("return redis.sha1hex('x')", &["0"]),
    ("error('x')", &["0"]),
    ("error({err = 'E x'})", &["0"]),
    ("error(12)", &["0"]),
    ("error('x', 0)", &["0"]),
    ("x = 1", &["0"]),
    ("return y", &["0"]),
    ("return KEYS", &["0"]),
    ("return ARGV", &["0"]),
    ("return _G[1]", &["0"]),
    ("return loadstring('return KEYS')()", &["0"]),
    ("return rawset(_G, 'x', 1)", &["0"]),
    ("redis.call = 1", &["0"]),
    ("return type(redis.register_function)", &["0"]),
    ("redis.register_function('g', function() end)", &["0"]),
    ("return l.call", &["0"]),
    ("l.redis = redis", &["0"]),
    ("l.register_function('g', function() end)", &["0"]),
    ("local function g() return l.register_function('g', function() end) end return g()", &["0"]),
    ("n = 1", &["0"]),
    ("count = count + 1 return count", &["0"]),
    ("return shared(2)", &["0"]),
    ("return getmetatable('').__index == string", &["0"]),
    ("return math.random()", &["0"]),
    ("return ('x'):foo()", &["0"]),
    ("redis.setresp(3) return redis.call('hgetall', 'h')", &["0"]),
    ("redis.setresp(3) return redis.call('zscore', 'z', 'm')", &["0"]),
    ("return redis.call('hgetall', 'h')", &["0"]),
    ("return redis.call('config', 'get', 'maxmemory')", &["0"]),
    ("return redis.call('function', 'list')", &["0"]),
    ("return redis.call('fcall', 'f', 0)", &["0"]),
    ("return redis.call('eval', 'return 1', 0)", &["0"]),
    ("return cjson.encode({1, 2, {a = 1}})", &["0"]),
    ("return tostring(bit.band(7, 12))", &["0"]),
    ("return struct.pack('>I2', 5)", &["0"]),
    ("return cmsgpack.pack({1})", &["0"]),
    ("while true do l.log() end", &["0"]),
];

#[test]
fn calls_answer_as_redis_7_answers() -> Result<()> {
    let (mut ours, mut theirs) = (Server::start(Handfast, 21236)?, Server::start(Redis7, 21237)?);
    for server in [&mut ours, &mut theirs] {
        server.call(&["HSET", "h", "f", "v"])?;
        server.call(&["ZADD", "z", "1.5", "m"])?;
    }
    for (body, arguments) in CALLS {
        for flags in ["", "'no-writes'", "'allow-stale', 'no-cluster'"] {
            let code = format!(
                "#!lua name=lib\nlocal l, count = redis, 0 local function shared(n) return n * 2 end\n\
                 redis.register_function{{function_name='f', flags={{{flags}}}, callback=function(k, a, ...)\n{body}\nend}}"
            );
            for command in [&["FUNCTION", "LOAD", "REPLACE", &code][..], &["FUNCTION", "STATS"]] {
                same(&mut ours, &mut theirs, command)?;
            }
            for name in ["FCALL", "FCALL_RO"] {
                for function in ["f", "F", "g"] {
                    let command = [&[name, function], *arguments].concat();
                    same(&mut ours, &mut theirs, &command).with_context(|| format!("{body} {flags}"))?;
                }
            }
        }
    }
    Ok(())
}

fn same(ours: &mut Server, theirs: &mut Server, command: &[&str]) -> Result<()> {
    let (our, their) = (ours.call(command)?, theirs.call(command)?);
    ensure!(our == their, "{command:?}\nours   {our}\ntheirs {their}");
    Ok(())
}
