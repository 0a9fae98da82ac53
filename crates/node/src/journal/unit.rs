//! A unit, and how it is written into a stream of requests.

use resp::OwnedRequest;
use resp::client::encode_command;
use store::DbId;

/// Who reads a stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reader {
    /// An append-only file.
    Aof,
    /// Replicas.
    Replicas,
}

/// Who is to see an effect: `redis.set_repl` chooses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Readers {
    /// The append-only file.
    pub aof: bool,
    /// Replicas.
    pub replicas: bool,
}

impl Readers {
    /// All of them.
    pub const ALL: Readers = Readers { aof: true, replicas: true };

    /// Whether this one is among them.
    pub fn has(self, reader: Reader) -> bool {
        match reader {
            Reader::Aof => self.aof,
            Reader::Replicas => self.replicas,
        }
    }

    fn is_none(self) -> bool {
        !self.aof && !self.replicas
    }
}

/// A command that does elsewhere what was done here.
#[derive(Clone, PartialEq, Eq)]
pub struct Effect {
    /// The database it runs in.
    pub db: DbId,
    /// Who is to see it.
    pub readers: Readers,
    /// Its name and arguments.
    pub command: OwnedRequest,
}

/// Effects that belong together, in order.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Unit {
    effects: Vec<Effect>,
    apart: bool,
}

impl Unit {
    /// Nothing yet.
    pub const fn new() -> Unit {
        Unit { effects: Vec::new(), apart: false }
    }

    /// Appends an effect that somebody is to see.
    pub fn push(&mut self, effect: Effect) {
        if !effect.readers.is_none() {
            self.effects.push(effect);
        }
    }

    /// They need not come into force at once: keys that a sweep removed have nothing to do with each other.
    pub fn set_apart(&mut self) {
        self.apart = true;
    }

    /// The effects.
    pub fn effects(&self) -> &[Effect] {
        &self.effects
    }

    /// Appends the requests that a reader is to see, several between MULTI and EXEC. `db` is the database of the stream's last request, and
    /// SELECT comes first where that is another; `None`: it is not known.
    pub fn write(&self, reader: Reader, db: &mut Option<DbId>, out: &mut Vec<u8>) {
        let seen = || self.effects.iter().filter(|effect| effect.readers.has(reader));
        let Some(first) = seen().next() else { return };
        let together = !self.apart && seen().count() > 1;
        select(first.db, db, out);
        if together {
            encode_command(out, &["MULTI"]);
        }
        for effect in seen() {
            select(effect.db, db, out);
            let words: Vec<&[u8]> = effect.command.as_args().iter().collect();
            encode_command(out, &words);
        }
        if together {
            encode_command(out, &["EXEC"]);
        }
    }
}

fn select(wanted: DbId, now: &mut Option<DbId>, out: &mut Vec<u8>) {
    if *now != Some(wanted) {
        *now = Some(wanted);
        encode_command(out, &["SELECT", &wanted.to_string()]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(effects: &[(DbId, Readers, &str)]) -> Unit {
        let mut unit = Unit::new();
        for (db, readers, line) in effects {
            let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
            let command = OwnedRequest::from_parts(words.into_iter());
            unit.push(Effect { db: *db, readers: *readers, command });
        }
        unit
    }

    /// The stream as words, `|` between requests.
    fn check(unit: &Unit, reader: Reader, mut db: Option<DbId>, expect: &str) {
        let (mut out, mut expected) = (Vec::new(), Vec::new());
        unit.write(reader, &mut db, &mut out);
        for line in expect.split(" | ").filter(|line| !line.is_empty()) {
            encode_command(&mut expected, &line.split(' ').collect::<Vec<_>>());
        }
        assert_eq!(String::from_utf8(out), String::from_utf8(expected));
    }

    #[test]
    fn several_are_a_transaction_and_one_is_not() {
        const ALL: Readers = Readers::ALL;
        check(&unit(&[]), Reader::Aof, None, "");
        check(&unit(&[(0, ALL, "INCR a")]), Reader::Aof, Some(0), "INCR a");
        let two = unit(&[(0, ALL, "INCR a"), (0, ALL, "INCR b")]);
        check(&two, Reader::Aof, Some(0), "MULTI | INCR a | INCR b | EXEC");
        let mut apart = two.clone();
        apart.set_apart();
        check(&apart, Reader::Aof, Some(0), "INCR a | INCR b");
    }

    #[test]
    fn the_database_is_told_where_it_changes() {
        let both = unit(&[(3, Readers::ALL, "INCR a"), (0, Readers::ALL, "INCR b")]);
        check(&both, Reader::Aof, None, "SELECT 3 | MULTI | INCR a | SELECT 0 | INCR b | EXEC");
        check(&both, Reader::Aof, Some(3), "MULTI | INCR a | SELECT 0 | INCR b | EXEC");
    }

    #[test]
    fn readers_see_what_is_for_them() {
        let mixed = unit(&[
            (0, Readers { aof: false, replicas: true }, "INCR a"),
            (1, Readers { aof: true, replicas: false }, "INCR b"),
            (2, Readers { aof: false, replicas: false }, "INCR c"),
        ]);
        assert_eq!(mixed.effects().len(), 2, "what nobody sees is not kept");
        check(&mixed, Reader::Replicas, Some(0), "INCR a");
        check(&mixed, Reader::Aof, Some(0), "SELECT 1 | INCR b");
    }
}
