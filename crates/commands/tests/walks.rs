//! SCAN and RANDOMKEY beside others.

mod harness;

use std::collections::BTreeSet;

use harness::Server;

fn scan(server: &mut Server, mut each: impl FnMut(&mut Server, usize)) -> BTreeSet<String> {
    let (mut cursor, mut found) = (String::from("0"), BTreeSet::new());
    for step in 0.. {
        let shown = server.run(&format!("SCAN {cursor} COUNT 7"));
        let words: Vec<&str> =
            shown.split(['[', ']', ',', '\n', ' ']).filter(|word| !word.is_empty()).collect();
        cursor = words[0].trim_matches('"').into();
        found.extend(words[1..].iter().map(|word| word.trim_matches('"').to_string()));
        if cursor == "0" {
            return found;
        }
        assert!(step < 10_000, "the walk ends");
        each(server, step);
    }
    unreachable!("left by the return")
}

#[test]
fn keys_that_stay_are_seen_whatever_comes_and_goes() {
    let mut server = Server::new();
    let stay: BTreeSet<String> = (0..500).flat_map(|i| [format!("stay:{i}"), format!("{{t}}{i}")]).collect();
    for key in &stay {
        server.run(&format!("SET {key} 1"));
    }
    let found = scan(&mut server, |server, step| {
        for i in 0..40 {
            server.run(&format!("SET {{t}}new:{step}:{i} 1"));
            server.run(&format!("DEL {{t}}new:{}:{i}", step / 2));
        }
    });
    let missing: Vec<&String> = stay.difference(&found).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn a_busy_stripe_ends_a_call_early_or_refuses_it() {
    let mut server = Server::new();
    server.run("MSET {a}1 1 {b}1 2");
    let refused = |server: &mut Server, line: &str, held: &str| server.run_beside(line, held);
    let (low, high) = order(&server);
    assert_eq!(refused(&mut server, "SCAN 0", low), None, "the first slot is busy: nothing was done");
    let early = refused(&mut server, "SCAN 0", high).expect("a reply");
    assert!(!early.starts_with("[\"0\"") && early.contains(low) && !early.contains(high), "{early}");
    assert_eq!(refused(&mut server, "RANDOMKEY", low), Some(format!("\"{high}\"")));
    assert_eq!(refused(&mut server, "DBSIZE", low), Some("2".into()));
}

/// The two keys by slot.
fn order(server: &Server) -> (&'static str, &'static str) {
    let (a, b) = ("{a}1", "{b}1");
    if server.slot(a) < server.slot(b) { (a, b) } else { (b, a) }
}
