//! What SORT was asked for, and which keys it names.

use resp::Args;

use super::pattern::{Pattern, leaves_slot};
use crate::args::{Refused, SYNTAX, integer, is};
use crate::command::Cmd;
use crate::spec::{KeyFlag, KeyFlags, KeyRef};

/// Options behind the key.
#[derive(Debug)]
pub(super) struct Options<'a> {
    /// BY a pattern that names keys.
    pub by: Option<Pattern<'a>>,
    /// BY a constant: the order stays that of the value.
    pub unsorted: bool,
    /// What is replied of each element; itself if there is nothing.
    pub gets: Vec<Pattern<'a>>,
    /// LIMIT: how many are passed over, and how many follow, all if negative.
    pub limit: (i64, i64),
    pub descending: bool,
    /// ALPHA: by bytes, not by number.
    pub alpha: bool,
    /// The argument that names the destination.
    pub store_at: Option<usize>,
}

/// One option, by its word.
#[derive(Clone, Copy)]
enum Word {
    Asc,
    Desc,
    Alpha,
    Limit,
    Store,
    By,
    Get,
}

impl Word {
    fn of(arg: &[u8]) -> Option<Word> {
        const WORDS: [(&str, Word); 7] = [
            ("asc", Word::Asc),
            ("desc", Word::Desc),
            ("alpha", Word::Alpha),
            ("limit", Word::Limit),
            ("store", Word::Store),
            ("by", Word::By),
            ("get", Word::Get),
        ];
        WORDS.into_iter().find(|(word, _)| is(arg, word)).map(|(_, meant)| meant)
    }

    /// Arguments that follow it.
    fn operands(self) -> usize {
        match self {
            Word::Asc | Word::Desc | Word::Alpha => 0,
            Word::Store | Word::By | Word::Get => 1,
            Word::Limit => 2,
        }
    }
}

/// Options with the argument behind each word; ends at what is none.
fn words(args: Args<'_>) -> impl Iterator<Item = (Option<Word>, usize)> {
    let mut at = 2;
    std::iter::from_fn(move || {
        let word = args.get(at).map(Word::of)?;
        let word = word.filter(|word| at + word.operands() < args.len());
        let operand = at + 1;
        at = operand + word.map_or(0, Word::operands);
        Some((word, operand))
    })
}

impl<'a> Options<'a> {
    /// Reads them. `stores`: the command has a STORE.
    pub fn parse(cmd: &Cmd<'a, '_>, stores: bool) -> Result<Options<'a>, Refused> {
        let (args, slot) = (cmd.args, cmd.first().at.slot);
        let denied = |text: &[u8], error| match cmd.env.cluster && leaves_slot(text, slot) {
            true => Err(Refused(error)),
            false => Ok(()),
        };
        let mut options = Options {
            by: None,
            unsorted: false,
            gets: Vec::new(),
            limit: (0, -1),
            descending: false,
            alpha: false,
            store_at: None,
        };
        for (word, at) in words(args) {
            match word {
                Some(Word::Asc) => options.descending = false,
                Some(Word::Desc) => options.descending = true,
                Some(Word::Alpha) => options.alpha = true,
                Some(Word::Limit) => options.limit = (integer(args.at(at))?, integer(args.at(at + 1))?),
                Some(Word::Store) if stores => options.store_at = Some(at),
                Some(Word::By) if !args.at(at).contains(&b'*') => {
                    (options.by, options.unsorted) = (None, true);
                }
                Some(Word::By) => {
                    denied(args.at(at), BY_DENIED)?;
                    options.by = Some(Pattern::parse(args.at(at)));
                }
                Some(Word::Get) => {
                    denied(args.at(at), GET_DENIED)?;
                    options.gets.push(Pattern::parse(args.at(at)));
                }
                Some(Word::Store) | None => return Err(Refused(SYNTAX)),
            }
        }
        Ok(options)
    }
}

const BY_DENIED: &str =
    "BY option of SORT denied in Cluster mode when keys formed by the pattern may be in different slots.";
const GET_DENIED: &str =
    "GET option of SORT denied in Cluster mode when keys formed by the pattern may be in different slots.";

const READ: KeyFlags = KeyFlags::of(&[KeyFlag::RO, KeyFlag::Access]);
const OVERWRITE: KeyFlags = KeyFlags::of(&[KeyFlag::OW, KeyFlag::Update]);

/// The key that is sorted, and the last destination.
pub(super) fn sort_keys(args: Args<'_>, found: &mut Vec<KeyRef>) -> bool {
    found.push(KeyRef { index: 1, flags: READ });
    let stores = words(args).filter(|(word, _)| matches!(word, Some(Word::Store)));
    found.extend(stores.last().map(|(_, at)| KeyRef { index: at as u32, flags: OVERWRITE }));
    true
}

/// The key that is sorted.
pub(super) fn sort_ro_keys(_: Args<'_>, found: &mut Vec<KeyRef>) -> bool {
    found.push(KeyRef { index: 1, flags: READ });
    true
}

/// Whether patterns lead to keys whose stripes nobody knows beforehand.
pub(super) fn reaches(args: Args<'_>) -> bool {
    let slot = args.get(1).map(base::Slot::of_key);
    words(args).any(|(word, at)| {
        let looks_up = matches!(word, Some(Word::By | Word::Get)) && args.at(at).contains(&b'*');
        looks_up && slot.is_some_and(|slot| leaves_slot(args.at(at), slot))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Words;

    #[test]
    fn keys_and_what_lies_beyond() {
        let check = |line: &str, expect: &[u32], beyond: bool| {
            let (words, mut found) = (Words::new(line), Vec::new());
            assert!(sort_keys(words.args(), &mut found));
            assert_eq!(found.iter().map(|key| key.index).collect::<Vec<_>>(), expect, "{line}");
            assert_eq!(reaches(words.args()), beyond, "{line}");
        };
        check("sort k", &[1], false);
        check("sort k store d", &[1, 3], false);
        check("sort k store d limit 0 store STORE e", &[1, 8], false);
        check("sort k by store get w_* store store", &[1, 7], true);
        check("sort k store", &[1], false);
        check("sort k get # get constant by nosort", &[1], false);
        check("sort {k}l by {k}w_* get {k}o_*->f", &[1], false);
        check("sort {k}l by {k}w_* get o_*", &[1], true);
    }
}
