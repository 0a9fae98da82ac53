//! Values of directives, and their two texts: of `CONFIG GET` and of the file.

use super::events::Events;
use super::kind::Kind;
use super::limits::{self, OutputLimits, SavePoint};
use super::number::{self, Unit};

/// A value; its variant follows from the directive's [`Kind`].
#[derive(Clone, PartialEq, Debug)]
pub enum Value {
    /// `yes` or `no`.
    Bool(bool),
    /// A number; percentages are negative.
    Number(i128),
    /// Index into the kind's words.
    Choice(usize),
    /// Bit `i` for word `i` of the kind.
    Choices(u32),
    /// Any text.
    Text(Vec<u8>),
    /// Several words.
    Words(Vec<Vec<u8>>),
    /// Save points.
    Save(Vec<SavePoint>),
    /// Limits by class.
    OutputLimits(OutputLimits),
    /// Percentiles.
    Percentiles(Vec<f64>),
    /// Scores.
    OomValues([i32; 3]),
    /// Event classes.
    Events(Events),
    /// Host and port of a primary.
    Primary(Option<(Vec<u8>, u16)>),
}

impl Value {
    /// As `CONFIG GET` prints it.
    pub fn print(&self, kind: &Kind) -> Vec<u8> {
        match (self, kind) {
            (Value::Bool(b), _) => yes_no(*b).into(),
            (Value::Number(n), _) => number::print(*n, unit(kind)).into_bytes(),
            (Value::Choice(i), Kind::Choice(words)) => words[*i].into(),
            (Value::Choices(bits), Kind::Choices(words)) => chosen(*bits, words).into_bytes(),
            (Value::Text(text), _) => text.clone(),
            (Value::Words(words), _) => words.join(&b' '),
            (Value::Save(points), _) => limits::print_save(points).into_bytes(),
            (Value::OutputLimits(limits), _) => limits::print_output_limits(limits).into_bytes(),
            (Value::Percentiles(p), _) => limits::print_percentiles(p).into_bytes(),
            (Value::OomValues([a, b, c]), _) => format!("{a} {b} {c}").into_bytes(),
            (Value::Events(events), _) => events.to_string().into_bytes(),
            (Value::Primary(None), _) => Vec::new(),
            (Value::Primary(Some((host, port))), _) => {
                [host, b" ".as_slice(), port.to_string().as_bytes()].concat()
            }
            (value, kind) => unreachable!("{value:?} in a directive of kind {kind:?}"),
        }
    }

    /// What follows the directive's name in a file, a text per line.
    pub(super) fn file_lines(&self, kind: &Kind) -> Vec<Vec<u8>> {
        match self {
            Value::Number(n) => vec![number::print_for_file(*n, unit(kind)).into_bytes()],
            Value::Text(text) => vec![base::tokens::repr(text)],
            Value::Events(events) => vec![base::tokens::repr(events.letters().as_bytes())],
            Value::Save(points) if !points.is_empty() => {
                points.iter().map(|p| limits::print_save(&[*p]).into_bytes()).collect()
            }
            Value::OutputLimits(limits) => {
                limits::output_limit_lines(limits).map(String::into_bytes).collect()
            }
            Value::Words(words) => vec![words_for_file(words)],
            Value::Percentiles(p) if !p.is_empty() => vec![self.print(kind)],
            Value::Save(_) | Value::Percentiles(_) => vec![b"\"\"".to_vec()],
            Value::Primary(None) => Vec::new(),
            _ => vec![self.print(kind)],
        }
    }
}

/// Addresses need no quotes unless someone was inventive.
fn words_for_file(words: &[Vec<u8>]) -> Vec<u8> {
    let plain = |word: &Vec<u8>| {
        !word.is_empty() && word.iter().all(|b| b.is_ascii_graphic() && !b"\"'\\".contains(b))
    };
    let texts: Vec<Vec<u8>> =
        words.iter().map(|word| if plain(word) { word.clone() } else { base::tokens::repr(word) }).collect();
    if texts.is_empty() { b"\"\"".to_vec() } else { texts.join(&b' ') }
}

fn yes_no(b: bool) -> &'static str {
    if b { "yes" } else { "no" }
}

fn unit(kind: &Kind) -> Unit {
    match kind {
        Kind::Number { unit, .. } => *unit,
        _ => Unit::None,
    }
}

fn chosen(bits: u32, words: &[&str]) -> String {
    if bits == 0 {
        return words[0].to_owned();
    }
    let chosen: Vec<&str> =
        words.iter().enumerate().filter(|(i, _)| bits >> i & 1 == 1).map(|(_, word)| *word).collect();
    chosen.join(" ")
}
