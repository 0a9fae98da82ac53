//! Random Lua programs. None shows the order in which a table with several names is walked: each server has its own.

use crate::rng::Rng;

/// Nested tables.
const DEPTH_MAX: u64 = 4;

const NUMBERS: [&str; 30] = [
    "0", "1", "-1", "3.99", "-3.99", "0.1", "1/3", "127", "128", "255", "256", "-33", "-129", "65535",
    "65536", "2^31", "-2^31-1", "2^32", "2^53", "2^53+2", "2^62", "2^63", "-2^63", "1e15", "1e14", "1e300",
    "5e-324", "1/0", "0/0", "-0",
];

/// Those that every server writes alike when they are arguments of a command.
const PLAIN: [&str; 20] = [
    "0", "1", "-1", "127", "128", "255", "256", "-33", "-129", "65535", "65536", "2^31", "-2^31-1", "2^32",
    "2^53", "2^53+2", "1e15", "1e14", "1/0", "0/0",
];

/// Commands, as a script's arguments.
const COMMANDS: [&str; 43] = [
    "'set',KEYS[1],ARGV[1]",
    "'set',KEYS[1],N",
    "'get',KEYS[1]",
    "'get',KEYS[2]",
    "'append',KEYS[1],S",
    "'strlen',KEYS[1]",
    "'incr',KEYS[1]",
    "'incrby',KEYS[1],N",
    "'incrbyfloat',KEYS[1],0.5",
    "'mget',KEYS[1],KEYS[1]",
    "'setnx',KEYS[1],S",
    "'del',KEYS[1]",
    "'exists',KEYS[1]",
    "'type',KEYS[1]",
    "'rename',KEYS[1],KEYS[1]",
    "'expire',KEYS[1],100000",
    "'persist',KEYS[1]",
    "'rpush',KEYS[1],ARGV[1],S,N",
    "'lpop',KEYS[1]",
    "'lrange',KEYS[1],0,-1",
    "'llen',KEYS[1]",
    "'hset',KEYS[1],'f',ARGV[1]",
    "'hget',KEYS[1],'f'",
    "'hmget',KEYS[1],'f','m1'",
    "'hlen',KEYS[1]",
    "'sadd',KEYS[1],ARGV[1],S",
    "'scard',KEYS[1]",
    "'sismember',KEYS[1],S",
    "'zadd',KEYS[1],1.5,S",
    "'zscore',KEYS[1],'m1'",
    "'zrange',KEYS[1],0,-1,'withscores'",
    "'zrank',KEYS[1],'m1'",
    "'xadd',KEYS[1],'9-9','f',S",
    "'xlen',KEYS[1]",
    "'pfadd',KEYS[1],S",
    "'getbit',KEYS[1],7",
    "'echo',V",
    "'ping'",
    "'nosuch',S",
    "'get'",
    "'multi'",
    "'debug','jmap'",
    "V,V",
];

/// What is done with a call's reply, `C`.
const AROUND: [&str; 17] = [
    "return redis.call(C)",
    "return redis.call(C)",
    "return redis.pcall(C)",
    "local r=redis.pcall(C) return {type(r),r}",
    "local r=redis.pcall(C) return type(r)=='table' and (r.err or r.ok or #r) or r",
    "local ok,e=pcall(redis.call,C) return {tostring(ok),type(e),type(e)=='table' and e.err or e}",
    "local ok,e=pcall(function() return redis.call(C) end) if ok then return 'fine' end return e",
    "return cjson.encode(redis.call(C))",
    "return cmsgpack.pack(redis.pcall(C))",
    "return {redis.call(C),redis.call(C)}",
    "redis.setresp(3) return redis.call(C)",
    "redis.setresp(3) local r=redis.pcall(C) return type(r)",
    "redis.setresp(2) return redis.call(C)",
    "redis.pcall(C) return redis.call(C)",
    "for i=1,3 do redis.call(C) end return 'done'",
    "\n\nlocal x = redis.call(C)\nreturn x",
    "redis.call(C) error('after')",
];

const ERRORS: [&str; 26] = [
    "error('plain')",
    "error('plain', 0)",
    "error('two', 2)",
    "error({err='MY table'})",
    "error({err='no_code'})",
    // No other tables: Redis 7.0.15 ends at those.
    "error(S)",
    "error(N)",
    "error()",
    "return redis.error_reply(S)",
    "return redis.error_reply('-MY '..S)",
    "return redis.status_reply(S)",
    "return {err=S}",
    "return {ok=S}",
    "local x = nil return x.y",
    "local x = nil x()",
    "return undefined_name",
    "undefined_name = 1",
    "return V + {}",
    "return V < {}",
    "return #nil",
    "assert(false)",
    "assert(nil, S)",
    "return redis.call()",
    "return redis.call({})",
    "return redis.call('get', {})",
    "local t = setmetatable({}, {__index=function(t,k) error('in '..k) end}) return t.name",
];

