//! BITOP.

use store::{Expiry, IntText, NewString};

use crate::args::{Refused, SYNTAX, is};
use crate::command::Cmd;
use crate::effects::Class;
use crate::string::{read, text};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Operation {
    And,
    Or,
    Xor,
    Not,
}

impl Operation {
    fn parse(word: &[u8]) -> Option<Operation> {
        let words = [
            ("and", Operation::And),
            ("or", Operation::Or),
            ("xor", Operation::Xor),
            ("not", Operation::Not),
        ];
        words.into_iter().find(|(name, _)| is(word, name)).map(|(_, operation)| operation)
    }

    /// Combines the result so far with one more string; the shorter of the two is followed by zeros.
    fn fold(self, result: &mut Vec<u8>, next: &[u8]) {
        let common = result.len().min(next.len());
        let pairs = result.iter_mut().zip(next);
        match self {
            Operation::And => {
                pairs.for_each(|(a, b)| *a &= b);
                result[common..].fill(0);
                result.resize(result.len().max(next.len()), 0);
                return;
            }
            Operation::Or => pairs.for_each(|(a, b)| *a |= b),
            Operation::Xor => pairs.for_each(|(a, b)| *a ^= b),
            Operation::Not => unreachable!("it has one source"),
        }
        result.extend_from_slice(&next[common..]);
    }
}

/// `BITOP AND|OR|XOR|NOT destkey key [key ...]`: the length of the result, the longest source's.
pub fn bitop(cmd: &mut Cmd<'_, '_>) {
    let result = combine(cmd).map(|result| store(cmd, &result));
    cmd.end(result);
}

fn combine(cmd: &mut Cmd<'_, '_>) -> Result<Vec<u8>, Refused> {
    let operation = Operation::parse(cmd.args.at(1)).ok_or(Refused(SYNTAX))?;
    let sources = 3..cmd.args.len();
    if operation == Operation::Not && sources.len() != 1 {
        return Err(Refused("BITOP NOT must be called with a single source key."));
    }
    let (mut result, mut scratch) = (Vec::new(), IntText::new());
    for at in sources {
        let key = cmd.key(at, at - 2);
        let source = text(read(cmd.keys, cmd.effects, cmd.db, key)?, &mut scratch);
        match (at, operation) {
            (3, Operation::Not) => result.extend(source.iter().map(|byte| !byte)),
            (3, _) => result.extend_from_slice(source),
            _ => operation.fold(&mut result, source),
        }
    }
    Ok(result)
}

/// An empty result removes the destination.
fn store(cmd: &mut Cmd<'_, '_>, result: &[u8]) {
    let key = cmd.key(2, 0);
    if !result.is_empty() {
        cmd.put_as(key, NewString::Raw(result), Expiry::Clear);
        cmd.changed(key, Class::String, "set");
    } else if cmd.remove(key) {
        cmd.changed(key, Class::Generic, "del");
    }
    cmd.out.int(result.len() as i64);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shorter_strings_are_followed_by_zeros() {
        let check = |operation: Operation, a: &[u8], b: &[u8], expect: &[u8]| {
            for (a, b) in [(a, b), (b, a)] {
                let mut result = a.to_vec();
                operation.fold(&mut result, b);
                assert_eq!(result, expect, "{operation:?}");
            }
        };
        check(Operation::And, &[0b1100, 7], &[0b1010], &[0b1000, 0]);
        check(Operation::Or, &[0b1100, 7], &[0b1010], &[0b1110, 7]);
        check(Operation::Xor, &[0b1100, 7], &[0b1010], &[0b0110, 7]);
        check(Operation::And, &[1, 2], &[], &[0, 0]);
        check(Operation::Xor, &[1, 2], &[], &[1, 2]);
    }
}
