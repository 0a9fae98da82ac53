//! Commands with holes, one a line, in `shapes/`, by family.
//!
//! `[modes: ]WORDS`: `$name` is filled by [`words`](super::words), `(a|b)` is one of several, `[…]` may be left out, `{…}` comes up to four times. Modes are those of
//! [`Modes`], `redis7` or `valkey` where only that server takes it so, and `rare` for what takes time.

use anyhow::{Context, Result, bail, ensure};

use super::Against;
use super::compare::Modes;
use super::words;
use crate::rng::Rng;

/// Of so many draws of a shape that takes time, one counts.
const RARE: u64 = 20;
/// How often a repeated part comes at most.
const REPEATS_MAX: u64 = 4;

const FILES: [(&str, &str); 12] = [
    ("generic", include_str!("../../shapes/generic.txt")),
    ("string", include_str!("../../shapes/string.txt")),
    ("bitmap", include_str!("../../shapes/bitmap.txt")),
    ("hyperloglog", include_str!("../../shapes/hyperloglog.txt")),
    ("list", include_str!("../../shapes/list.txt")),
    ("hash", include_str!("../../shapes/hash.txt")),
    ("set", include_str!("../../shapes/set.txt")),
    ("zset", include_str!("../../shapes/zset.txt")),
    ("lex", include_str!("../../shapes/lex.txt")),
    ("geo", include_str!("../../shapes/geo.txt")),
    ("stream", include_str!("../../shapes/stream.txt")),
    ("script", include_str!("../../shapes/script.txt")),
];

/// One command with holes.
#[derive(Clone, Debug)]
pub struct Shape {
    /// What of its reply is compared.
    pub modes: Modes,
    /// It takes time.
    rare: bool,
    /// The one server that takes it so.
    only: Option<Against>,
    part: Vec<Part>,
}

#[derive(Clone, PartialEq, Debug)]
enum Part {
    Word(String),
    Hole(String),
    Choice(Vec<Vec<Part>>),
    Maybe(Vec<Part>),
    Repeat(Vec<Part>),
}

/// The shapes of all families.
pub struct Table {
    families: Vec<(&'static str, Vec<Shape>)>,
}

impl Table {
    /// Reads the files.
    pub fn new() -> Result<Table> {
        let families = FILES.iter().map(|(name, text)| {
            let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
            let shapes = lines.map(|line| Shape::parse(line).with_context(|| format!("{name}: {line}")));
            Ok((*name, shapes.collect::<Result<_>>()?))
        });
        Ok(Table { families: families.collect::<Result<_>>()? })
    }

    /// Leaves those that a server takes, of commands that `knows` knows; the names of the others.
    pub fn keep(
        &mut self,
        against: Against,
        mut knows: impl FnMut(&str) -> Result<bool>,
    ) -> Result<Vec<String>> {
        let mut unknown: Vec<String> = Vec::new();
        for (_, shapes) in &mut self.families {
            let mut kept = Vec::new();
            for shape in shapes.drain(..) {
                let name = shape.name();
                if shape.only.is_some_and(|only| only != against) {
                    continue;
                }
                if knows(&name)? {
                    kept.push(shape);
                } else if !unknown.contains(&name) {
                    unknown.push(name);
                }
            }
            *shapes = kept;
        }
        self.families.retain(|(_, shapes)| !shapes.is_empty());
        Ok(unknown)
    }

    /// Leaves the families of these names, if there are any.
    pub fn choose(&mut self, names: &[String]) -> Result<()> {
        for name in names {
            ensure!(self.families.iter().any(|(known, _)| known == name), "no family {name}");
        }
        self.families.retain(|(name, _)| names.is_empty() || names.iter().any(|wanted| wanted == name));
        Ok(())
    }

