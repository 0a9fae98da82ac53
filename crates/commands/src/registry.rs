//! All commands of a server: lookup by name on the path of every request.

use std::fmt::{self, Write};

use resp::Args;

use crate::spec::Spec;

/// Buckets of the name table; a power of two, several times the number of commands.
const BUCKETS: usize = 4096;

/// Bytes of the sender's arguments that an unknown command's error repeats.
const ECHO_BYTES_MAX: usize = 128;

/// Index of a command in its [`Registry`]: for tables of counters beside it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct CommandId(pub u16);

/// One command: its facts, what runs it, and its subcommands if it is a container.
pub struct Command<H> {
    /// Its place in the registry.
    pub id: CommandId,
    /// Its facts.
    pub spec: &'static Spec,
    /// What runs it: the registry's owner decides the type.
    pub run: H,
    subcommands: Vec<CommandId>,
}

/// The commands of a server by name, built once from the tables of all families.
pub struct Registry<H> {
    commands: Vec<Command<H>>,
    top: Vec<CommandId>,
    /// Lower-case names of top-level commands: their own, or what they were renamed to.
    names: Vec<(String, CommandId)>,
    buckets: Box<[Bucket; BUCKETS]>,
}

/// No command has such a name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unknown {
    /// The first word is none.
    Command,
    /// The container is known by this name, the second word is none of its subcommands.
    Subcommand(&'static str),
}

#[derive(Clone, Copy)]
struct Bucket {
    /// The first eight bytes of the name, folded to lower case.
    head: u64,
    len: u16,
    id: u16,
    /// Index in `names`, or [`NO_NAME`] in a free bucket.
    name: u16,
}

const NO_NAME: u16 = u16::MAX;
const FREE: Bucket = Bucket { head: 0, len: 0, id: 0, name: NO_NAME };

