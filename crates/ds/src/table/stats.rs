//! How full tables are.

use super::{Item, Table};
use std::fmt;

/// Longest chain that is listed by itself; longer ones are counted together.
const CHAIN_LISTED_MAX: usize = 49;

/// The chains of one table or of many together.
#[derive(Clone, Default, Debug)]
pub struct TableStats {
    items: usize,
    /// How many chains there are of each length.
    chains: Vec<usize>,
}

impl TableStats {
    fn add(&mut self, len: usize) {
        if self.chains.len() <= len {
            self.chains.resize(len + 1, 0);
        }
        self.chains[len] += 1;
        self.items += len;
    }

    /// Number of items.
    pub fn items(&self) -> usize {
        self.items
    }

    /// Number of chains: of buckets, with the overflow buckets behind them.
    pub fn chains(&self) -> usize {
        self.chains.iter().sum()
    }

    /// Items of the longest chain.
    pub fn longest(&self) -> usize {
        self.chains.iter().rposition(|count| *count > 0).unwrap_or(0)
    }
}

impl<T: Item> Table<T> {
    /// Counts the chains of this table too. One that has a single item and no bucket counts as a chain of one.
    pub fn add_stats(&self, stats: &mut TableStats) {
        if self.array.is_bare() {
            if !self.is_empty() {
                stats.add(self.len());
            }
            return;
        }
        for index in 0..self.array.len() {
            let chain = std::iter::successors(Some(self.array.bucket(index)), |bucket| bucket.link());
            stats.add(chain.map(|bucket| bucket.count()).sum());
        }
    }
}

/// As `DEBUG HTSTATS` shows it.
impl fmt::Display for TableStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let chains = self.chains();
        if chains == 0 {
            return writeln!(f, "No stats available for empty dictionaries");
        }
        let used = chains - self.chains.first().unwrap_or(&0);
        writeln!(f, " table size: {chains}")?;
        writeln!(f, " number of elements: {}", self.items)?;
        writeln!(f, " different slots: {used}")?;
        writeln!(f, " max chain length: {}", self.longest())?;
        writeln!(f, " avg chain length (counted): {:.2}", self.items as f64 / used.max(1) as f64)?;
        writeln!(f, " Chain length distribution:")?;
        let part = |count: usize| 100.0 * count as f64 / chains as f64;
        for (len, count) in self.chains.iter().enumerate().take(CHAIN_LISTED_MAX + 1) {
            if *count > 0 {
                writeln!(f, "   {len}: {count} ({:.2}%)", part(*count))?;
            }
        }
        let longer: usize = self.chains.iter().skip(CHAIN_LISTED_MAX + 1).sum();
        if longer > 0 {
            writeln!(f, "   >{CHAIN_LISTED_MAX}: {longer} ({:.2}%)", part(longer))?;
        }
        Ok(())
    }
}