    /// Each command with each of these in place of all its numbers.
    pub fn extremes(&self, values: &[&str], rng: &mut Rng) -> Result<Vec<Vec<Vec<u8>>>> {
        let letters: Vec<char> = words::FAMILIES.iter().map(|(letter, _)| *letter).collect();
        let shapes = self.families.iter().flat_map(|(_, shapes)| shapes);
        let mut commands = Vec::new();
        for (shape, value) in shapes.flat_map(|shape| values.iter().map(move |value| (shape, value))) {
            let mut hole = |name: &str, rng: &mut Rng| {
                if words::is_number(name) { Some((*value).into()) } else { words::fill(name, &letters, rng) }
            };
            let mut command = Vec::new();
            fill(&shape.part, &mut hole, rng, &mut command)?;
            commands.push(command);
        }
        Ok(commands)
    }

    /// A few families that meet in one sequence.
    pub fn draw(&self, rng: &mut Rng) -> Cast<'_> {
        let count = 1 + rng.below(3);
        let mut families: Vec<&(&'static str, Vec<Shape>)> =
            (0..count).map(|_| rng.pick(&self.families)).collect();
        // Those would bring members of other scores.
        let lex = families.iter().any(|(name, _)| *name == "lex");
        families.retain(|(name, _)| !(lex && matches!(*name, "zset" | "geo" | "script")));
        families.extend(self.families.iter().filter(|(name, _)| *name == "generic"));
        let named = |name: &str| families.iter().any(|(family, _)| *family == name);
        let mut letters: Vec<char> =
            words::FAMILIES.iter().filter(|(_, name)| named(name)).map(|(letter, _)| *letter).collect();
        if letters.is_empty() {
            letters.push('s');
        }
        Cast { families: families.iter().map(|(_, shapes)| &shapes[..]).collect(), letters }
    }
}

/// The families of one sequence.
pub struct Cast<'t> {
    families: Vec<&'t [Shape]>,
    letters: Vec<char>,
}

impl Cast<'_> {
    /// A key of one of the families.
    pub fn key(&self, rng: &mut Rng) -> Vec<u8> {
        words::fill("k", &self.letters, rng).expect("there are keys")
    }

    /// A command, and what of its reply is compared.
    pub fn command(&self, rng: &mut Rng) -> Result<(Vec<Vec<u8>>, Modes)> {
        let shape = loop {
            let shape = {
                let family = *rng.pick::<&[Shape]>(&self.families);
                rng.pick(family)
            };
            if !shape.rare || rng.one_in(RARE) {
                break shape;
            }
        };
        let mut words = Vec::new();
        let mut hole = |name: &str, rng: &mut Rng| words::fill(name, &self.letters, rng);
        fill(&shape.part, &mut hole, rng, &mut words)?;
        let (mut modes, whole) = (shape.modes, words.len());
        if rng.one_in(60) {
            words.truncate(1 + rng.below(words.len() as u64) as usize);
        }
        if rng.one_in(100) {
            words.push(b"extra".to_vec());
        }
        // It may be another command now, one whose reply is left to chance.
        modes.random |= words.len() != whole;
        // How far a scan without its COUNT comes depends on the table.
        modes.any |= modes.scan && words.len() != whole;
        Ok((words, modes))
    }
}

/// What stands in for a hole of this name.
type Hole<'a> = dyn FnMut(&str, &mut Rng) -> Option<Vec<u8>> + 'a;

fn fill(parts: &[Part], hole: &mut Hole<'_>, rng: &mut Rng, out: &mut Vec<Vec<u8>>) -> Result<()> {
    for part in parts {
        match part {
            Part::Word(word) if rng.one_in(12) => out.push(word.to_ascii_lowercase().into()),
            Part::Word(word) => out.push(word.clone().into()),
            Part::Hole(name) => out.push(hole(name, rng).with_context(|| format!("no words for ${name}"))?),
            Part::Choice(ways) => fill(rng.pick::<Vec<Part>>(ways), hole, rng, out)?,
            Part::Maybe(inner) if rng.one_in(2) => fill(inner, hole, rng, out)?,
            Part::Maybe(_) => {}
            Part::Repeat(inner) => {
                for _ in 0..=rng.below(REPEATS_MAX) {
                    fill(inner, hole, rng, out)?;
                }
            }
        }
    }
    Ok(())
}

