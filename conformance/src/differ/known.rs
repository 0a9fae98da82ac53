//! Differences that are meant, each with the words of `DIVERGENCES.md` that say so.

use std::collections::BTreeSet;

use super::Against;

/// One difference. Texts are patterns in which `*` stands for anything.
pub struct Known {
    /// The server that differs; both if there is none.
    pub against: Option<Against>,
    /// The command and its arguments, as a transcript shows them.
    pub command: &'static str,
    /// How a command begins that came before in the sequence, without which this is no excuse.
    pub after: &'static str,
    /// Our reply.
    pub ours: &'static str,
    /// The other's.
    pub theirs: &'static str,
    /// Part of the entry in `DIVERGENCES.md`.
    pub reason: &'static str,
}

const fn redis7(
    command: &'static str,
    ours: &'static str,
    theirs: &'static str,
    reason: &'static str,
) -> Known {
    Known { against: Some(Against::Redis7), command, after: "", ours, theirs, reason }
}

const fn valkey(
    command: &'static str,
    ours: &'static str,
    theirs: &'static str,
    reason: &'static str,
) -> Known {
    Known { against: Some(Against::Valkey), command, after: "", ours, theirs, reason }
}

const fn both(
    command: &'static str,
    ours: &'static str,
    theirs: &'static str,
    reason: &'static str,
) -> Known {
    Known { against: None, command, after: "", ours, theirs, reason }
}

const fn after(before: &'static str, known: Known) -> Known {
    Known { after: before, ..known }
}

const ARGUMENTS_FIRST: &str = "read their arguments before their key";
const ONE_OF_TWO: &str = "Where Redis 7.0 and Valkey 9.1 answer differently";
const HEX: &str = "Hexadecimal scores are read, as in Redis";
const SPACE: &str = "bounds of ranges by score may have a space";
const LONG_INDEX: &str = "An index that needs more than 32 bits";
const CONVERTED: &str = "keeps its listpack as long as its elements fit";
const ZERO_BYTES: &str = "shown whole, zero bytes too";
const REFCOUNT: &str = "answers 2147483647 for integers below 10,000";
const NO_SCORES: &str = "-ERR One or more scores can\\'t be converted into double";
const STALE_ERROR: &str = "takes an empty string for 0";
const SORT_ZERO: &str = "`SORT ... ALPHA` compares whole strings";
const CORRUPTED: &str = "refused whole with `INVALIDOBJ`";
const NO_NUMBER: &str = "is `nan`, whatever its sign";
const SCRIPT_ZERO: &str = "A big number ends at its first zero byte";
const TOO_SMALL: &str = "-ERR The ID specified in XSETID is smaller than current max_deleted_entry_id";
const LAST_ENTRY: &str = "`XREAD … +` begins with the last entry";
const DELETED: &str = "XSETID does not go back behind an entry that was deleted";
const SCORES: &str = "Redis 7.0 prints 17 digits";
const IN_SCRIPTS: &str = "Values that came from scripts";
const SCRIPTS: &str = "What scripts are told is worded as in Redis 7.0.15";
const NO_END: &str = "without an end is a syntax error";

