//! The libraries of scripts at their bounds: depth, counts, memory, small stacks.

mod interpreter;

use mlua::{Error, Lua, LuaOptions, StdLib};

/// Bytes of the stack that scripts run on.
const STACK_BYTES: usize = 1 << 20;

fn check(program: &str, expect: &str) {
    let program = program.to_string();
    let run = move || String::from_utf8_lossy(&interpreter::run(&program)).into_owned();
    let thread = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(run).unwrap();
    assert_eq!(thread.join().unwrap(), expect);
}

#[test]
fn great_depths_fit_a_small_stack() {
    check("local t={} for i=1,999 do t={t} end return #cjson.encode(t)", "true 2000");
    check(
        "local c=cjson.new() c.encode_max_depth(9000) local t={} for i=1,7900 do t={t,{}} end return #c.encode(t)",
        "true 39502",
    );
    check(
        "local c=cjson.new() c.decode_max_depth(9000) return type(c.decode(('['):rep(7900)..(']'):rep(7900)))",
        "true \"table\"",
    );
    check("return type(cmsgpack.unpack(('\\129\\129\\1\\2'):rep(1500)..'\\1'))", "true \"table\"");
}

#[test]
fn any_number_of_arguments_is_taken() {
    let many = "local function f(n,...) if n==0 then return CALL end return f(n-1,'7','7','7','7',...) end return f(COUNT)";
    let calls = [
        ("#struct.pack(('b'):rep(12000),...)", "true 12000"),
        ("bit.bor(...)", "true 7"),
        (
            "cmsgpack.pack(...)",
            "false \"user_script:1: bad argument #0 to 'pack' (Too many arguments for MessagePack pack.)\"",
        ),
        ("cjson.encode(...)", "false \"user_script:1: bad argument #1 to 'encode' (expected 1 argument)\""),
        ("cmsgpack.unpack(...)", "true 55"),
        ("struct.size(...)", "true 0"),
    ];
    for (call, expect) in calls {
        // Lua has 8000 slots for what a callback reads and returns.
        let count = if call.contains("unpack") || call.contains("size") { "1900" } else { "3000" };
        let program = many.replace("CALL", &format!("({call})")).replace("COUNT", count);
        assert_eq!(String::from_utf8_lossy(&interpreter::run(&program)), expect, "{call}");
    }
}

#[test]
fn many_values_are_returned_whatever_they_are() {
    check("return select('#',cmsgpack.unpack(('\\129\\1\\2'):rep(7000)))", "true 7000");
    check("return select('#',cmsgpack.unpack(('\\163abc'):rep(7900)))", "true 7900");
    check("return select('#',struct.unpack(('c1'):rep(7900),('x'):rep(7900)))", "true 7901");
    check(
        "return cmsgpack.unpack(('\\1'):rep(9000))",
        "false \"user_script:1: stack overflow (too many return values at once; use unpack_one or unpack_limit instead.)\"",
    );
}

/// A megabyte of JSON, of MessagePack, of a struct's strings.
const GREEDY: [&str; 6] = [
    "return cjson.decode('['..('[1,\"abc\"],'):rep(100000)..'1]')",
    "return cmsgpack.unpack_one('\\221\\0\\1\\134\\160'..('\\146\\1\\163abc'):rep(100000))",
    "local t={} for i=1,20000 do t[i]={i,'abc'} end return cjson.encode({t,t,t,t})",
    "local t={} for i=1,20000 do t[i]={i,'abc'} end return cmsgpack.pack({t,t,t,t})",
    "return struct.unpack(('c1000'):rep(7000),('x'):rep(7000000))",
    "local t={} for i=1,7000 do t[i]=('x'):rep(100) end return struct.pack(('s'):rep(7000),unpack(t))",
];

#[test]
fn memory_that_runs_out_is_an_error() {
    for program in GREEDY {
        for kilobytes in [64, 200, 500, 900, 1500, 3000, 6000] {
            let lua = Lua::new_with(StdLib::ALL_SAFE, LuaOptions::new()).unwrap();
            interpreter::open(&lua);
            lua.set_memory_limit(kilobytes << 10).unwrap();
            let outcome = lua.load(program).exec();
            let is_memory = |error: &Error| error.to_string().contains("not enough memory");
            assert!(
                outcome.as_ref().err().is_none_or(is_memory),
                "{program} within {kilobytes} KB: {outcome:?}"
            );
            lua.set_memory_limit(0).unwrap();
            let again: usize = lua.load("return #cjson.encode({1,2,3})").eval().unwrap();
            assert_eq!(again, 7);
        }
    }
}
