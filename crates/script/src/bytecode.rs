//! Compiled code, changed in two ways.
//!
//! `return redis.call(...)` compiles to a tail call. As `redis.call` is a function of Lua here, such a call would take the place of
//! its caller, and an error could not name the caller's line: it is made an ordinary call, as those of other functions of ours are. The two forms differ in nothing else: what
//! follows a tail call is a return of all that it gave.
//!
//! Code of ours loses its line numbers: functions of C that it calls would put them in front of their errors.

use std::cell::Cell;
use std::collections::BTreeMap;

/// First bytes of compiled code: Lua 5.1, little-endian, `int` of 4 bytes, `size_t` of 8, instructions of 4, numbers of 8.
const HEADER: [u8; 12] = [0x1b, b'L', b'u', b'a', 0x51, 0, 1, 4, 8, 4, 8, 0];

/// Nesting of functions. The compiler's own limit is lower.
const DEPTH_MAX: usize = 250;

const MOVE: u32 = 0;
const GETUPVAL: u32 = 4;
const GETGLOBAL: u32 = 5;
const GETTABLE: u32 = 6;
const SETGLOBAL: u32 = 7;
const SELF: u32 = 11;
const CALL: u32 = 28;
const TAILCALL: u32 = 29;
const CLOSURE: u32 = 36;
const OPCODE_MASK: u32 = 0x3f;

/// Instructions whose first operand is no register that they write: SETGLOBAL, SETUPVAL, SETTABLE, JMP, EQ, LT, LE, TEST, TAILCALL, RETURN,
/// SETLIST, CLOSE.
const WRITELESS: [u32; 12] = [7, 8, 9, 22, 23, 24, 25, 26, 29, 30, 34, 35];

/// How many instructions may lie between a variable's use and what gave it its value.
const LOOK_BACK_MAX: usize = 1000;

/// How many variables a function may have gone through from one to the next.
const MOVES_MAX: usize = 8;

/// Instructions looked at in all, for each byte of code: code of any shape takes time in proportion to its length.
const LOOKS_PER_BYTE: usize = 16;

/// Variables of outer functions that a function may use.
const UPVALUES_MAX: usize = 60;

/// From here on, operands name constants.
const FIRST_CONSTANT: u32 = 256;

/// Functions of ours whose errors name a line.
const NAMES: [&[u8]; 34] = [
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
    b"insert",
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
    b"rep",
    b"resume",
    b"set_repl",
    b"setmetatable",
    b"setresp",
    b"sha1hex",
    b"tonumber",
    b"tostring",
    b"unpack",
    b"wrap",
    b"xpcall",
];

/// What was found in code.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Found {
    /// A tail call of a function of ours, which is an ordinary one now.
    pub tail_call: bool,
    /// An assignment to a global. Code without one needs no guard in front of its globals: there is no other way to them.
    pub assignment: bool,
}

/// Changes the code in place. `None` if this is not the code of this version.
pub(crate) fn untail(code: &mut [u8]) -> Option<Found> {
    if !code.starts_with(&HEADER) {
        return None;
    }
    let mut reader = Reader::new(code);
    reader.function(0, &[])?;
    Some(reader.found)
}

/// The code without line numbers.
pub(crate) fn without_lines(code: &mut [u8]) -> Option<Vec<u8>> {
    if !code.starts_with(&HEADER) {
        return None;
    }
    let mut reader = Reader::new(code);
    reader.function(0, &[])?;
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

/// The code of one function.
struct Scope<'u> {
    /// Where it begins.
    first: usize,
    instructions: usize,
    /// Of each constant, whether it is one of the names.
    names: Vec<bool>,
    /// Of each variable of the functions around it, whether it has one of our functions.
    upvalues: &'u [bool],
}

struct Reader<'c> {
    code: &'c mut [u8],
    at: usize,
    found: Found,
    /// Where the line numbers of functions lie, their count included.
    lines: Vec<(usize, usize)>,
    /// Instructions that may still be looked at.
    looks: Cell<usize>,
}

