//! Compiled code, changed in two ways.
//!
//! `return redis.call(...)` compiles to a tail call. As `redis.call` is a function of Lua here, such a call would take the place of
//! its caller, and an error could not name the caller's line: it is made an ordinary call, as those of other functions of ours are. The two forms differ in nothing else: what
//! follows a tail call is a return of all that it gave.
//!
//! Code of ours loses its line numbers: functions of C that it calls would put them in front of their errors.

/// First bytes of compiled code: Lua 5.1, little-endian, `int` of 4 bytes, `size_t` of 8, instructions of 4, numbers of 8.
const HEADER: [u8; 12] = [0x1b, b'L', b'u', b'a', 0x51, 0, 1, 4, 8, 4, 8, 0];

/// Nesting of functions. The compiler's own limit is lower.
const DEPTH_MAX: usize = 250;

const GETGLOBAL: u32 = 5;
const GETTABLE: u32 = 6;
const SELF: u32 = 11;
const CALL: u32 = 28;
const TAILCALL: u32 = 29;
const OPCODE_MASK: u32 = 0x3f;

/// From here on, operands name constants.
const FIRST_CONSTANT: u32 = 256;

/// Functions of ours whose errors name a line.
const NAMES: [&[u8]; 29] = [
    b"acl_check_cmd",
    b"band",
    b"bor",
    b"bxor",
    b"call",
    b"collectgarbage",
    b"find",
    b"gfind",
    b"gmatch",
    b"gsub",
    b"load",
    b"loadstring",
    b"log",
    b"match",
    b"pack",
    b"pairs",
    b"pcall",
    b"random",
    b"randomseed",
    b"rawget",
    b"rawset",
    b"register_function",
    b"resume",
    b"set_repl",
    b"setmetatable",
    b"setresp",
    b"sha1hex",
    b"wrap",
    b"xpcall",
];

/// Changes the code in place. True if there was such a call; `None` if this is not the code of this version.
pub(crate) fn untail(code: &mut [u8]) -> Option<bool> {
    if !code.starts_with(&HEADER) {
        return None;
    }
    let mut reader = Reader { code, at: HEADER.len(), found: false, lines: Vec::new() };
    reader.function(0)?;
    Some(reader.found)
}

/// The code without line numbers.
pub(crate) fn without_lines(code: &mut [u8]) -> Option<Vec<u8>> {
    if !code.starts_with(&HEADER) {
        return None;
    }
    let mut reader = Reader { code, at: HEADER.len(), found: false, lines: Vec::new() };
    reader.function(0)?;
    let lines = reader.lines;
    let mut out = Vec::with_capacity(code.len());
    let mut from = 0;
    for (start, end) in lines {
        out.extend_from_slice(&code[from..start]);
        out.extend_from_slice(&0_u32.to_le_bytes());
        from = end;
    }
    out.extend_from_slice(&code[from..]);
    Some(out)
}

struct Reader<'c> {
    code: &'c mut [u8],
    at: usize,
    found: bool,
    /// Where the line numbers of functions lie, their count included.
    lines: Vec<(usize, usize)>,
}

