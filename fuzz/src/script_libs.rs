//! The libraries of scripts: whatever bytes they read, what they make of them is written and read again.
//!
//! The checks are Lua, as values in great numbers stay on Lua's side there.

use mlua::{Function, Lua, LuaOptions, StdLib};
use script::libs::{cjson, cmsgpack, structs};

/// Bytes that an interpreter may take, far more than inputs of the lengths tried need.
const MEMORY_MAX: usize = 64 << 20;

/// Numbers lose digits the first time, so the second text is as long as the first, in whatever order of names.
const JSON: &str = "
    local json = cjson.new()
    json.encode_invalid_numbers(true)
    json.encode_sparse_array(true)
    return function(how, text)
        json.decode_invalid_numbers(how % 2 == 0)
        json.decode_max_depth(how + 1)
        local ok, value = pcall(json.decode, text)
        if not ok then return end
        json.decode_invalid_numbers(true)
        json.decode_max_depth(1000)
        local first = json.encode(value)
        local second = json.encode(json.decode(first))
        assert(#first == #second, first .. ' ' .. second)
    end";

/// What lies too deep is written as nil, which no key can be, and which leaves holes when it is read; but once only.
const MESSAGE_PACK: &str = "
    return function(how, text)
        pcall(cmsgpack.unpack_limit, text, how % 16, how / 16)
        local all = {pcall(cmsgpack.unpack, text)}
        local count = select('#', pcall(cmsgpack.unpack, text))
        if not all[1] or count == 1 or count > 2000 then return end
        local cut = cmsgpack.pack(unpack(all, 2, count))
        local read = {pcall(cmsgpack.unpack, cut)}
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
        pcall(struct.unpack, format, data, how - 128)
        pcall(struct.pack, format, data, how, 1 / how, data, data, how)
        local ok, size = pcall(struct.size, format)
        if not ok or size > 100000 then return end
        local read = {pcall(struct.unpack, format, ('7'):rep(size))}
        local count = select('#', pcall(struct.unpack, format, ('7'):rep(size)))
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
        // Panics of the libraries must not end as errors that the programs catch.
        let options = LuaOptions::new().catch_rust_panics(false);
        let make = || {
            let lua = Lua::new_with(StdLib::ALL_SAFE, options)?;
            let globals = lua.globals();
            globals.raw_set("cjson", cjson::open(&lua)?)?;
            globals.raw_set("cmsgpack", cmsgpack::open(&lua)?)?;
            globals.raw_set("struct", structs::open(&lua)?)?;
            lua.set_memory_limit(MEMORY_MAX)?;
            let function = lua.load(program).eval()?;
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