impl Shape {
    fn parse(line: &str) -> Result<Shape> {
        let (mut modes, mut only, mut rare) = (Modes::default(), None, false);
        let (words, text) = line.split_once(": ").unwrap_or(("", line));
        for word in words.split_whitespace() {
            match Against::named(word) {
                Some(against) => only = Some(against),
                None if word == "rare" => rare = true,
                None => ensure!(modes.add(word), "no mode {word}"),
            }
        }
        let mut tokens = tokens(text).into_iter().peekable();
        let part = parse(&mut tokens, "")?;
        ensure!(matches!(part.first(), Some(Part::Word(_))), "a command begins with its name");
        Ok(Shape { modes, rare, only, part })
    }

    /// The command's name; of a container also the second word, behind a bar.
    fn name(&self) -> String {
        const CONTAINERS: [&str; 5] = ["OBJECT", "XGROUP", "XINFO", "DEBUG", "MEMORY"];
        match &self.part[..] {
            [Part::Word(name), Part::Word(sub), ..] if CONTAINERS.contains(&&name[..]) => {
                format!("{name}|{sub}")
            }
            [Part::Word(name), ..] => name.clone(),
            _ => String::new(),
        }
    }
}

/// Words and brackets.
fn tokens(text: &str) -> Vec<String> {
    let mut spaced = String::new();
    for c in text.chars() {
        if "[](){}|".contains(c) {
            spaced.extend([' ', c, ' ']);
        } else {
            spaced.push(c);
        }
    }
    spaced.split_whitespace().map(str::to_owned).collect()
}

type Tokens = std::iter::Peekable<std::vec::IntoIter<String>>;

/// What comes until one of the brackets in `until`, which is left.
fn parse(tokens: &mut Tokens, until: &str) -> Result<Vec<Part>> {
    let mut parts = Vec::new();
    while let Some(token) = tokens.next_if(|token| until.is_empty() || !until.contains(token.as_str())) {
        let close = |tokens: &mut Tokens, bracket: &str| -> Result<()> {
            ensure!(tokens.next().as_deref() == Some(bracket), "{bracket} is missing");
            Ok(())
        };
        parts.push(match token.as_str() {
            "[" => {
                let inner = parse(tokens, "]")?;
                close(tokens, "]")?;
                Part::Maybe(inner)
            }
            "{" => {
                let inner = parse(tokens, "}")?;
                close(tokens, "}")?;
                Part::Repeat(inner)
            }
            "(" => {
                let mut ways = vec![parse(tokens, "|)")?];
                while tokens.next_if(|token| token == "|").is_some() {
                    ways.push(parse(tokens, "|)")?);
                }
                close(tokens, ")")?;
                Part::Choice(ways)
            }
            "]" | "}" | ")" | "|" => bail!("{token} without a beginning"),
            word => match word.strip_prefix('$').filter(|name| !name.is_empty()) {
                Some(name) => Part::Hole(name.to_owned()),
                None => Part::Word(word.to_owned()),
            },
        });
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_can_be_filled() {
        let table = Table::new().expect("the files are well formed");
        let (mut rng, letters) = (Rng::new(1), ['s', 'l']);
        let mut hole = |name: &str, rng: &mut Rng| words::fill(name, &letters, rng);
        for (_, shapes) in &table.families {
            for shape in shapes {
                for _ in 0..20 {
                    fill(&shape.part, &mut hole, &mut rng, &mut Vec::new()).expect("all holes are known");
                }
            }
        }
    }

    #[test]
    fn brackets() {
        let shape = Shape::parse("random float: GET (a|b [c]) {$k $v}").expect("well formed");
        assert!(shape.modes.random && shape.modes.float && shape.only.is_none());
        assert_eq!(shape.name(), "GET");
        let word = |word: &str| Part::Word(word.into());
        let expect = [
            word("GET"),
            Part::Choice(vec![vec![word("a")], vec![word("b"), Part::Maybe(vec![word("c")])]]),
            Part::Repeat(vec![Part::Hole("k".into()), Part::Hole("v".into())]),
        ];
        assert_eq!(shape.part, expect);
        for bad in ["GET [a", "GET a]", "nomode: GET a", "$k GET", "GET (a|b"] {
            assert!(Shape::parse(bad).is_err(), "{bad}");
        }
    }
}
