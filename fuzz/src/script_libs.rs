//! The libraries of scripts: whatever bytes they read, what they make of them is written and read again.
//!
//! The checks are Lua, as values in great numbers stay on Lua's side there.

use mlua::{Function, Lua, LuaOptions, StdLib};
use script::libs::{Pace, cjson, cmsgpack, structs};

/// Bytes that an interpreter may take, far more than inputs of the lengths tried need.
const MEMORY_MAX: usize = 64 << 20;

/// Calls with errors caught, if they are those of the libraries: panics must not end as errors that a program catches.
const TRY: &str = "
    local known = {'bad argument', 'bad self', 'Expected', 'Found too', 'Missing', 'Bad data', 'overflow', 'table index',
        'does not support', 'Invalid request', 'greater than', 'larger than', 'power of 2', 'unfinished', 'needs a', 'not enough memory'}
    local function collect(...) return {true, ...}, select('#', ...) + 1 end
    local function try(f, ...)
        local args, n, all, count = {...}, select('#', ...)
        -- Lua's pcall has one slot too few for many results, which its checked builds tell.
        local ok, why = pcall(function() all, count = collect(f(unpack(args, 1, n))) end)
        if ok then return all, count end
        why = tostring(why)
        for _, text in ipairs(known) do
            if why:find(text, 1, true) then return {false, why}, 1 end
        end
        error(why, 0)
    end";

/// Numbers lose digits the first time, so the second text is as long as the first, in whatever order of names.
const JSON: &str = "
    local json = cjson.new()
    json.encode_invalid_numbers(true)
    json.encode_sparse_array(true)
    return function(how, text)
        json.decode_invalid_numbers(how % 2 == 0)
        json.decode_max_depth(how + 1)
        local all = try(json.decode, text)
        if not all[1] then return end
        local value = all[2]
        json.decode_invalid_numbers(true)
        json.decode_max_depth(1000)
        local first = json.encode(value)
        local second = json.encode(json.decode(first))
        assert(#first == #second, first .. ' ' .. second)
    end";

/// What lies too deep is written as nil, which no key can be, and which leaves holes when it is read; but once only.
const MESSAGE_PACK: &str = "
    return function(how, text)
        try(cmsgpack.unpack_limit, text, how % 16, how / 16)
        local all, count = try(cmsgpack.unpack, text)
        if count == 1 or count > 2000 then return end
        local cut = cmsgpack.pack(unpack(all, 2, count))
        local read = try(cmsgpack.unpack, cut)
        if not read[1] then
            assert(tostring(read[2]):find('table index is nil'), read[2])
            return
        end
        local first = cmsgpack.pack(unpack(read, 2, count))
        local second = cmsgpack.pack(cmsgpack.unpack(first))
        assert(#first == #second)
    end";

/// A format of fixed size takes, and makes, so many bytes.
const STRUCTS: &str = "
    return function(how, text)
        local format, data = text:match('^([^%z]*)%z?(.*)$')
        try(struct.unpack, format, data, how - 128)
        try(struct.pack, format, data, how, 1 / how, data, data, how)
        local size = try(struct.size, format)[2]
        if type(size) ~= 'number' or size > 4000 then return end
        local read, count = try(struct.unpack, format, ('7'):rep(size))
        if not read[1] then return end
        assert(read[count] == size + 1)
        assert(#struct.pack(format, unpack(read, 2, count - 1)) == size)
    end";

pub(crate) fn json(input: &[u8]) {
    thread_local!(static CHECK: Check = Check::new(JSON));
    CHECK.with(|check| check.run(input));
}

pub(crate) fn message_pack(input: &[u8]) {
    thread_local!(static CHECK: Check = Check::new(MESSAGE_PACK));
    CHECK.with(|check| check.run(input));
}

pub(crate) fn structs(input: &[u8]) {
    thread_local!(static CHECK: Check = Check::new(STRUCTS));
    CHECK.with(|check| check.run(input));
}

struct Check {
    lua: Lua,
    function: Function,
}

impl Check {
    fn new(program: &str) -> Check {
        let make = || {
            let lua = Lua::new_with(StdLib::ALL_SAFE, LuaOptions::new())?;
            let globals = lua.globals();
            globals.raw_set("cjson", cjson::open(&lua, &Pace::default())?)?;
            globals.raw_set("cmsgpack", cmsgpack::open(&lua, &Pace::default())?)?;
            globals.raw_set("struct", structs::open(&lua, &Pace::default())?)?;
            lua.set_memory_limit(MEMORY_MAX)?;
            let function = lua.load([TRY, program].concat()).eval()?;
            Ok::<_, mlua::Error>(Check { lua, function })
        };
        make().unwrap_or_else(|why| panic!("{why}"))
    }

    /// The first byte is the program's choice.
    fn run(&self, input: &[u8]) {
        let Some((how, text)) = input.split_first() else { return };
        let run = || {
            let text = self.lua.create_string(text)?;
            self.function.call::<()>((*how, text))
        };
        let outcome: mlua::Result<()> = run();
        if let Err(why) = outcome {
            let is_memory = why.to_string().contains("not enough memory");
            assert!(is_memory, "{why}");
        }
        let used = self.lua.used_memory();
        assert!(used <= MEMORY_MAX, "{used} bytes");
    }
}

pub(crate) fn json_seeds() -> Vec<Vec<u8>> {
    let texts: [&[u8]; 8] = [
        br#"{"a":[1,-2.5e3,null,true,"x"],"":{}}"#,
        br#""\u00e9\ud83d\ude00\n\"\\\/""#,
        b"[[],[[1e400,-0,0x1F,nan,-inf]]]",
        b" [ 1 , 2 ] ",
        br#"{"1":1,"2":[null,null,3],"1":4}"#,
        b"[1 2]",
        b"\"\xff\xfe\x80\"",
        b"[1\0]",
    ];
    texts.map(|text| [&[254], text].concat()).to_vec()
}

pub(crate) fn message_pack_seeds() -> Vec<Vec<u8>> {
    let texts: [&[u8]; 8] = [
        b"\x93\x01\xff\xc0",
        b"\x82\xa1a\x01\xa1b\x81\x01\x02",
        b"\xca\x3f\x80\x00\x00\xcb\x3f\xf0\x00\x00\x00\x00\x00\x00",
        b"\xcc\xff\xcd\xff\xff\xce\xff\xff\xff\xff\xcf\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\xd0\x80\xd1\x80\x00\xd2\x80\x00\x00\x00\xd3\x80\x00\x00\x00\x00\x00\x00\x00",
        b"\xd9\x01a\xda\x00\x01b\xdb\x00\x00\x00\x01c\xdc\x00\x01\xc3",
        b"\xde\x00\x01\x01\x91\xc2\xdf\x00\x00\x00\x01\xa0\xdd\x00\x00\x00\x00",
        b"\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x01",
    ];
    texts.map(|text| [&[1], text].concat()).to_vec()
}

pub(crate) fn struct_seeds() -> Vec<Vec<u8>> {
    let texts: [&[u8]; 8] = [
        b"bBhHlLTiI\0abcdefghijklmnopqrstuvwxyz0123456789abcdefghi",
        b"!>d<fx!4i3I16\0",
        b"bc0sc3c\0\x02abtext\0abcx",
        b"!16bi16!32bi32",
        b"i33",
        b"c2147483647c2147483647",
        b"> i1 i2 i3 i4 i5 i6 i7 i8 i9",
        b"sc0\x003\0abc",
    ];
    texts.map(|text| [&[129], text].concat()).to_vec()
}
