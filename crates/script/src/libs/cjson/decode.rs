//! JSON to values.

use mlua::{Lua, Table, Value};

use super::null;
use super::options::Settings;
use super::token::{Lexer, Token};
use crate::libs::STACK_SLOTS_MAX;
use crate::libs::failure::Failure;
use crate::libs::pace::Pace;
use crate::libs::shelf::Shelf;

/// Slots that the C library asks for at each table, and those that an element holds while its value is read.
const ARRAY_SLOTS: (usize, usize) = (2, 1);
const OBJECT_SLOTS: (usize, usize) = (3, 2);

/// The value of a JSON text.
pub(super) fn decode(lua: &Lua, pace: &Pace, text: &[u8], settings: &Settings) -> Result<Value, Failure> {
    if let [0, _, ..] | [_, 0, ..] = text {
        return Err(Failure::text("JSON parser does not support UTF-16 or UTF-32"));
    }
    let decoder = Decoder {
        lua,
        pace,
        lexer: Lexer::new(text, settings.decode_invalid),
        depth_max: settings.decode_depth_max as usize,
        levels: Vec::new(),
        shelf: Shelf::default(),
        slots: 1,
    };
    decoder.run()
}

struct Decoder<'a> {
    lua: &'a Lua,
    pace: &'a Pace,
    lexer: Lexer<'a>,
    depth_max: usize,
    /// Tables that are open, outermost first.
    levels: Vec<Level>,
    /// Those tables, without the innermost.
    shelf: Shelf,
    /// Slots of the stack that the C library would use here.
    slots: usize,
}

enum Level {
    /// The index of the last element.
    Array(i64),
    Object,
}

/// What a value begins with.
enum Begun {
    Whole(Value),
    Open(Table),
}

impl Decoder<'_> {
    fn run(mut self) -> Result<Value, Failure> {
        let token = self.lexer.next();
        let (root, mut open) = match self.begin(token)? {
            Begun::Whole(value) => (value, None),
            Begun::Open(table) => (Value::Table(table.clone()), Some(table)),
        };
        let mut is_new = open.is_some();
        while let Some(table) = open {
            open = self.element(table, is_new, &mut is_new)?;
        }
        match self.lexer.next() {
            Token::End => Ok(root),
            other => Err(self.unexpected("the end", other)),
        }
    }

    /// Reads one element of the innermost table, or its end, and returns the table that is the innermost then.
    fn element(&mut self, table: Table, is_first: bool, opened: &mut bool) -> Result<Option<Table>, Failure> {
        *opened = false;
        let mut token = self.lexer.next();
        let is_array = matches!(self.levels.last(), Some(Level::Array(_)));
        let end = if is_array { Token::ArrayEnd } else { Token::ObjectEnd };
        if token == end {
            return self.close();
        }
        if !is_first {
            if token != Token::Comma {
                let what = if is_array { "comma or array end" } else { "comma or object end" };
                return Err(self.unexpected(what, token));
            }
            token = self.lexer.next();
        }
        let key = match self.levels.last_mut() {
            Some(Level::Array(last)) => {
                *last += 1;
                Value::Integer(*last)
            }
            _ => {
                let key = self.key(token)?;
                token = self.lexer.next();
                key
            }
        };
        match self.begin(token)? {
            Begun::Whole(value) => {
                table.raw_set(key, value)?;
                Ok(Some(table))
            }
            Begun::Open(inner) => {
                table.raw_set(key, &inner)?;
                self.shelf.push(self.lua, table)?;
                *opened = true;
                Ok(Some(inner))
            }
        }
    }

    /// A name and its colon.
    fn key(&mut self, token: Token) -> Result<Value, Failure> {
        if token != Token::Text {
            return Err(self.unexpected("object key string", token));
        }
        let key = Value::String(self.lua.create_string(self.lexer.string())?);
        match self.lexer.next() {
            Token::Colon => Ok(key),
            other => Err(self.unexpected("colon", other)),
        }
    }

    fn begin(&mut self, token: Token) -> Result<Begun, Failure> {
        self.pace.element(self.lua, 0, 0)?;
        Ok(Begun::Whole(match token {
            Token::Text => Value::String(self.lua.create_string(self.lexer.string())?),
            Token::Number(n) => Value::Number(n),
            Token::Boolean(b) => Value::Boolean(b),
            Token::Null => null(),
            Token::ArrayBegin => return self.open(Level::Array(0), ARRAY_SLOTS),
            Token::ObjectBegin => return self.open(Level::Object, OBJECT_SLOTS),
            other => return Err(self.unexpected("value", other)),
        }))
    }

    fn open(&mut self, level: Level, (asked, held): (usize, usize)) -> Result<Begun, Failure> {
        self.levels.push(level);
        let depth = self.levels.len();
        if depth > self.depth_max || self.slots + asked > STACK_SLOTS_MAX {
            let at = self.lexer.at();
            let text = format!("Found too many nested data structures ({depth}) at character {at}");
            return Err(Failure::text(text));
        }
        self.slots += held;
        Ok(Begun::Open(self.lua.create_table()?))
    }

    fn close(&mut self) -> Result<Option<Table>, Failure> {
        self.slots -= match self.levels.pop() {
            Some(Level::Array(_)) => ARRAY_SLOTS.1,
            _ => OBJECT_SLOTS.1,
        };
        let outer = self.shelf.last()?;
        self.shelf.truncate(self.shelf.len().saturating_sub(1));
        Ok(outer)
    }

    fn unexpected(&self, expected: &str, found: Token) -> Failure {
        let (found, at) = (found.name(), self.lexer.character());
        Failure::text(format!("Expected {expected} but found {found} at character {at}"))
    }
}
