//! nodes.conf. NUL bytes part the input into the file, its checksums and its previous generation.

use base::{Mono, Now, Rng};
use cluster::conf::{Files, Saved, choose, format, parse};
use cluster::{Cluster, FileStep, LoadedFiles, Settings};

use crate::parts;

/// Steps of one save, at most.
const STEPS_MAX: usize = 100;

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let list = std::fs::read_dir(crate::testdata("cluster/testdata/conf"));
    let files = list.into_iter().flatten().flatten().map(|entry| entry.path());
    let mut texts: Vec<Vec<u8>> =
        files.filter(|p| p.extension().is_some_and(|e| e == "conf")).flat_map(std::fs::read).collect();
    texts.sort();
    texts
}

pub(crate) fn run(input: &[u8]) {
    let [conf, sums, previous] = parts(input);
    for tls in [false, true] {
        if let Ok(parsed) = parse(conf, tls) {
            // Another program's file may say what ours must not: then it is refused, not written differently.
            if let Ok(text) = format(&parsed.saved) {
                reads_back(&parsed.saved, &text);
            }
        }
    }
    let file = |text: &[u8]| (!text.is_empty()).then(|| text.to_vec());
    start(LoadedFiles { conf: file(conf), sums: file(sums), previous: file(previous) });
}

/// What is written says the same, and is written the same again.
fn reads_back(saved: &Saved, text: &[u8]) {
    let again = parse(text, false).unwrap_or_else(|why| panic!("{why}:\n{}", text.escape_ascii())).saved;
    let decides = |s: &Saved| {
        let nodes = s.nodes.iter().filter(|n| !n.flags.contains(cluster::wire::NodeFlags::HANDSHAKE));
        let nodes: Vec<_> = nodes.map(|n| (n.id, n.slots.clone())).collect();
        (nodes, s.migrating.clone(), s.importing.clone(), s.current_epoch, s.last_vote_epoch)
    };
    assert_eq!(decides(&again), decides(saved));
    assert_eq!(format(&again).as_deref(), Ok(text));
}

/// A machine starts from the files or says why not; what it then saves starts again as the same node.
fn start(files: LoadedFiles) {
    let settings = Settings::default();
    let now = Now { mono: Mono(1_000_000), unix_us: 1_700_000_000_000_000 };
    let Ok(mut machine) = Cluster::start(settings.clone(), files, now, Rng::new(7)) else { return };
    machine.view().check_invariants();
    machine.save_config(now);
    let mut saved = LoadedFiles::default();
    for _ in 0..STEPS_MAX {
        let Some(op) = machine.poll_file() else { break };
        take(&mut saved, &op.step);
        machine.handle_file(op.id, Ok(()), now);
    }
    assert_eq!(machine.unsaved(), None, "what was loaded can be saved");
    let files = Files {
        conf: saved.conf.as_deref(),
        sums: saved.sums.as_deref(),
        previous: saved.previous.as_deref(),
    };
    let choice = choose(&settings.config_file, files, false).unwrap_or_else(|why| panic!("{why}"));
    assert!(!choice.fell_back && choice.log.is_empty(), "{:?}", choice.log);
    let again = Cluster::start(settings, saved, now, Rng::new(8)).unwrap_or_else(|why| panic!("{why}"));
    assert_eq!(again.my_id(), machine.my_id());
    assert_eq!(again.epochs(), machine.epochs());
    assert_eq!(again.view().owners, machine.view().owners);
}

/// The files after a step, on a disk that never fails.
fn take(files: &mut LoadedFiles, step: &FileStep) {
    let FileStep::Write { name, bytes } = step else { return };
    match name.as_str() {
        "nodes.conf.tmp" => files.conf = Some(bytes.clone()),
        "nodes.conf.sum.tmp" => files.sums = Some(bytes.clone()),
        "nodes.conf.prev.tmp" => files.previous = Some(bytes.clone()),
        other => panic!("a file called {other}"),
    }
}
