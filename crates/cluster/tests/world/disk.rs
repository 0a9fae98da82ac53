//! A directory whose contents and names are durable only when they were synced.

use base::Rng;
use cluster::FileStep;
use std::collections::BTreeMap;

#[derive(Clone, Default)]
struct Inode {
    now: Vec<u8>,
    synced: Vec<u8>,
}

#[derive(Clone, Default)]
pub struct Disk {
    inodes: Vec<Inode>,
    names: BTreeMap<String, usize>,
    synced_names: BTreeMap<String, usize>,
}

impl Disk {
    pub fn apply(&mut self, step: &FileStep) {
        match step {
            FileStep::Write { name, bytes } => {
                let inode = self.names.get(name).copied().unwrap_or(self.inodes.len());
                if inode == self.inodes.len() {
                    self.inodes.push(Inode::default());
                    self.names.insert(name.clone(), inode);
                }
                self.inodes[inode].now = bytes.clone();
            }
            FileStep::Fsync { name } => {
                let inode = &mut self.inodes[self.names[name]];
                inode.synced = inode.now.clone();
            }
            FileStep::Rename { from, to } => {
                if let Some(inode) = self.names.remove(from) {
                    self.names.insert(to.clone(), inode);
                }
            }
            FileStep::SyncDir => self.synced_names = self.names.clone(),
        }
    }

    pub fn read(&self, name: &str) -> Option<Vec<u8>> {
        self.names.get(name).map(|inode| self.inodes[*inode].now.clone())
    }

    pub fn write(&mut self, name: &str, bytes: Vec<u8>) {
        self.apply(&FileStep::Write { name: name.to_string(), bytes });
        self.apply(&FileStep::Fsync { name: name.to_string() });
        self.apply(&FileStep::SyncDir);
    }

    pub fn wipe(&mut self) {
        *self = Disk::default();
    }

    /// The power goes: of what was not synced, any part may be there.
    pub fn crash(&mut self, rng: &mut Rng) {
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
