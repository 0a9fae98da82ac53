//! What the Tcl harnesses print, read back as results.

use std::collections::BTreeSet;

/// The results of one run of one unit. A name that occurred twice and failed once has failed.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Transcript {
    /// Names of the tests that passed each time they ran.
    pub passed: BTreeSet<String>,
    /// Names of the tests that failed, with what followed the name.
    pub failed: Vec<(String, String)>,
    /// Errors outside of a test: each one cost the tests that would have followed.
    pub exceptions: Vec<String>,
    /// How many tests the harness left out.
    pub left_out: usize,
    /// Whether the harness came to its own end.
    pub finished: bool,
}

impl Transcript {
    /// Reads the output of `tests/test_helper.tcl` or `tests/cluster/run.tcl`.
    pub fn parse(output: &str) -> Transcript {
        let mut transcript = Transcript::default();
        for line in output.lines() {
            let line = strip_colours(line);
            if let Some((word, rest)) = line.strip_prefix('[').and_then(|l| l.split_once("]: ")) {
                transcript.result(word, rest);
            } else if let Some((name, outcome)) = cluster_result(&line) {
                transcript.cluster_result(name, outcome);
            } else if line.contains("All tests passed without errors!")
                || line.contains("GOOD! No errors.")
                || line.starts_with("!!! WARNING The following tests failed:")
                || line.starts_with("WARNING ") && line.contains(" test(s) failed.")
            {
                transcript.finished = true;
            }
        }
        for (name, _) in &transcript.failed {
            transcript.passed.remove(name);
        }
        transcript
    }

    fn result(&mut self, word: &str, rest: &str) {
        match word {
            "ok" => {
                self.passed.insert(without_duration(rest).to_owned());
            }
            "err" => {
                match rest.split_once(" in tests/") {
                    Some((name, detail)) => self.failed.push((name.to_owned(), detail.to_owned())),
                    // What a block survived.
                    None => self.exceptions.push(rest.to_owned()),
                }
            }
            "exception" | "TIMEOUT" => self.exceptions.push(rest.to_owned()),
            "skip" | "ignore" => self.left_out += 1,
            _ => {}
        }
    }

    fn cluster_result(&mut self, name: &str, outcome: &str) {
        match outcome {
            "OK" => {
                self.passed.insert(name.to_owned());
            }
            failure => self.failed.push((name.to_owned(), failure.to_owned())),
        }
    }
}

/// `12:34:56> NAME: OUTCOME`, as the cluster harness prints it.
fn cluster_result(line: &str) -> Option<(&str, &str)> {
    let (time, rest) = line.split_once("> ")?;
    if time.len() != 8 || time.bytes().filter(|b| *b == b':').count() != 2 {
        return None;
    }
    ["OK", "FAILED"].into_iter().find_map(|outcome| {
        let at = rest.rfind(&format!(": {outcome}"))?;
        Some((&rest[..at], &rest[at + 2..]))
    })
}

fn without_duration(text: &str) -> &str {
    match text.strip_suffix(" ms)").and_then(|t| t.rsplit_once(" (")) {
        Some((name, digits)) if digits.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => text,
    }
}

fn strip_colours(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("\x1b[") {
        plain.push_str(before);
        rest = after.split_once('m').map_or("", |(_, tail)| tail);
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(list: &[&str]) -> BTreeSet<String> {
        list.iter().map(|s| s.to_string()).collect()
    }

    #[test]
    fn unit_results_are_read_through_colours() {
        let t = Transcript::parse(
            "\x1b[0;37;49mTesting unit/quit\x1b[0m\n\
             [\x1b[0;32;49mok\x1b[0m]: QUIT (now) returns OK (1 ms)\n\
             [\x1b[0;31;49merr\x1b[0m]: DECR negation in tests/unit/type/incr.tcl\nExpected '1' to be equal to '2'\n\
             [ok]: twice (0 ms)\n[err]: twice in tests/x.tcl\n\
             [ignore]: slow one: Tag: slow denied\n[skip]: other\n\
             [exception]: Executing test client: I/O error\n[err]: Can't start the Redis server\n\\o/ All tests passed without errors!\n",
        );
        assert_eq!(t.passed, names(&["QUIT (now) returns OK"]));
        assert_eq!(t.failed.len(), 2);
        assert_eq!(t.failed[0], ("DECR negation".into(), "unit/type/incr.tcl".into()));
        assert_eq!((t.left_out, t.exceptions.len(), t.finished), (2, 2, true));
    }

    #[test]
    fn cluster_results_are_read() {
        let t = Transcript::parse(
            "Testing unit: 00-base.tcl\n03:35:49> (init) Restart killed instances: OK\n\
             03:35:49> Cluster: nodes: FAILED: no state\nGOOD! No errors.\n",
        );
        assert_eq!(t.passed, names(&["(init) Restart killed instances"]));
        assert_eq!(t.failed, [("Cluster: nodes".to_owned(), "FAILED: no state".to_owned())]);
        assert!(t.finished);
    }

    #[test]
    fn a_run_that_was_cut_off_is_not_finished() {
        assert!(!Transcript::parse("[ok]: a (0 ms)\n").finished);
    }
}
