//! The committed lists of passing tests: one file per mode and unit, one name a line, sorted. They only grow.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::mode::Mode;

/// The directory of the lists.
pub struct Passing {
    dir: PathBuf,
}

impl Passing {
    /// The lists of this source tree.
    pub fn of_tree() -> Passing {
        Passing { dir: Path::new(env!("CARGO_MANIFEST_DIR")).join("passing") }
    }

    fn file(&self, mode: Mode, unit: &str) -> PathBuf {
        self.dir.join(mode.name()).join(format!("{unit}.txt"))
    }

    /// The names that must pass; none if the unit has no list.
    pub fn load(&self, mode: Mode, unit: &str) -> Result<BTreeSet<String>> {
        let file = self.file(mode, unit);
        if !file.exists() {
            return Ok(BTreeSet::new());
        }
        let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        Ok(text.lines().map(str::to_owned).collect())
    }

    /// Adds names to a list and says how many were new.
    pub fn add(&self, mode: Mode, unit: &str, names: &BTreeSet<String>) -> Result<usize> {
        let mut all = self.load(mode, unit)?;
        let before = all.len();
        all.extend(names.iter().cloned());
        if all.len() == before {
            return Ok(0);
        }
        let file = self.file(mode, unit);
        if let Some(parent) = file.parent() {
            fs::create_dir_all(parent)?;
        }
        let text: String = all.iter().flat_map(|name| [name.as_str(), "\n"]).collect();
        fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
        Ok(all.len() - before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_only_grows() -> Result<()> {
        let dir = std::env::temp_dir().join(format!("passing-{}", std::process::id()));
        let lists = Passing { dir: dir.clone() };
        let names = |list: &[&str]| list.iter().map(|s| s.to_string()).collect::<BTreeSet<_>>();
        assert_eq!(lists.add(Mode::Spawn, "unit/a/b", &names(&["two", "one"]))?, 2);
        assert_eq!(lists.add(Mode::Spawn, "unit/a/b", &names(&["three", "one"]))?, 1);
        assert_eq!(lists.load(Mode::Spawn, "unit/a/b")?, names(&["one", "three", "two"]));
        assert_eq!(lists.load(Mode::Cluster, "unit/a/b")?, names(&[]));
        fs::remove_dir_all(dir)?;
        Ok(())
    }
}