impl<H> Registry<H> {
    /// Takes commands and subcommands in any order. Panics when two have one name, a container is missing,
    /// or a name is not lower case: that is a mistake in a table.
    pub fn new(rows: impl IntoIterator<Item = (&'static Spec, H)>) -> Registry<H> {
        let commands = rows.into_iter().enumerate().map(|(i, (spec, run))| {
            let id = CommandId(u16::try_from(i).expect("a table is far smaller"));
            Command { id, spec, run, subcommands: Vec::new() }
        });
        let mut registry = Registry {
            commands: commands.collect(),
            top: Vec::new(),
            names: Vec::new(),
            buckets: Box::new([FREE; BUCKETS]),
        };
        for i in 0..registry.commands.len() {
            registry.place(CommandId(i as u16));
        }
        registry.index();
        registry
    }

    /// Moves a command to another name, or out of reach if the name is empty (`rename-command`). Its
    /// subcommands move with it. False: there is no such command, or the new name is taken.
    pub fn rename(&mut self, from: &str, to: &str) -> bool {
        let (from, to) = (from.to_ascii_lowercase(), to.to_ascii_lowercase());
        let Some(at) = self.names.iter().position(|(name, _)| *name == from) else {
            return false;
        };
        if self.names.iter().any(|(name, _)| *name == to) {
            return false;
        }
        if to.is_empty() {
            self.names.remove(at);
        } else {
            self.names[at].0 = to;
        }
        self.index();
        true
    }

    /// A command by its name in any case; subcommands are not found so.
    #[inline]
    pub fn lookup(&self, name: &[u8]) -> Option<&Command<H>> {
        let head = fold(name);
        let mut at = bucket_of(head, name.len());
        loop {
            let bucket = &self.buckets[at];
            if bucket.name == NO_NAME {
                return None;
            }
            let fits = bucket.head == head && usize::from(bucket.len) == name.len();
            if fits && (name.len() <= 8 || self.tail_matches(bucket, name)) {
                return Some(&self.commands[usize::from(bucket.id)]);
            }
            at = (at + 1) % BUCKETS;
        }
    }

    /// The command that a request runs: a container's subcommand where the request names one, the
    /// container itself where nothing follows it.
    #[inline(always)]
    pub fn resolve(&self, args: Args<'_>) -> Result<&Command<H>, Unknown> {
        let command = args.get(0).and_then(|name| self.lookup(name)).ok_or(Unknown::Command)?;
        match args.get(1) {
            Some(word) if !command.subcommands.is_empty() => {
                self.child(command, word).ok_or(Unknown::Subcommand(command.spec.name))
            }
            _ => Ok(command),
        }
    }

    /// A command by its full name in any case: `get`, `config|get`.
    pub fn by_full_name(&self, name: &[u8]) -> Option<&Command<H>> {
        match name.iter().position(|b| *b == b'|') {
            None => self.lookup(name),
            Some(bar) => self.child(self.lookup(&name[..bar])?, &name[bar + 1..]),
        }
    }

    /// The command of an id of this registry.
    pub fn get(&self, id: CommandId) -> &Command<H> {
        &self.commands[usize::from(id.0)]
    }

    /// Commands that are not subcommands.
    pub fn top(&self) -> impl ExactSizeIterator<Item = &Command<H>> {
        self.top.iter().map(|id| self.get(*id))
    }

    /// Every command and subcommand, by id.
    pub fn all(&self) -> impl ExactSizeIterator<Item = &Command<H>> {
        self.commands.iter()
    }

    /// The subcommands of a container.
    pub fn subcommands<'r>(&'r self, of: &'r Command<H>) -> impl ExactSizeIterator<Item = &'r Command<H>> {
        of.subcommands.iter().map(|id| self.get(*id))
    }

    fn child(&self, container: &Command<H>, word: &[u8]) -> Option<&Command<H>> {
        let skip = container.spec.name.len() + 1;
        self.subcommands(container)
            .find(|c| c.spec.name.as_bytes()[skip..].eq_ignore_ascii_case(word))
            .map(|c| self.get(c.id))
    }

    /// Enters a command by name, or into its container.
    fn place(&mut self, id: CommandId) {
        let spec = self.get(id).spec;
        assert_eq!(spec.name, spec.name.to_ascii_lowercase());
        let twice = self.all().filter(|c| c.spec.name == spec.name).count() > 1;
        assert!(!twice, "two commands are named {}", spec.name);
        match spec.container() {
            None => {
                self.top.push(id);
                self.names.push((spec.name.into(), id));
            }
            Some(container) => {
                let parent = self.commands.iter_mut().find(|c| c.spec.name == container);
                parent.unwrap_or_else(|| panic!("{} has no container", spec.name)).subcommands.push(id);
            }
        }
    }

    /// Fills the buckets anew from the names.
    fn index(&mut self) {
        assert!(self.names.len() < BUCKETS / 2, "a crowded table is slow");
        self.buckets.fill(FREE);
        for (i, (name, id)) in self.names.iter().enumerate() {
            let head = fold(name.as_bytes());
            let mut at = bucket_of(head, name.len());
            while self.buckets[at].name != NO_NAME {
                at = (at + 1) % BUCKETS;
            }
            self.buckets[at] = Bucket { head, len: name.len() as u16, id: id.0, name: i as u16 };
        }
    }

    fn tail_matches(&self, bucket: &Bucket, name: &[u8]) -> bool {
        self.names[usize::from(bucket.name)].0.as_bytes()[8..].eq_ignore_ascii_case(&name[8..])
    }
}

impl Unknown {
    /// The error for a request, without the `ERR` code.
    pub fn text(self, args: Args<'_>) -> String {
        let mut text = String::new();
        match self {
            Unknown::Subcommand(container) => {
                let word = cut(args.get(1).unwrap_or_default(), ECHO_BYTES_MAX);
                let _ =
                    write!(text, "unknown subcommand '{word}'. Try {} HELP.", container.to_ascii_uppercase());
            }
            Unknown::Command => {
                let word = cut(args.get(0).unwrap_or_default(), ECHO_BYTES_MAX);
                let mut echo = String::new();
                for arg in args.iter().skip(1) {
                    if echo.len() >= ECHO_BYTES_MAX {
                        break;
                    }
                    let room = ECHO_BYTES_MAX - echo.len();
                    let _ = write!(echo, "'{}' ", cut(arg, room));
                }
                let _ = write!(text, "unknown command '{word}', with args beginning with: {echo}");
            }
        }
        text
    }
}

impl<H> fmt::Debug for Registry<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.commands.iter().map(|c| c.spec.name)).finish()
    }
}

/// The error for a command with too few or too many arguments, without the `ERR` code.
pub fn wrong_arity(spec: &Spec) -> String {
    format!("wrong number of arguments for '{}' command", spec.name)
}

fn cut(bytes: &[u8], max: usize) -> String {
    let end = bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end.min(max)]).into_owned()
}

