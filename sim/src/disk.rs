//! A directory whose contents and names survive a power cut only as far as they were synced.

use base::Rng;
use cluster::{FileStep, LoadedFiles};
use std::collections::BTreeMap;

#[derive(Clone, Default, Debug)]
struct Inode {
    now: Vec<u8>,
    synced: Vec<u8>,
}

/// One directory.
#[derive(Clone, Default, Debug)]
pub struct Disk {
    inodes: Vec<Inode>,
    names: BTreeMap<String, usize>,
    synced_names: BTreeMap<String, usize>,
}

impl Disk {
    /// Takes a step. The error is the system's text.
    pub fn apply(&mut self, step: &FileStep) -> Result<(), String> {
        match step {
            FileStep::Write { name, bytes } => {
                let inode = self.names.get(name).copied().unwrap_or(self.inodes.len());
                if inode == self.inodes.len() {
                    self.inodes.push(Inode::default());
                    self.names.insert(name.clone(), inode);
                }
                self.inodes[inode].now.clone_from(bytes);
            }
            FileStep::Fsync { name } => {
                let inode = *self.names.get(name).ok_or("No such file or directory")?;
                self.inodes[inode].synced = self.inodes[inode].now.clone();
            }
            FileStep::Rename { from, to } => {
                let inode = self.names.remove(from).ok_or("No such file or directory")?;
                self.names.insert(to.clone(), inode);
            }
            FileStep::SyncDir => self.synced_names = self.names.clone(),
        }
        Ok(())
    }

    /// A file's contents.
    pub fn read(&self, name: &str) -> Option<Vec<u8>> {
        self.names.get(name).map(|inode| self.inodes[*inode].now.clone())
    }

    /// The cluster's configuration as a start finds it.
    pub fn cluster_files(&self) -> LoadedFiles {
        LoadedFiles {
            conf: self.read("nodes.conf"),
            sums: self.read("nodes.conf.sum"),
            previous: self.read("nodes.conf.prev"),
        }
    }

    /// The power goes. Of what was not synced, any part may have reached the disk: names or not, and of each
    /// file all, nothing, or a beginning.
    pub fn lose_power(&mut self, rng: &mut Rng) {
        if rng.one_in(2) {
            self.names = self.synced_names.clone();
        }
        self.synced_names = self.names.clone();
        for inode in &mut self.inodes {
            if inode.now != inode.synced {
                match rng.below(3) {
                    0 => inode.now = inode.synced.clone(),
                    1 => inode.now.truncate(rng.below(inode.now.len() as u64 + 1) as usize),
                    _ => {}
                }
            }
            inode.synced = inode.now.clone();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(name: &str, text: &str) -> FileStep {
        FileStep::Write { name: name.into(), bytes: text.into() }
    }

    #[test]
    fn what_is_synced_stays_and_the_rest_may_go() {
        let mut lost = 0;
        for seed in 0..50 {
            let mut disk = Disk::default();
            for step in [write("a", "one"), FileStep::Fsync { name: "a".into() }, FileStep::SyncDir] {
                assert_eq!(disk.apply(&step), Ok(()));
            }
            for step in [write("t", "two"), FileStep::Rename { from: "t".into(), to: "a".into() }] {
                assert_eq!(disk.apply(&step), Ok(()));
            }
            assert_eq!(disk.read("a").as_deref(), Some(&b"two"[..]));
            disk.lose_power(&mut Rng::new(seed));
            lost += u32::from(disk.read("a").as_deref() != Some(b"two"));
        }
        assert!((1..50).contains(&lost));
        assert!(Disk::default().apply(&FileStep::Fsync { name: "x".into() }).is_err());
    }
}
