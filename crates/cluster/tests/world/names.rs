//! Short names for ids, so that transcripts can be read and do not change with the random source.

use base::NodeId;
use std::collections::BTreeMap;

#[derive(Default)]
pub struct Names {
    known: BTreeMap<String, String>,
    lives: BTreeMap<String, Vec<NodeId>>,
    shards: BTreeMap<String, Vec<NodeId>>,
    others: usize,
}

impl Names {
    /// A machine's ids; later ones get primes.
    pub fn machine(&mut self, name: &str, id: NodeId, shard: NodeId) {
        let lives = self.lives.entry(name.to_string()).or_default();
        if !lives.contains(&id) {
            self.known.insert(id.to_string(), format!("{name}{}", "'".repeat(lives.len())));
            lives.push(id);
        }
        let shards = self.shards.entry(name.to_string()).or_default();
        if !shards.contains(&shard) {
            self.known.insert(shard.to_string(), format!("shard{name}{}", "'".repeat(shards.len())));
            shards.push(shard);
        }
    }

    pub fn id_of(&self, name: &str) -> Option<NodeId> {
        let known = self.known.iter().find(|(_, short)| *short == name)?;
        NodeId::parse(known.0.as_bytes())
    }

    pub fn set(&mut self, id: NodeId, name: &str) {
        self.known.insert(id.to_string(), name.to_string());
    }

    /// Every id in the text by its short name; strangers are numbered as they appear.
    pub fn replace(&mut self, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while !rest.is_empty() {
            let end =
                rest.find(|c: char| !c.is_ascii_lowercase() && !c.is_ascii_digit()).unwrap_or(rest.len());
            let (word, tail) = rest.split_at(end);
            out.push_str(&if end == 40 { self.short(word) } else { word.to_string() });
            let skip = tail.chars().next().map_or(0, char::len_utf8);
            out.push_str(&tail[..skip]);
            rest = &tail[skip..];
        }
        out
    }

    fn short(&mut self, id: &str) -> String {
        if let Some(name) = self.known.get(id) {
            return name.clone();
        }
        self.others += 1;
        let name = format!("#{}", self.others);
        self.known.insert(id.to_string(), name.clone());
        name
    }
}
