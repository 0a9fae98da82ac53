//! A sequence that shows a difference, made short.

use std::time::{Duration, Instant};

use anyhow::Result;

use super::pair::{Conditions, Difference, Pair, Step, show};

/// Longest that a sequence is worked on.
const TIME_MAX: Duration = Duration::from_secs(20);

/// Leaves steps out as long as there still is a difference of the same kind; the steps that are left, and that difference.
pub fn shrink(
    pair: &mut Pair,
    conditions: Conditions,
    steps: &[Step],
    found: Difference,
) -> Result<(Vec<Step>, Difference)> {
    let (mut steps, mut found, start) = (steps.to_vec(), found, Instant::now());
    let mut chunk = steps.len().div_ceil(2);
    while chunk > 0 && start.elapsed() < TIME_MAX {
        let mut at = 0;
        while at < steps.len() && start.elapsed() < TIME_MAX {
            let mut fewer = steps.clone();
            fewer.drain(at..(at + chunk).min(steps.len()));
            match pair.run(conditions, &fewer)? {
                Some((last, again)) if again.kind() == found.kind() => {
                    fewer.truncate(last + 1);
                    (steps, found) = (fewer, again);
                }
                _ => at += chunk,
            }
        }
        chunk /= 2;
    }
    Ok((steps, found))
}

/// The sequence as one would type it, then what each replied.
pub fn transcript(conditions: Conditions, steps: &[Step], found: &Difference, their_name: &str) -> String {
    let mut text = String::new();
    if conditions.small {
        conditions.commands().for_each(|command| text += &format!("{command}\n"));
    } else if conditions.resp == 3 {
        text += "HELLO 3\n";
    }
    for step in steps {
        match step {
            Step::Plain(line) => text += &format!("{}\n", show(&line.words)),
            Step::Expire(key) => text += &format!("PEXPIRE {} 3\n(wait)\n", key.escape_ascii()),
            Step::Together(lines) => {
                let lines: Vec<String> =
                    lines.iter().map(|line| format!("  {}\n", show(&line.words))).collect();
                text += &format!("MULTI\n{}EXEC\n", lines.concat());
            }
        }
    }
    format!(
        "{text}=> {}\n   handfast: {}\n   {their_name}: {}\n",
        show(&found.words),
        found.ours,
        found.theirs
    )
}
