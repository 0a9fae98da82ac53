use super::*;
use crate::conf::SavedNode;
use crate::wire::NodeFlags;
use base::NodeId;
use std::collections::BTreeMap;

const NAME: &str = "nodes.conf";

/// A configuration that is told from others by its epoch.
fn saved(epoch: u64) -> Saved {
    let mut me =
        SavedNode::new(NodeId::parse(&[b'a'; 40]).expect("valid"), NodeFlags::MYSELF | NodeFlags::PRIMARY);
    me.config_epoch = epoch;
    Saved { nodes: vec![me], current_epoch: epoch, ..Saved::default() }
}

fn foreign(epoch: u64) -> Vec<u8> {
    format(&saved(epoch)).expect("writes")
}

/// What an epoch's choice says, with how many warnings.
fn check(
    conf: Option<&[u8]>,
    sums: Option<&[u8]>,
    previous: Option<&[u8]>,
    expect: Result<(Option<u64>, bool, usize), BadConf>,
) {
    let choice = choose(NAME, Files { conf, sums, previous }, false).map(|choice| {
        let epoch = choice.parsed.as_ref().map(|parsed| parsed.saved.current_epoch);
        (epoch, choice.fell_back, choice.log.len())
    });
    assert_eq!(choice, expect);
}

/// A text of ours with this generation.
fn ours(epoch: u64) -> Vec<u8> {
    format(&Saved { generation: epoch, ..saved(epoch) }).expect("writes")
}

fn sums_of(texts: &[&[u8]]) -> Vec<u8> {
    write_sums(&texts.iter().map(|text| Sum::of(text)).collect::<Vec<_>>())
}

#[test]
fn which_generation_is_loaded() {
    let (new, old, other) = (ours(2), ours(1), foreign(7));
    let sums = sums_of(&[&new, &old]);
    let (new, old, sums) = (&new[..], &old[..], &sums[..]);
    check(None, None, None, Ok((None, false, 0)));
    check(Some(b""), None, None, Ok((None, false, 0)));
    check(Some(&other), None, None, Ok((Some(7), false, 0)));
    check(Some(new), Some(sums), Some(old), Ok((Some(2), false, 0)));
    check(Some(new), None, None, Ok((Some(2), false, 0)));
    check(Some(new), Some(b"damaged"), Some(old), Ok((Some(2), false, 0)));
    // Deleted on purpose, as scripts do.
    check(None, Some(sums), Some(old), Ok((None, false, 1)));
    // Rewritten by Redis or Valkey in between.
    check(Some(&other), Some(sums), Some(old), Ok((Some(7), false, 0)));
    // Emptied, cut, or changed.
    check(Some(b"\n\n"), Some(sums), Some(old), Ok((Some(1), true, 2)));
    check(Some(&new[..new.len() - 60]), Some(sums), Some(old), Ok((Some(1), true, 2)));
    let edited = String::from_utf8(new.to_vec()).expect("text").replace("currentEpoch 2", "currentEpoch 3");
    check(Some(edited.as_bytes()), Some(sums), Some(old), Ok((Some(1), true, 2)));
    check(Some(edited.as_bytes()), Some(sums), None, Err(BadConf::Checksum));
    check(Some(edited.as_bytes()), Some(sums), Some(edited.as_bytes()), Err(BadConf::Checksum));
    check(Some(edited.as_bytes()), None, None, Ok((Some(3), false, 0)));
    check(Some(b"  "), Some(sums), Some(b"x"), Err(BadConf::Torn));
}

#[test]
fn every_flip_and_cut_of_our_file_falls_back() {
    let (new, old) = (ours(2), ours(1));
    let sums = sums_of(&[&new, &old]);
    let load = |text: &[u8]| {
        let files = Files { conf: Some(text), sums: Some(&sums), previous: Some(&old) };
        choose(NAME, files, false).expect("loads").parsed.expect("not new").saved.current_epoch
    };
    for at in 0..new.len() {
        for bit in 0..8 {
            let mut text = new.clone();
            text[at] ^= 1 << bit;
            assert_eq!(load(&text), 1, "byte {at} bit {bit}");
        }
        assert_eq!(load(&new[..at]), 1, "cut at {at}");
    }
}

#[test]
fn a_damaged_list_accuses_nobody() {
    let sums = sums_of(&[b"x", b"y"]);
    assert_eq!(read_sums(&sums).map(|list| list.len()), Some(2));
    for at in 0..sums.len() {
        let mut bad = sums.clone();
        bad[at] ^= 1;
        assert_eq!(read_sums(&bad), None, "byte {at}");
        assert_eq!(read_sums(&sums[..at]), None, "cut at {at}");
    }
}

/// A directory as it is, and as it would be after a power cut.
#[derive(Clone, Default)]
struct Disk {
    content: Vec<(Vec<u8>, bool)>,
    names: BTreeMap<String, usize>,
    durable: BTreeMap<String, usize>,
    /// Changes of names not yet durable, in order: renames, and files created.
    pending: Vec<(Option<String>, String, usize)>,
}

impl Disk {
    fn apply(&mut self, step: &Step) {
        match step {
            Step::Write { name, bytes } => {
                self.content.push((bytes.clone(), false));
                let inode = self.content.len() - 1;
                self.names.insert(name.clone(), inode);
                self.pending.push((None, name.clone(), inode));
            }
            Step::Fsync { name } => self.content[self.names[name]].1 = true,
            Step::Rename { from, to } => {
                let inode = self.names.remove(from).expect("the file is there");
                self.names.insert(to.clone(), inode);
                self.pending.push((Some(from.clone()), to.clone(), inode));
            }
            Step::SyncDir => {
                self.durable = self.names.clone();
                self.pending.clear();
            }
        }
    }