const TEXTS: [&str; 33] = [
    "return tostring(N)",
    "return N",
    "return V",
    "return {V,V,nil,V}",
    "return {double=D}",
    "return {map={a=V}}",
    "return {set={a=true}}",
    "return {big_number=S}",
    "return {verbatim_string={format='txt',string=S}}",
    "redis.setresp(3) return {double=D}",
    "redis.setresp(3) return {map={[S]=V}}",
    "redis.setresp(3) return {true,false,V}",
    "redis.setresp(N)",
    "return string.format('%d|%s|%q|%.3f|%x', 5, S, S, N, 255)",
    "return string.format('%s', S)",
    "return {S:find('[a-z]+'), S:find(S,1,true), S:match('(.)(.)')}",
    "return {S:gsub('%w', '<%0>'), S:rep(3), S:sub(2,-2), S:upper(), #S, S:reverse()}",
    "return {string.byte(S,1,-1)}",
    "return tonumber(S)",
    "return {tonumber('0x1f'), tonumber('z',36), tonumber('1e3'), tonumber('')}",
    "return {math.floor(N), math.ceil(N), math.max(1,N), math.abs(N)}",
    "math.randomseed(N) return {math.random(1000), math.random(1000)}",
    "local t={S,N,S} table.sort(t,function(a,b) return tostring(a)<tostring(b) end) return t",
    "return table.concat({1,S,N},',')",
    "local t={3,1,2} table.sort(t) table.insert(t,N) table.remove(t,1) return t",
    "return redis.sha1hex(S)",
    "return {type(redis.call), type(KEYS), #KEYS, #ARGV, type(N), select('#',V,V)}",
    "return {KEYS[1] or false, KEYS[2] or false, ARGV[1] or false, ARGV[2] or false}",
    "return pcall(S)",
    "return {pcall(error,S)}",
    "return loadstring('return '..N)()",
    "local c=coroutine.wrap(function(a) local b=coroutine.yield(a) error(b) end) return {c(1),pcall(c,S)}",
    "return {unpack({V,V,V},1,2)}",
];

const LIBRARIES: [&str; 28] = [
    "return cjson.encode(V)",
    "return cjson.encode(cjson.decode(J))",
    "local v=cjson.decode(J) return type(v)",
    "local c=cjson.new() c.encode_invalid_numbers(true) c.encode_number_precision(5) return c.encode(V)",
    "local c=cjson.new() c.encode_sparse_array(true,2,3) return c.encode({[9]=V,[3]=V})",
    "local c=cjson.new() c.encode_max_depth(2) return c.encode(V)",
    "local c=cjson.new() c.decode_invalid_numbers(false) return c.decode(J)",
    "return cjson.encode(cjson.decode(cjson.encode(V)))",
    "local ok,e=pcall(cjson.decode,J) return {tostring(ok),type(e),ok or e}",
    "return cmsgpack.pack(V,V)",
    "return {cmsgpack.unpack(cmsgpack.pack(V,V))}",
    "return {cmsgpack.unpack(S)}",
    "return {cmsgpack.unpack_one(S,1)}",
    "return {cmsgpack.unpack_limit(cmsgpack.pack(1,V,3),2,N)}",
    "return {struct.unpack('>I2<hbBs',S..S)}",
    "return struct.pack('>Ihlbds!4c0',N,N,N,N,N,S,S)",
    "return struct.pack(F,N,N,N,S)",
    "return {struct.unpack(F,S..S)}",
    "return struct.size(F)",
    "return {bit.tobit(N),bit.bnot(N),bit.bswap(N),bit.tohex(N)}",
    "return {bit.band(N,N),bit.bor(N,N),bit.bxor(N,N,N)}",
    "return {bit.lshift(N,N),bit.rshift(N,3),bit.arshift(N,3),bit.rol(N,5),bit.ror(N,5)}",
    "return bit.band(V,V)",
    "return bit.tohex(N,N)",
    "cjson.x = 1",
    "redis.call = 1",
    "return cjson.null",
    "return {cjson.encode({cjson.null,{}}),tostring(cjson.null)}",
];

const PIECES_OF_JSON: [&str; 24] = [
    "1",
    "-0",
    "1.5e3",
    "0x1F",
    "nan",
    "null",
    "true",
    "false",
    "\"a\"",
    "\"\\u00e9\\ud83d\"",
    "\"\\n\"",
    "[",
    "]",
    "[1,2]",
    "{",
    "}",
    "{\"a\":1}",
    ",",
    ":",
    " ",
    "[]",
    "{}",
    "\"b\":",
    "1e999",
];

