//! When two replies are the same.

use super::reply::Raw;

/// How far apart two times to live may be.
const SECONDS_APART_MAX: i64 = 2;
const MILLISECONDS_APART_MAX: i64 = 2500;

/// What of a reply is to be the same. Without any of these: each byte.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Modes {
    /// Elements come in any order.
    pub set: bool,
    /// Pairs of elements come in any order.
    pub pairs: bool,
    /// A cursor, and elements in any order.
    pub scan: bool,
    /// Drawn by chance: kind and number of elements only.
    pub random: bool,
    /// Seconds or milliseconds that pass meanwhile.
    pub time: bool,
    /// Floating point numbers of the same value, in whichever digits.
    pub float: bool,
    /// The same, even of a server that prints all others as we do.
    pub loose: bool,
    /// Says nothing that can be compared, but for being an error.
    pub any: bool,
}

impl Modes {
    /// Sets what a word names; false if it names nothing.
    pub fn add(&mut self, word: &str) -> bool {
        let mode = match word {
            "set" => &mut self.set,
            "pairs" => &mut self.pairs,
            "scan" => &mut self.scan,
            "random" => &mut self.random,
            "time" => &mut self.time,
            "float" => &mut self.float,
            "loose" => &mut self.loose,
            "any" => &mut self.any,
            _ => return false,
        };
        *mode = true;
        true
    }

    /// Whether servers may have changed differently.
    pub fn leaves_doubt(self) -> bool {
        self.random
    }

    /// Whether two replies are the same. `digits`: floating point numbers are printed the same, too.
    pub fn same(self, ours: &Raw, theirs: &Raw, digits: bool) -> bool {
        if ours == theirs {
            return true;
        }
        if self.any {
            return (ours.kind() == b'-') == (theirs.kind() == b'-');
        }
        let (ours, theirs) = (self.sorted(ours), self.sorted(theirs));
        self.alike(&ours, &theirs, digits)
    }

    /// A reply whose order is free in a fixed one.
    fn sorted(self, reply: &Raw) -> Raw {
        match reply {
            Raw::Many(kind, items) if self.scan && items.len() == 2 => {
                let inner = Modes { scan: false, set: !self.pairs, ..self };
                Raw::Many(*kind, vec![items[0].clone(), inner.sorted(&items[1])])
            }
            Raw::Many(kind, items)
                if self.set || self.pairs && items.iter().all(|i| !i.items().is_empty()) =>
            {
                let mut items = items.clone();
                items.sort();
                Raw::Many(*kind, items)
            }
            Raw::Many(kind, items) if self.pairs => {
                let mut pairs: Vec<&[Raw]> = items.chunks(2).collect();
                pairs.sort();
                Raw::Many(*kind, pairs.concat())
            }
            other => other.clone(),
        }
    }

    fn alike(self, ours: &Raw, theirs: &Raw, digits: bool) -> bool {
        match (ours, theirs) {
            (Raw::Many(a, ours), Raw::Many(b, theirs)) => {
                let same = |(ours, theirs)| self.alike(ours, theirs, digits);
                a == b && ours.len() == theirs.len() && ours.iter().zip(theirs).all(same)
            }
            (Raw::Leaf(a, ours_text), Raw::Leaf(b, theirs_text)) => {
                let near = || match (ours.int(), theirs.int()) {
                    (Some(a), Some(b)) => a.signum() == b.signum() && near(a, b),
                    _ => false,
                };
                let equal = || {
                    (!digits || self.loose || is_overlong(ours_text, theirs_text))
                        && number(ours_text).is_some_and(|n| number(theirs_text) == Some(n))
                };
                let free = self.random || self.time && near() || (self.float || self.loose) && equal();
                a == b && (ours_text == theirs_text || *a != b'-' && free)
            }
            _ => false,
        }
    }
}

/// Seconds and milliseconds are told apart by their size.
fn near(a: i64, b: i64) -> bool {
    a.abs_diff(b) as i64 <= if a > 10_000 { MILLISECONDS_APART_MAX } else { SECONDS_APART_MAX }
}

/// Whether they print all digits that there can be where fewer tell the number apart, or another last one, as Valkey's way of finding the digits does of some long numbers.
fn is_overlong(ours: &[u8], theirs: &[u8]) -> bool {
    const LONG: usize = 10;
    const LONGEST: usize = 17;
    let digits = |text: &[u8]| {
        let mantissa = text.split(|b| *b == b'e').next().unwrap_or(text);
        let all: Vec<u8> = mantissa.iter().filter(|b| b.is_ascii_digit()).copied().collect();
        let zeros = all.iter().take_while(|b| **b == b'0').count();
        all.len() - zeros
    };
    digits(theirs) == LONGEST && (LONG..=LONGEST).contains(&digits(ours))
}

fn number(text: &[u8]) -> Option<f64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bulk(text: &str) -> Raw {
        Raw::Leaf(b'$', text.into())
    }

    fn array(items: &[&str]) -> Raw {
        Raw::Many(b'*', items.iter().map(|text| bulk(text)).collect())
    }

    fn modes(words: &str) -> Modes {
        let mut modes = Modes::default();
        assert!(words.split_whitespace().all(|word| modes.add(word)));
        modes
    }

    #[test]
    fn order_is_free_where_it_may_be() {
        let (a, b) = (array(&["a", "1", "b", "2"]), array(&["b", "2", "a", "1"]));
        assert!(!modes("").same(&a, &b, true));
        assert!(modes("pairs").same(&a, &b, true) && modes("set").same(&a, &b, true));
        let crossed = array(&["a", "2", "b", "1"]);
        assert!(!modes("pairs").same(&a, &crossed, true) && modes("set").same(&a, &crossed, true));
        let scan = |items: Raw| Raw::Many(b'*', vec![bulk("0"), items]);
        assert!(modes("scan pairs").same(&scan(a.clone()), &scan(b.clone()), true));
        assert!(!modes("scan").same(&scan(a), &array(&["0"]), true));
    }

    #[test]
    fn numbers_and_times() {
        let (short, long) = (bulk("0.1"), bulk("0.10000000000000001"));
        assert!(modes("float").same(&short, &long, false) && !modes("float").same(&short, &long, true));
        let (ours, theirs) = (bulk("4729.400000000001"), bulk("4729.4000000000005"));
        assert!(modes("float").same(&ours, &theirs, true) && !modes("float").same(&theirs, &ours, true));
        assert!(!modes("").same(&ours, &theirs, true));
        let (ours, theirs) = (bulk("2155630766759491.2"), bulk("2155630766759491.3"));
        assert!(modes("float").same(&ours, &theirs, true));
        let int = |n: i64| Raw::Leaf(b':', n.to_string().into());
        assert!(
            modes("time").same(&int(100), &int(99), true) && !modes("time").same(&int(100), &int(90), true)
        );
        assert!(!modes("time").same(&int(-1), &int(1), true));
        assert!(
            modes("random").same(&bulk("a"), &bulk("b"), true)
                && !modes("random").same(&bulk("a"), &int(1), true)
        );
    }
}