impl Reader<'_> {
    fn function(&mut self, depth: usize) -> Option<()> {
        if depth > DEPTH_MAX {
            return None;
        }
        self.string()?;
        self.skip(4 + 4 + 4)?;
        let instructions = self.int()?;
        let first = self.at;
        self.skip(instructions.checked_mul(4)?)?;
        let names = self.constants()?;
        for i in 0..instructions {
            self.mend(first, i, &names);
        }
        for _ in 0..self.int()? {
            self.function(depth + 1)?;
        }
        self.debug_information()
    }

    /// Of each constant, whether it is one of the names.
    fn constants(&mut self) -> Option<Vec<bool>> {
        let count = self.int()?;
        let mut names = Vec::new();
        for _ in 0..count {
            let kind = *self.code.get(self.at)?;
            self.skip(1)?;
            let is_name = match kind {
                0 => false,
                1 => self.skip(1).map(|()| false)?,
                3 => self.skip(8).map(|()| false)?,
                4 => {
                    let (start, len) = self.string()?;
                    NAMES.contains(&&self.code[start..start + len.saturating_sub(1)])
                }
                _ => return None,
            };
            names.push(is_name);
        }
        Some(names)
    }

    /// Makes instruction `i` a call if it is a tail call of one of the names. What it calls was put into its register by the last
    /// instruction before that has this register as its target: arguments lie above.
    fn mend(&mut self, first: usize, i: usize, names: &[bool]) {
        let tail = self.instruction(first, i);
        if tail & OPCODE_MASK != TAILCALL {
            return;
        }
        let target = |instruction: u32| instruction >> 6 & 0xff;
        let loaded =
            (0..i).rev().map(|i| self.instruction(first, i)).find(|before| target(*before) == target(tail));
        let key = loaded.and_then(|load| match load & OPCODE_MASK {
            GETGLOBAL => Some(load >> 14),
            GETTABLE | SELF => (load >> 14 & 0x1ff).checked_sub(FIRST_CONSTANT),
            _ => None,
        });
        if key.and_then(|key| names.get(key as usize)) == Some(&true) {
            let at = first + 4 * i;
            self.code[at..at + 4].copy_from_slice(&(tail & !OPCODE_MASK | CALL).to_le_bytes());
            self.found = true;
        }
    }

    fn instruction(&self, first: usize, i: usize) -> u32 {
        let at = first + 4 * i;
        u32::from_le_bytes([self.code[at], self.code[at + 1], self.code[at + 2], self.code[at + 3]])
    }

    fn debug_information(&mut self) -> Option<()> {
        let start = self.at;
        let lines = self.int()?;
        self.skip(lines.checked_mul(4)?)?;
        self.lines.push((start, self.at));
        for _ in 0..self.int()? {
            self.string()?;
            self.skip(8)?;
        }
        for _ in 0..self.int()? {
            self.string()?;
        }
        Some(())
    }

    fn int(&mut self) -> Option<usize> {
        let bytes = self.code.get(self.at..self.at + 4)?;
        let int = u32::from_le_bytes(bytes.try_into().ok()?);
        self.at += 4;
        usize::try_from(int).ok()
    }

    /// Where a string lies, its closing NUL included.
    fn string(&mut self) -> Option<(usize, usize)> {
        let bytes = self.code.get(self.at..self.at + 8)?;
        let len = usize::try_from(u64::from_le_bytes(bytes.try_into().ok()?)).ok()?;
        self.at += 8;
        let start = self.at;
        self.skip(len)?;
        Some((start, len))
    }

    fn skip(&mut self, len: usize) -> Option<()> {
        let end = self.at.checked_add(len).filter(|end| *end <= self.code.len())?;
        self.at = end;
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mlua::{ChunkMode, Lua};

    fn check(source: &str, is_found: bool) {
        let lua = Lua::new();
        let mut code = lua.load(source).into_function().expect("compiles").dump(false);
        assert_eq!(untail(&mut code), Some(is_found), "{source}");
        lua.load(code).set_mode(ChunkMode::Binary).into_function().expect("loads");
    }

    #[test]
    fn returned_calls_are_found() {
        check("return redis.call('get', KEYS[1])", true);
        check("local r = redis return r.pcall(f(1, x and y or z), {1, 2})", true);
        check("local function f() if x then return function(...) return server.call(...) end end end", true);
        check("return f(redis.call('get'))", false);
        check("return redis.call('get'), 1", false);
        check("local call = redis.call return call('get')", false);
        check("return redis['status_reply']('call')", false);
        check("return pairs(x)", true);
        check("return ('x'):find('y')", true);
        check("return own(x)", false);
    }

    #[test]
    fn what_it_gives_is_the_same() {
        let lua = Lua::new();
        let source =
            "local t = {call = function(...) return select('#', ...), ... end} return t.call(1, nil, 3)";
        let mut code = lua.load(source).into_function().expect("compiles").dump(false);
        assert_eq!(untail(&mut code), Some(true));
        let mended = lua.load(code).set_mode(ChunkMode::Binary).into_function().expect("loads");
        assert_eq!(mended.call::<(i64, i64, Option<i64>, i64)>(()).expect("runs"), (3, 1, None, 3));
    }

    #[test]
    fn lines_go() {
        let lua = Lua::new();
        let source = "local f = function() error('x') end\nreturn select(2, pcall(f)), 1";
        let mut code = lua.load(source).set_name("=own").into_function().expect("compiles").dump(false);
        let bare = without_lines(&mut code).expect("this version");
        assert!(bare.len() < code.len());
        let function = lua.load(bare).set_mode(ChunkMode::Binary).into_function().expect("loads");
        assert_eq!(function.call::<(String, i64)>(()).expect("runs"), ("x".into(), 1));
    }

    #[test]
    fn other_bytes_are_refused() {
        assert_eq!(untail(&mut []), None);
        let mut short = HEADER.to_vec();
        short.extend([9, 0, 0]);
        assert_eq!(untail(&mut short), None);
    }
}