/// The first eight bytes, little-endian, zero behind a shorter name, ASCII capitals folded.
#[inline]
fn fold(name: &[u8]) -> u64 {
    let word = match *name {
        [a, b, c] => u64::from(u32::from_le_bytes([a, b, c, 0])),
        [a, b] => u64::from(u16::from_le_bytes([a, b])),
        [a] => u64::from(a),
        [] => 0,
        _ => match (name.first_chunk::<8>(), name.first_chunk::<4>(), name.last_chunk::<4>()) {
            (Some(head), ..) => u64::from_le_bytes(*head),
            (None, Some(low), Some(high)) => {
                let high = u64::from(u32::from_le_bytes(*high)) << ((name.len() - 4) * 8);
                high | u64::from(u32::from_le_bytes(*low))
            }
            _ => unreachable!("four bytes at least"),
        },
    };
    lower(word)
}

/// Folds the bytes A to Z of a word, and no others.
#[inline]
fn lower(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let low7 = word & (ONES * 0x7F);
    let from_a = low7 + ONES * (0x80 - b'A' as u64);
    let past_z = low7 + ONES * (0x7F - b'Z' as u64);
    let capital = from_a & !past_z & !word & (ONES * 0x80);
    word | capital >> 2
}

#[inline]
fn bucket_of(head: u64, len: usize) -> usize {
    let mixed = (head ^ len as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed >> (64 - BUCKETS.trailing_zeros())) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Group;
    use crate::testing::Words;

    const fn plain(name: &'static str) -> Spec {
        Spec::new(name, -1, Group::Generic, "1.0.0")
    }

    static SPECS: [Spec; 9] = [
        plain("get"),
        plain("config|get"),
        plain("config"),
        plain("config|set"),
        plain("getrange"),
        plain("incrbyfloat"),
        plain("restore-asking"),
        plain("object"),
        plain("object|help"),
    ];

    fn registry() -> Registry<usize> {
        Registry::new(SPECS.iter().enumerate().map(|(i, s)| (s, i)))
    }

    #[test]
    fn finds_names_in_any_case_and_nothing_else() {
        let all = registry();
        for spec in SPECS.iter().filter(|s| s.container().is_none()) {
            for name in [spec.name.to_string(), spec.name.to_uppercase()] {
                assert_eq!(all.lookup(name.as_bytes()).map(|c| c.spec.name), Some(spec.name));
            }
        }
        for other in ["", "ge", "getx", "g\u{5}t", "get\0", "GE4", "incrbyfloax", "config|get", "\0\0\0"] {
            assert!(all.lookup(other.as_bytes()).is_none(), "{other:?}");
        }
    }

    #[test]
    fn folding_is_that_of_ascii() {
        let mut rng = base::Rng::new(1);
        for _ in 0..10_000 {
            let bytes = rng.next_u64().to_le_bytes();
            for len in 0..=8 {
                let mut lower = [0; 8];
                lower[..len].copy_from_slice(&bytes[..len].to_ascii_lowercase());
                assert_eq!(fold(&bytes[..len]), u64::from_le_bytes(lower));
            }
        }
    }

    #[test]
    fn requests_resolve_to_subcommands() {
        let all = registry();
        let check = |line: &str, expect: Result<&str, &str>| {
            let words = Words::new(line);
            let found = all.resolve(words.args());
            let found = found.map(|c| c.spec.name).map_err(|e| e.text(words.args()));
            assert_eq!(found, expect.map_err(str::to_string));
        };
        check("CONFIG geT a", Ok("config|get"));
        check("config", Ok("config"));
        check("get get", Ok("get"));
        check("object nope", Err("unknown subcommand 'nope'. Try OBJECT HELP."));
        check("nope a bc", Err("unknown command 'nope', with args beginning with: 'a' 'bc' "));
        let long = "x".repeat(200);
        check(
            &format!("nope a {long} c"),
            Err(&format!("unknown command 'nope', with args beginning with: 'a' '{}' ", &long[..124])),
        );
    }

    #[test]
    fn renamed_commands_answer_to_the_new_name_only() {
        let mut all = registry();
        assert!(all.rename("CONFIG", "Hidden") && all.rename("get", ""));
        assert!(!all.rename("get", "x") && !all.rename("object", "hidden"));
        assert!(all.lookup(b"config").is_none() && all.lookup(b"get").is_none());
        assert_eq!(all.by_full_name(b"HIDDEN|get").map(|c| c.spec.name), Some("config|get"));
        assert!(all.lookup(b"object").is_some());
    }

    #[test]
    #[should_panic(expected = "two commands are named get")]
    fn a_name_is_taken_once() {
        static TWICE: [Spec; 2] = [plain("get"), plain("get")];
        Registry::new(TWICE.iter().map(|s| (s, ())));
    }
}
