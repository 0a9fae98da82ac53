//! Glob patterns of KEYS, SCAN, PSUBSCRIBE, CONFIG GET and ACL rules.

/// Stars that a pattern may have before its last element; with more it matches nothing, as in Redis.
const STARS_MAX: usize = 1000;

/// Whether `text` matches `pattern`, byte by byte, with the results of Redis's matcher: `*`, `?`, `[a-z]`, `[^a]`, `\x`.
///
/// Work is at most the product of the two lengths: every element but `*` takes exactly one byte, so that only
/// the last `*` can ever need to take more. An unclosed class ends with the pattern. With `ignore_case` ASCII
/// letters are equal, save after a backslash inside a class. An empty text matches only an empty pattern.
pub fn matches(pattern: &[u8], text: &[u8], ignore_case: bool) -> bool {
    if text.is_empty() {
        return pattern.is_empty();
    }
    let (mut p, mut t) = (0, 0);
    // Where to go on when an element fails: after the last star, with the star one byte longer.
    let mut retry: Option<(usize, usize)> = None;
    let mut stars = 0;
    loop {
        if pattern.get(p) == Some(&b'*') {
            while pattern.get(p) == Some(&b'*') {
                p += 1;
            }
            if p == pattern.len() {
                return true;
            }
            stars += 1;
            if stars > STARS_MAX {
                return false;
            }
            retry = Some((p, t));
            continue;
        }
        match text.get(t) {
            None => return p == pattern.len(),
            Some(c) => {
                if let Some(next) = element(&pattern[p..], *c, ignore_case) {
                    p += next;
                    t += 1;
                    continue;
                }
            }
        }
        let Some((after_star, from)) = &mut retry else { return false };
        *from += 1;
        (p, t) = (*after_star, *from);
    }
}

/// Length of the pattern's first element if it accepts `c`; an empty pattern accepts nothing.
fn element(pattern: &[u8], c: u8, ignore_case: bool) -> Option<usize> {
    let same = |a: u8| if ignore_case { a.eq_ignore_ascii_case(&c) } else { a == c };
    match pattern {
        [] => None,
        [b'?', ..] => Some(1),
        [b'[', class @ ..] => {
            let (accepts, len) = class_accepts(class, c, ignore_case);
            accepts.then_some(1 + len)
        }
        [b'\\', escaped, ..] => same(*escaped).then_some(2),
        [literal, ..] => same(*literal).then_some(1),
    }
}

/// Reads a class after its `[`: whether it accepts `c`, and its length with the closing bracket if there is one.
fn class_accepts(class: &[u8], c: u8, ignore_case: bool) -> (bool, usize) {
    let fold = |b: u8| if ignore_case { b.to_ascii_lowercase() } else { b };
    let negated = class.first() == Some(&b'^');
    let mut i = usize::from(negated);
    let mut found = false;
    loop {
        match &class[i..] {
            [] => return (found != negated, i),
            [b'\\', escaped, ..] => {
                found |= *escaped == c;
                i += 2;
            }
            [b']', ..] => return (found != negated, i + 1),
            [a, b'-', b, ..] => {
                // Bytes are ordered as signed there, before case is folded.
                let (low, high) = if (*a as i8) <= (*b as i8) { (*a, *b) } else { (*b, *a) };
                let (low, high) = (fold(low) as i8, fold(high) as i8);
                found |= (low..=high).contains(&(fold(c) as i8));
                i += 3;
            }
            [literal, ..] => {
                found |= fold(*literal) == fold(c);
                i += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(pattern: &str, text: &str, expect: bool) {
        assert_eq!(matches(pattern.as_bytes(), text.as_bytes(), false), expect, "{pattern:?} on {text:?}");
    }

    #[test]
    fn stars_and_question_marks() {
        check("*", "anything", true);
        check("h?llo", "hello", true);
        check("h?llo", "hllo", false);
        check("h*llo", "heeeello", true);
        check("a*b*c", "aXbXbXc", true);
        check("a*b*c", "aXbXbX", false);
        check("a**", "a", true);
        check("*a", "ba", true);
        check("", "", true);
        check("*", "", false);
        check("", "a", false);
    }

    #[test]
    fn classes() {
        check("h[ae]llo", "hallo", true);
        check("h[ae]llo", "hillo", false);
        check("h[^e]llo", "hbllo", true);
        check("h[^e]llo", "hello", false);
        check("h[b-a]llo", "hallo", true);
        check("[a\\]]", "]", true);
        check("[]", "]", false);
        check("[^]", "x", true);
        check("[a", "a", true);
        check("[^", "a", true);
        check("[", "[", false);
        check("[a-", "-", true);
        check("[a-]", "b", false);
        check("a\\", "a\\", true);
        check("\\*", "*", true);
        check("\\*", "x", false);
    }

    #[test]
    fn case_is_kept_unless_asked() {
        check("AbC", "abc", false);
        assert!(matches(b"AbC[D-F]", b"aBce", true));
        assert!(!matches(b"[\\A]", b"a", true));
    }

    #[test]
    fn hostile_patterns_end() {
        let text = vec![b'a'; 20_000];
        assert!(!matches(&[b"a*".repeat(2_000), b"b".to_vec()].concat(), &text, false));
        assert!(!matches(&b"[".repeat(10_000), &text, false));
        assert!(!matches(&[b"*".to_vec(), b"[".repeat(5_000)].concat(), &text[..5_000], false));
    }

    #[test]
    fn too_many_stars_match_nothing() {
        let text = vec![b'a'; 5_000];
        assert!(matches(&b"*?".repeat(1000), &text, false));
        assert!(matches(&[b"*?".repeat(1000), b"**".to_vec()].concat(), &text, false));
        assert!(!matches(&b"*?".repeat(1001), &text, false));
    }

    /// Every star tries every length: exponential, plainly right.
    fn naive(pattern: &[u8], text: &[u8], ignore_case: bool) -> bool {
        match (pattern, text) {
            ([], []) => true,
            ([b'*', rest @ ..], _) => (0..=text.len()).any(|n| naive(rest, &text[n..], ignore_case)),
            (_, []) => false,
            (_, [c, after @ ..]) => {
                element(pattern, *c, ignore_case).is_some_and(|n| naive(&pattern[n..], after, ignore_case))
            }
        }
    }

    proptest! {
        #[test]
        fn agrees_with_trying_everything(pattern in "[ab*?\\[\\]\\^\\\\-]{0,10}", text in "[abA\\]-]{1,10}", ci: bool) {
            prop_assert_eq!(
                matches(pattern.as_bytes(), text.as_bytes(), ci),
                naive(pattern.as_bytes(), text.as_bytes(), ci)
            );
        }
    }
}