impl Reader<'_> {
    fn new(code: &mut [u8]) -> Reader<'_> {
        let looks = Cell::new(code.len().saturating_mul(LOOKS_PER_BYTE));
        Reader { code, at: HEADER.len(), found: Found::default(), lines: Vec::new(), looks }
    }

    /// Whether there is another look. When there is none, nothing more is found.
    fn may_look(&self) -> bool {
        let left = self.looks.get();
        self.looks.set(left.saturating_sub(1));
        left > 0
    }

    fn function(&mut self, depth: usize, upvalues: &[bool]) -> Option<()> {
        if depth > DEPTH_MAX {
            return None;
        }
        self.string()?;
        self.skip(4 + 4 + 4)?;
        let instructions = self.int()?;
        let first = self.at;
        self.skip(instructions.checked_mul(4)?)?;
        let names = self.constants()?;
        let scope = Scope { first, instructions, names, upvalues };
        for i in 0..instructions {
            self.mend(&scope, i);
        }
        let mut captures = self.captures(&scope);
        for child in 0..self.int()? {
            let captured = captures.remove(&child).unwrap_or_default();
            self.function(depth + 1, &captured)?;
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

    /// Makes instruction `i` a call if it is a tail call of one of the names, and takes note of an assignment.
    fn mend(&mut self, scope: &Scope<'_>, i: usize) {
        let tail = self.instruction(scope.first, i);
        self.found.assignment |= tail & OPCODE_MASK == SETGLOBAL;
        if tail & OPCODE_MASK == TAILCALL && self.is_ours(scope, i, target(tail), i, MOVES_MAX) {
            let at = scope.first + 4 * i;
            self.code[at..at + 4].copy_from_slice(&(tail & !OPCODE_MASK | CALL).to_le_bytes());
            self.found.tail_call = true;
        }
    }

    /// Whether a register has one of our functions before instruction `i`. What a call calls was put into its register by the last
    /// instruction before that writes it: arguments lie above. It may come from a variable, and that is taken to be as it was
    /// last written further up.
    fn is_ours(&self, scope: &Scope<'_>, i: usize, register: u32, look_back: usize, moves: usize) -> bool {
        let writes = |at: &usize| {
            let instruction = self.instruction(scope.first, *at);
            target(instruction) == register
                && !WRITELESS.contains(&(instruction & OPCODE_MASK))
                && !self.is_capture(scope, *at)
        };
        let mut before = (i.saturating_sub(look_back)..i).rev().take_while(|_| self.may_look());
        let Some(at) = before.find(writes) else { return false };
        let load = self.instruction(scope.first, at);
        let is_name = |constant: u32| scope.names.get(constant as usize) == Some(&true);
        match load & OPCODE_MASK {
            GETGLOBAL => is_name(load >> 14),
            GETTABLE | SELF => (load >> 14 & 0x1ff).checked_sub(FIRST_CONSTANT).is_some_and(is_name),
            MOVE if moves > 0 => self.is_ours(scope, at, load >> 23, LOOK_BACK_MAX, moves - 1),
            GETUPVAL => scope.upvalues.get((load >> 23) as usize) == Some(&true),
            _ => false,
        }
    }

    /// Whether an instruction is none, but names a variable for the closure that was just made.
    fn is_capture(&self, scope: &Scope<'_>, i: usize) -> bool {
        let names_one = |i: usize| {
            let instruction = self.instruction(scope.first, i);
            matches!(instruction & OPCODE_MASK, MOVE | GETUPVAL) && target(instruction) == 0
        };
        let before =
            (0..=i).rev().take(UPVALUES_MAX + 1).take_while(|_| self.may_look()).find(|i| !names_one(*i));
        before.is_some_and(|at| at < i && self.instruction(scope.first, at) & OPCODE_MASK == CLOSURE)
    }

    /// Of each function inside, by number, which of the variables that it uses have one of ours.
    fn captures(&self, scope: &Scope<'_>) -> BTreeMap<usize, Vec<bool>> {
        let mut captures = BTreeMap::new();
        for i in 0..scope.instructions {
            let closure = self.instruction(scope.first, i);
            if closure & OPCODE_MASK != CLOSURE {
                continue;
            }
            let variables = (i + 1..scope.instructions).take_while(|at| self.is_capture(scope, *at));
            let is_ours = |at: usize| {
                let variable = self.instruction(scope.first, at);
                match variable & OPCODE_MASK {
                    MOVE => self.is_ours(scope, i, variable >> 23, LOOK_BACK_MAX, MOVES_MAX),
                    _ => scope.upvalues.get((variable >> 23) as usize) == Some(&true),
                }
            };
            captures.insert((closure >> 14) as usize, variables.map(is_ours).collect());
        }
        captures
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

/// The register that an instruction names first.
fn target(instruction: u32) -> u32 {
    instruction >> 6 & 0xff
}

#[cfg(test)]
mod tests {
    use super::*;
    use mlua::{ChunkMode, Lua};

    fn check(source: &str, is_found: bool) {
        let lua = Lua::new();
        let mut code = lua.load(source).into_function().expect("compiles").dump(false);
        assert_eq!(untail(&mut code).map(|found| found.tail_call), Some(is_found), "{source}");
        lua.load(code).set_mode(ChunkMode::Binary).into_function().expect("loads");
    }

    #[test]
    fn returned_calls_are_found() {
        check("return redis.call('get', KEYS[1])", true);
        check("local r = redis return r.pcall(f(1, x and y or z), {1, 2})", true);
        check("local function f() if x then return function(...) return server.call(...) end end end", true);
        check("return f(redis.call('get'))", false);
        check("return redis.call('get'), 1", false);
        check("local c = redis.call return c('get')", true);
        check("local x, c = 1, redis.call if x == 1 then x = 2 end c('get') return c('get')", true);
        check("local c = redis.call local function f(...) return c(...) end", true);
        check("local c = redis.call local function f() return function(...) return c(...) end end", true);
        check("local a, c = 1, redis.call local f = function() return a end return c('get')", true);
        check("local c, f = redis.call f = function(n) if n == 0 then return c('get') end end", true);
        check("local f f = function(n) return n == 0 and 0 or f(n - 1) end return f(3)", false);
        check("local function f(n) if n > 0 then return f(n - 1) end end", false);
        check("local f = own.f return f('get')", false);
        let moved =
            |times| format!("local a, b = redis.call {} return a('get')", "b = a a = b ".repeat(times));
        check(&moved(2), true);
        // Code of any length takes little stack.
        check(&moved(100_000), false);
        let looking = |times| {
            let names: Vec<String> = (0..50).map(|n| format!("v{n}")).collect();
            let closures = format!("f = function() return {} end ", names.join("..")).repeat(times);
            format!("local c, {} = redis.call {closures} return c('get')", names.join(","))
        };
        check(&looking(1), true);
        check(&looking(10), true);
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
        assert_eq!(untail(&mut code), Some(Found { tail_call: true, assignment: false }));
        let mended = lua.load(code).set_mode(ChunkMode::Binary).into_function().expect("loads");
        assert_eq!(mended.call::<(i64, i64, Option<i64>, i64)>(()).expect("runs"), (3, 1, None, 3));
    }

    #[test]
    fn assignments_to_globals_are_found() {
        let lua = Lua::new();
        for (source, expect) in [
            ("x = 1", true),
            ("local x = 1 x = 2 x = x + y", false),
            ("return function() return function() y = nil end end", true),
            ("for i = 1, 2 do local t = {} t.x = 1 t[1] = _G end", false),
            ("function f() end", true),
            ("local function f() end _G.x = 1", false),
        ] {
            let mut code = lua.load(source).into_function().expect("compiles").dump(false);
            assert_eq!(untail(&mut code).map(|found| found.assignment), Some(expect), "{source}");
        }
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