/// All of them.
pub const KNOWN: &[Known] = &[
    valkey("EVAL*", "*", IN_ITS_WORDS, SCRIPTS),
    valkey(
        "EVAL*cmsgpack.pack(redis.pcall(*",
        "\"*\\xa3err\\xd9*ERR *edis *",
        "\"*\\xa3err\\xd9*ERR *",
        SCRIPTS,
    ),
    valkey("EVAL*error_reply((\\'\\\\010*", "*ERR *", "*ERR *", SCRIPTS),
    valkey("EVAL*error_reply((\\'\\\\013*", "*ERR *", "*ERR *", SCRIPTS),
    valkey("EVAL*error_reply((\\'-\\\\010*", "*ERR *", "*ERR *", SCRIPTS),
    valkey("EVAL*error_reply((\\'-\\\\013*", "*ERR *", "*ERR *", SCRIPTS),
    redis7("EVAL*double*0/0*", "*,nan*", "*,-nan*", NO_NUMBER),
    redis7("EVAL*double*0/0*", "*\"nan\"*", "*\"-nan\"*", NO_NUMBER),
    redis7("EVAL*cjson.encode(redis.call(\\'z*", "*.*", "*.*", SCORES),
    redis7("EVAL*cmsgpack.pack(redis.pcall(\\'z*", "*.*", "*.*", SCORES),
    redis7("EVAL*big_number*\\\\000*", "*", "*\\x00*", SCRIPT_ZERO),
    valkey("EVALSHA*", "-NOSCRIPT *", "-NOSCRIPT *", SCRIPTS),
    both("OBJECT REFCOUNT *", ":*", ":*", REFCOUNT),
    both("SORT*", "*", NO_SCORES, STALE_ERROR),
    both("SORT*ALPHA*", "*\\x00*", "*", SORT_ZERO),
    both("SORT*ALPHA*", "*", "*\\x00*", SORT_ZERO),
    both("PFADD *", "-INVALIDOBJ *", ":*", CORRUPTED),
    both("PFDEBUG *", "-INVALIDOBJ *", "*", CORRUPTED),
    both("EVAL*pfadd*", "*INVALIDOBJ *", "*", CORRUPTED),
    both("EVAL*pfadd*return type(r)*", "\"table\"", "\"number\"", CORRUPTED),
    redis7("BITCOUNT *", "-ERR *", "*", ARGUMENTS_FIRST),
    redis7("BITPOS *", "-ERR *", "*", ARGUMENTS_FIRST),
    redis7("SCAN -*", "-ERR invalid cursor", "*", ONE_OF_TWO),
    redis7("OBJECT *", "\"listpack\"", "\"quicklist\"", ONE_OF_TWO),
    redis7("OBJECT *", "\"listpack\"", "\"hashtable\"", ONE_OF_TWO),
    redis7("OBJECT *", "\"listpack\"", "\"intset\"", ONE_OF_TWO),
    redis7("OBJECT *", "\"listpack\"", "\"skiplist\"", CONVERTED),
    redis7(
        "GEO* *",
        "-ERR member * does not exist",
        "-ERR could not decode requested zset member",
        ONE_OF_TWO,
    ),
    redis7("LREM * -9223372036854775808 *", "-ERR value is out of range*", "*", ONE_OF_TWO),
    redis7("LPOS * -9223372036854775808*", "-ERR value is out of range*", "*", ONE_OF_TWO),
    redis7("XREAD*", "-ERR Unbalanced *", "-ERR Unbalanced *", ONE_OF_TWO),
    redis7("XREAD *", "*", "-ERR Invalid stream ID specified as stream command argument", ONE_OF_TWO),
    redis7("XINFO *", "*consumers*", "*consumers*", ONE_OF_TWO),
    redis7("XSETID *", TOO_SMALL, "+OK", DELETED),
    redis7("XSETID *", TOO_SMALL, "-ERR * is smaller than the target stream top item", DELETED),
    redis7("XREADGROUP *", "-ERR The + ID *", "-ERR Invalid stream ID *", ONE_OF_TWO),
    redis7("XGROUP *", ":0", ":1", ONE_OF_TWO),
    redis7("XGROUP *", ":1", ":0", ONE_OF_TWO),
    valkey("OBJECT *", "\"listpack\"", "\"skiplist\"", CONVERTED),
    valkey("BITCOUNT *", "-ERR syntax error", "*", NO_END),
    valkey("OBJECT ENCODING *", "\"raw\"", "\"embstr\"", ONE_OF_TWO),
    after("EVAL", valkey("OBJECT ENCODING *", "\"int\"", "\"embstr\"", IN_SCRIPTS)),
    after("SORT", both("Z*", "*0*", "*-0*", CONVERTED)),
    valkey("OBJECT *", "\"listpack\"", "\"quicklist\"", CONVERTED),
    valkey("OBJECT *", "\"listpack\"", "\"hashtable\"", CONVERTED),
    valkey("XREAD * +*", "*[*", "(*)", LAST_ENTRY),
    after("XSETID", valkey("XREAD * +*", "*[*", "*[*", LAST_ENTRY)),
    after("XDEL", valkey("XREAD * +*", "*[*", "*[*", LAST_ENTRY)),
    valkey("SCAN *", "*", "-ERR unknown type name *", ONE_OF_TWO),
    valkey("GETEX *", "-WRONGTYPE *", "-ERR *", ONE_OF_TWO),
    valkey("GETEX *", "(*", "-ERR *", ONE_OF_TWO),
    redis7("ZR*ANK *", "-ERR syntax error", "-ERR wrong number of arguments *", ONE_OF_TWO),
    redis7("ZR*ANK *", "+QUEUED", "-ERR wrong number of arguments *", ONE_OF_TWO),
    valkey("Z* * 1*", "*", "-ERR min or max is not a float", SPACE),
    valkey("LSET *", "-ERR index out of range", "+OK", LONG_INDEX),
    valkey("GEO*", "-ERR member * does not exist", "-ERR member * does not exist", ZERO_BYTES),
    valkey("Z* *0x*", "*", "-ERR * not * float", HEX),
    valkey("GEO* *0x*", "*", "-ERR * not * float", HEX),
];