    /// The states that a cut may leave: any of the pending name changes done, any unsynced content torn.
    fn after_power_cut(&self) -> Vec<Disk> {
        let mut states = Vec::new();
        for done in 0u32..1 << self.pending.len() {
            let mut names = self.durable.clone();
            for (_, (from, to, inode)) in self.pending.iter().enumerate().filter(|(i, _)| done >> i & 1 == 1)
            {
                from.as_ref().map(|from| names.remove(from));
                names.insert(to.clone(), *inode);
            }
            for tear in 0..4 {
                let torn = |(bytes, synced): &(Vec<u8>, bool)| match tear {
                    _ if *synced => (bytes.clone(), true),
                    0 => (Vec::new(), true),
                    1 => (bytes[..bytes.len() / 2].to_vec(), true),
                    2 => (vec![0; bytes.len()], true),
                    _ => (bytes.clone(), true),
                };
                let content = self.content.iter().map(torn).collect();
                states.push(Disk {
                    content,
                    names: names.clone(),
                    durable: names.clone(),
                    pending: Vec::new(),
                });
            }
        }
        states
    }

    fn file(&self, name: &str) -> Option<&[u8]> {
        self.names.get(name).map(|inode| self.content[*inode].0.as_slice())
    }

    fn choose(&self) -> Choice {
        let (sums, previous) = (format!("{NAME}.sum"), format!("{NAME}.prev"));
        let files = Files { conf: self.file(NAME), sums: self.file(&sums), previous: self.file(&previous) };
        choose(NAME, files, false).expect("loadable after every crash")
    }

    fn epoch(&self) -> Option<u64> {
        self.choose().parsed.map(|parsed| parsed.saved.current_epoch)
    }
}

/// Saves `epoch`, and after every step looks at what a crash would leave: before `durable` steps the old or
/// the new state, from then on the new one. `stop`: how many steps are done.
fn save(
    disk: &mut Disk,
    generations: &mut Generations,
    epoch: u64,
    stop: usize,
    old: &[Option<u64>],
) -> usize {
    let Save { steps, durable } = generations.save(&mut saved(epoch)).expect("formats");
    let stop = stop.min(steps.len());
    for (i, step) in steps[..stop].iter().enumerate() {
        disk.apply(step);
        for state in std::iter::once(disk.clone()).chain(disk.after_power_cut()) {
            let loaded = state.epoch();
            let new = loaded == Some(epoch);
            assert!(new || (i + 1 < durable && old.contains(&loaded)), "after {}: {loaded:?}", i + 1);
        }
    }
    generations.finished(stop);
    steps.len()
}

#[test]
fn a_crash_after_any_step_leaves_a_loadable_state() {
    let mut disk = Disk::default();
    let mut generations = disk.choose().generations;
    let mut old = None;
    for epoch in 1..6 {
        save(&mut disk, &mut generations, epoch, usize::MAX, &[old]);
        old = Some(epoch);
    }
}

#[test]
fn a_start_after_any_crash_goes_on_from_there() {
    let mut disk = Disk::default();
    let mut generations = disk.choose().generations;
    save(&mut disk, &mut generations, 1, usize::MAX, &[None]);
    let base = disk.clone();
    for stop in 0..12 {
        let mut disk = base.clone();
        save(&mut disk, &mut generations.clone(), 2, stop, &[Some(1)]);
        for mut state in disk.after_power_cut() {
            let choice = state.choose();
            let loaded = choice.parsed.as_ref().map(|parsed| parsed.saved.current_epoch);
            save(&mut state, &mut choice.generations.clone(), 3, usize::MAX, &[loaded]);
        }
    }
}

#[test]
fn saves_that_fail_half_way_lose_nothing() {
    for first in 0..9 {
        for second in [0, 2, 5, 8, 11] {
            let mut disk = Disk::default();
            let mut generations = disk.choose().generations;
            save(&mut disk, &mut generations, 1, usize::MAX, &[None]);
            save(&mut disk, &mut generations, 2, first, &[Some(1)]);
            save(&mut disk, &mut generations, 3, second, &[Some(1), Some(2)]);
            save(&mut disk, &mut generations, 4, usize::MAX, &[Some(1), Some(2), Some(3)]);
            assert_eq!(disk.epoch(), Some(4));
        }
    }
}

#[test]
fn a_file_of_another_program_is_taken_over() {
    let mut disk = Disk::default();
    disk.apply(&Step::Write { name: NAME.to_owned(), bytes: foreign(7) });
    disk.apply(&Step::Fsync { name: NAME.to_owned() });
    disk.apply(&Step::SyncDir);
    let mut generations = disk.choose().generations;
    save(&mut disk, &mut generations, 8, usize::MAX, &[Some(7)]);
    // It comes back, over our leftovers, and goes again.
    disk.apply(&Step::Write { name: NAME.to_owned(), bytes: foreign(9) });
    disk.apply(&Step::Fsync { name: NAME.to_owned() });
    disk.apply(&Step::SyncDir);
    let mut generations = disk.choose().generations;
    save(&mut disk, &mut generations, 10, usize::MAX, &[Some(9)]);
    // Deleted, with our leftovers in place: a new life, which they must not disturb.
    disk.names.remove(NAME);
    disk.apply(&Step::SyncDir);
    let mut generations = disk.choose().generations;
    save(&mut disk, &mut generations, 1, usize::MAX, &[None]);
}

#[test]
fn generations_are_numbered() {
    let mut generations = Disk::default().choose().generations;
    for expect in 1..4 {
        let mut saved = saved(0);
        let Save { steps, durable } = generations.save(&mut saved).expect("formats");
        generations.finished(steps.len());
        assert!(durable < steps.len());
        assert_eq!(saved.generation, expect);
    }
}