const FORMATS: [&str; 16] =
    ["b", "B", "h", "H", "i3", "I", "l", "T", "f", "d", "x", "s", "c0", "c2", "!8", ">"];

/// A program. `plain`: numbers among the arguments of commands are those that every server writes alike.
pub fn program(plain: bool, rng: &mut Rng) -> Vec<u8> {
    let calls = Numbers(if plain { &PLAIN } else { &NUMBERS });
    let any = Numbers(&NUMBERS);
    let filled = match rng.below(5) {
        0 | 1 => calls.fill(&rng.pick(&AROUND).replace('C', rng.pick::<&str>(&COMMANDS)), rng),
        2 => any.fill(rng.pick::<&str>(&ERRORS), rng),
        3 => any.fill(rng.pick::<&str>(&TEXTS), rng),
        _ => any.fill(rng.pick::<&str>(&LIBRARIES), rng),
    };
    filled.into_bytes()
}

/// The numbers that a program may have.
#[derive(Clone, Copy)]
struct Numbers(&'static [&'static str]);

impl Numbers {
    /// Puts words in the places of capital letters that stand alone.
    fn fill(self, text: &str, rng: &mut Rng) -> String {
        let mut out = String::new();
        let chars: Vec<char> = text.chars().collect();
        let is_name = |c: Option<&char>| c.is_some_and(|c| c.is_alphanumeric() || "_'-".contains(*c));
        for (at, c) in chars.iter().enumerate() {
            let alone =
                !is_name(at.checked_sub(1).and_then(|at| chars.get(at))) && !is_name(chars.get(at + 1));
            match c {
                'N' if alone => out += rng.pick::<&str>(self.0),
                'D' if alone => out += rng.pick::<&str>(&NUMBERS[..NUMBERS.len() - 2]),
                'S' if alone => out += &format!("({})", string(rng)),
                'V' if alone => out += &self.value(rng, 0),
                'J' if alone => out += &quoted(pieces(&PIECES_OF_JSON, rng).as_bytes()),
                'F' if alone => out += &quoted(pieces(&FORMATS, rng).as_bytes()),
                other => out.push(*other),
            }
        }
        out
    }

    fn value(self, rng: &mut Rng, depth: u64) -> String {
        match rng.below(if depth < DEPTH_MAX { 12 } else { 8 }) {
            0..3 => (*rng.pick::<&str>(self.0)).to_owned(),
            3..6 => string(rng),
            6 => (*rng.pick(&["true", "false"])).to_owned(),
            7 => (*rng.pick(&["nil", "cjson.null", "true", "false"])).to_owned(),
            8..11 => {
                let items: Vec<String> = (0..rng.below(4)).map(|_| self.value(rng, depth + 1)).collect();
                format!("{{{}}}", items.join(","))
            }
            _ => format!("{{[{}]={}}}", key(rng), self.value(rng, depth + 1)),
        }
    }
}

fn pieces(all: &[&str], rng: &mut Rng) -> String {
    (0..=rng.below(5)).map(|_| *rng.pick(all)).collect()
}

fn string(rng: &mut Rng) -> String {
    match rng.below(6) {
        0 => quoted(&(0..rng.below(12)).map(|_| rng.below(256) as u8).collect::<Vec<_>>()),
        1 => quoted(rng.below(300).to_string().as_bytes()),
        2 => quoted(rng.pick(NUMBERS.as_slice()).as_bytes()),
        3 => "'m1'".to_owned(),
        _ => quoted(&(0..rng.below(8)).map(|_| *rng.pick(b"abc XYZ/\\\"%")).collect::<Vec<_>>()),
    }
}

fn quoted(bytes: &[u8]) -> String {
    let escape = |b: &u8| match b {
        b'\'' | b'\\' | 0..32 | 127.. => format!("\\{b:03}"),
        other => char::from(*other).to_string(),
    };
    format!("'{}'", bytes.iter().map(escape).collect::<String>())
}

fn key(rng: &mut Rng) -> String {
    match rng.below(4) {
        0 => (*rng.pick(&["1", "2", "1.5", "-1", "true", "2^31"])).to_owned(),
        1 => (*rng.pick(&["'ok'", "'err'", "'double'", "'map'", "'set'", "'big_number'"])).to_owned(),
        _ => string(rng),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_place_is_left_open() {
        let mut rng = Rng::new(5);
        for texts in [&COMMANDS[..], &ERRORS, &TEXTS, &LIBRARIES] {
            for text in texts {
                assert!(!Numbers(&NUMBERS).fill(text, &mut rng).contains("(V"), "{text}");
            }
        }
        assert_eq!(Numbers(&PLAIN).fill("KEYS[1] ARGV SCRIPT 'N'", &mut rng), "KEYS[1] ARGV SCRIPT 'N'");
        assert_eq!(quoted(b"a'\\\0"), "'a\\039\\092\\000'");
    }
}
