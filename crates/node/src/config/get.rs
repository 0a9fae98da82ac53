//! `CONFIG GET`.

use std::collections::BTreeMap;

use super::settings::Settings;
use super::table;

impl Settings {
    /// Names and values that the patterns match, sorted by name, each name once (spec `config.md` §3). A
    /// pattern without `[`, `*` and `?` is a name, and is reported as it was asked.
    pub fn get<'p>(&self, patterns: impl IntoIterator<Item = &'p [u8]>) -> Vec<(Vec<u8>, Vec<u8>)> {
        // By name in lower case: the name as asked, and its row.
        let mut found: BTreeMap<Vec<u8>, (Vec<u8>, usize)> = BTreeMap::new();
        for pattern in patterns {
            if !pattern.iter().any(|b| b"[*?".contains(b)) {
                if let Some(i) = table::index_of(pattern) {
                    found.entry(pattern.to_ascii_lowercase()).or_insert((pattern.to_vec(), i));
                }
                continue;
            }
            for (i, row) in table::rows().iter().enumerate().filter(|(_, row)| !row.hidden) {
                let listed = std::iter::once(row.name).chain(row.aliases.iter().copied());
                for name in listed.filter(|name| base::glob::matches(pattern, name.as_bytes(), true)) {
                    found.entry(name.into()).or_insert((name.into(), i));
                }
            }
        }
        let print = |i: usize| self.at(i).print(&table::rows()[i].kind);
        found.into_values().map(|(name, i)| (name, print(i))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::Defaults;
    use super::*;

    fn check(patterns: &[&str], expect: &[(&str, &str)]) {
        let settings = Settings::new(&Defaults { cores: 2, dir: b"/data".to_vec() });
        let found: Vec<(String, String)> = settings
            .get(patterns.iter().map(|p| p.as_bytes()))
            .into_iter()
            .map(|(n, v)| {
                (String::from_utf8_lossy(&n).into_owned(), String::from_utf8_lossy(&v).into_owned())
            })
            .collect();
        let expect: Vec<(String, String)> =
            expect.iter().map(|(n, v)| (n.to_string(), v.to_string())).collect();
        assert_eq!(found, expect, "{patterns:?}");
    }

    #[test]
    fn names_globs_aliases_and_hidden_ones() {
        check(&["Port", "PORT", "p?rt"], &[("Port", "6379")]);
        check(
            &["lua-time*", "busy-reply-threshold"],
            &[("busy-reply-threshold", "5000"), ("lua-time-limit", "5000")],
        );
        check(&["watch*"], &[]);
        check(&["watchdog-period"], &[("watchdog-period", "0")]);
        check(&["sl?ve-pri[o]rity"], &[("slave-priority", "100")]);
        check(&["nosuch", "bgsave-*"], &[]);
        check(&["bgsave-cpulist", "dir"], &[("bgsave-cpulist", ""), ("dir", "/data")]);
        check(
            &["repl*back*", "repl-backlog-ttl"],
            &[("repl-backlog-size", "1048576"), ("repl-backlog-ttl", "3600")],
        );
    }
}