/// In place of a pattern: our reply as Valkey words it.
const IN_ITS_WORDS: &str = "(our reply in its words)";

/// What scripts are told, and how Valkey says it.
const WORDS: [(&str, &str); 5] = [
    ("argument for this redis lib call", "argument for this call"),
    ("Lua redis lib command arguments must be ", "Command arguments must be "),
    ("Wrong number of args calling Redis command", "Wrong number of args calling command"),
    ("Unknown Redis command called", "Unknown command called"),
    ("This Redis command", "This Valkey command"),
];

/// A reply of ours to a script, in Valkey's words: the script has no digest there.
fn in_its_words(ours: &str) -> String {
    const DIGEST: usize = 40;
    let (mut text, mut rest) = (String::new(), ours);
    while let Some((before, after)) = rest.split_once(" script: ") {
        text += before;
        text += " script: ";
        rest = match after.split_at_checked(DIGEST) {
            Some((digest, named)) if digest.bytes().all(|b| b.is_ascii_hexdigit()) => {
                named.strip_prefix(", ").unwrap_or(after)
            }
            _ => after,
        };
    }
    text += rest;
    WORDS.iter().fold(text, |text, (ours, theirs)| text.replace(ours, theirs))
}

/// The index of what explains a difference. `sent`: the names of the commands before, in upper case.
pub fn reason(
    against: Against,
    sent: &BTreeSet<String>,
    words: &[Vec<u8>],
    ours: &str,
    theirs: &str,
) -> Option<usize> {
    let command = super::pair::show(words).to_ascii_lowercase();
    let fits = |known: &Known| {
        known.against.is_none_or(|only| only == against)
            && like(&known.command.to_ascii_lowercase(), &command)
            && like(known.ours, ours)
            && (known.theirs == IN_ITS_WORDS && in_its_words(ours) == theirs || like(known.theirs, theirs))
            && sent.iter().any(|name| name.starts_with(known.after))
    };
    KNOWN.iter().position(fits)
}

/// Whether a text is like a pattern.
fn like(pattern: &str, text: &str) -> bool {
    let Some((head, tail)) = pattern.split_once('*') else { return pattern == text };
    let Some(rest) = text.strip_prefix(head) else { return false };
    (0..=rest.len()).any(|at| rest.is_char_boundary(at) && like(tail, &rest[at..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_is_documented() {
        let text = include_str!("../../../DIVERGENCES.md").split_whitespace().collect::<Vec<_>>().join(" ");
        for known in KNOWN {
            assert!(text.contains(known.reason), "DIVERGENCES.md does not say {:?}", known.reason);
        }
    }

    #[test]
    fn words_of_scripts() {
        let check = |ours: &str, theirs: &str| assert_eq!(in_its_words(ours), theirs);
        let digest = "6d8dae779b46d7df0d6afc8975e8b9b880b8f9c9";
        check(&format!("-ERR x script: {digest}, on return inf:1."), "-ERR x script: on return inf:1.");
        check("-ERR Unknown Redis command called", "-ERR Unknown command called");
        check("a script: b script: c", "a script: b script: c");
    }

    #[test]
    fn patterns() {
        assert!(like("*", "") && like("a*c", "abc") && like("a*b*c", "aXbYc") && like("abc", "abc"));
        assert!(!like("a*c", "abd") && !like("abc", "ab") && !like("*x", "xy"));
    }
}
