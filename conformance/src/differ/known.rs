//! Differences that are meant, each with the words of `DIVERGENCES.md` that say so.

use super::Against;

/// One difference. Texts are patterns in which `*` stands for anything.
pub struct Known {
    /// The server that differs; both if there is none.
    pub against: Option<Against>,
    /// The command and its arguments, as a transcript shows them.
    pub command: &'static str,
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
    Known { against: Some(Against::Redis7), command, ours, theirs, reason }
}

const fn valkey(
    command: &'static str,
    ours: &'static str,
    theirs: &'static str,
    reason: &'static str,
) -> Known {
    Known { against: Some(Against::Valkey), command, ours, theirs, reason }
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
const SCRIPTS: &str = "What scripts are told is worded as in Redis 7.0.15";
const NO_END: &str = "without an end is a syntax error";

/// All of them.
pub const KNOWN: &[Known] = &[
    valkey("EVAL*", "*Redis*", "*Valkey*", SCRIPTS),
    valkey("EVAL*", "*script: *, on @user_script*", "*script: on @user_script*", SCRIPTS),
    valkey("EVAL*", "*Lua redis lib command arguments must be *", "*Command arguments must be *", SCRIPTS),
    valkey(
        "EVAL*",
        "*Wrong number of args calling Redis command*",
        "*Wrong number of args calling command*",
        SCRIPTS,
    ),
    valkey("EVAL*", "*Unknown Redis command called*", "*Unknown command called*", SCRIPTS),
    valkey("EVAL*", "*This Redis command is not allowed*", "*This command is not allowed*", SCRIPTS),
    valkey("EVALSHA*", "-NOSCRIPT *", "-NOSCRIPT *", SCRIPTS),
    Known { against: None, command: "OBJECT REFCOUNT *", ours: ":*", theirs: ":*", reason: REFCOUNT },
    Known { against: None, command: "SORT*", ours: "*", theirs: NO_SCORES, reason: STALE_ERROR },
    Known { against: None, command: "SORT*ALPHA*", ours: "*\\x00*", theirs: "*", reason: SORT_ZERO },
    Known { against: None, command: "SORT*ALPHA*", ours: "*", theirs: "*\\x00*", reason: SORT_ZERO },
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
    redis7("XREADGROUP *", "-ERR The + ID *", "-ERR Invalid stream ID *", ONE_OF_TWO),
    redis7("XGROUP *", ":0", ":1", ONE_OF_TWO),
    redis7("XGROUP *", ":1", ":0", ONE_OF_TWO),
    valkey("OBJECT *", "\"listpack\"", "\"skiplist\"", CONVERTED),
    valkey("BITCOUNT *", "-ERR syntax error", "*", NO_END),
    valkey("OBJECT ENCODING *", "\"raw\"", "\"embstr\"", ONE_OF_TWO),
    valkey("OBJECT *", "\"listpack\"", "\"quicklist\"", CONVERTED),
    valkey("OBJECT *", "\"listpack\"", "\"hashtable\"", CONVERTED),
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

/// The index of what explains a difference.
pub fn reason(against: Against, words: &[Vec<u8>], ours: &str, theirs: &str) -> Option<usize> {
    let command = super::pair::show(words).to_ascii_lowercase();
    let fits = |known: &Known| {
        known.against.is_none_or(|only| only == against)
            && like(&known.command.to_ascii_lowercase(), &command)
            && like(known.ours, ours)
            && like(known.theirs, theirs)
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
    fn patterns() {
        assert!(like("*", "") && like("a*c", "abc") && like("a*b*c", "aXbYc") && like("abc", "abc"));
        assert!(!like("a*c", "abd") && !like("abc", "ab") && !like("*x", "xy"));
    }
}
