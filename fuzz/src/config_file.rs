//! redis.conf. NUL bytes part the input into the file and what its `include` lines bring.

use node::config::{Config, Defaults, Host, Included, Loaded, SetContext, Settings, load, report};

use crate::parts;

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let files: [&[u8]; 6] = [
        b"port 7000\nbind 127.0.0.1 -::1\ncluster-enabled yes\ncluster-node-timeout 2000\n",
        b"save 900 1 300 10\nsave \"\"\nclient-output-buffer-limit normal 0 0 0\nmaxmemory 1gb\n",
        b"include other\nrename-command GET \"\"\nrename-command SET sett\nuser default on nopass ~* &* +@all\n\0port 1\n",
        b"# comment\n\nrequirepass \"a b\\x00\"\nlogfile ''\ndir /tmp\nnotify-keyspace-events KEA\n",
        b"loglevel nothing\noom-score-adj-values 0 200 800\nlatency-tracking-info-percentiles 50 99 99.9\n",
        b"io-threads 4\nproto-max-bulk-len 512mb\nmaxmemory-policy allkeys-lru\nset-max-intset-entries 5\nx \"\n",
    ];
    files.iter().map(|file| file.to_vec()).collect()
}

/// The file system that the input makes up.
struct Made<'a> {
    included: [&'a [u8]; 2],
    left: usize,
}

impl Host for Made<'_> {
    fn include(&mut self, pattern: &[u8]) -> Result<Vec<Included>, String> {
        // Files that include each other are many after a few levels.
        self.left = self.left.checked_sub(1).ok_or("too many files")?;
        let text = self.included[usize::from(pattern.len() % 2 == 0)].to_vec();
        Ok(vec![Included { path: String::from_utf8_lossy(pattern).into_owned(), text }])
    }

    fn change_dir(&mut self, dir: &[u8]) -> Result<Vec<u8>, String> {
        if dir.starts_with(b"/") { Ok(dir.to_vec()) } else { Err("No such file or directory".to_owned()) }
    }

    fn check_log_file(&mut self, path: &[u8]) -> Result<(), String> {
        if path.ends_with(b"/") { Err("Is a directory".to_owned()) } else { Ok(()) }
    }

    fn is_command(&self, name: &[u8]) -> bool {
        [&b"get"[..], b"set"].iter().any(|known| name.eq_ignore_ascii_case(known))
    }
}

pub(crate) fn run(input: &[u8]) {
    let [text, first, second] = parts(input);
    match read(text, [first, second]) {
        Err(errors) => assert!(!errors.is_empty()),
        Ok(loaded) => {
            let _: Config = loaded.settings.snapshot();
            if !text.to_ascii_lowercase().windows(7).any(|w| w == b"include") {
                rewritten(text, &loaded);
            }
            set_again(text, &loaded.settings);
        }
    }
}

fn read(text: &[u8], included: [&[u8]; 2]) -> Result<Loaded, String> {
    let settings = Settings::new(&Defaults { cores: 2, dir: b"/start".to_vec() });
    load(settings, text, &mut Made { included, left: 40 }).map_err(|errors| report("Handfast 0", &errors))
}

fn values(settings: &Settings) -> Vec<(Vec<u8>, Vec<u8>)> {
    settings.get([&b"*"[..]])
}

/// A rewritten file brings the same values, and is rewritten to itself.
fn rewritten(text: &[u8], loaded: &Loaded) {
    for force_all in [false, text.len().is_multiple_of(8)] {
        let new = loaded.settings.rewrite(text, force_all);
        let again = read(&new, [b"", b""]).unwrap_or_else(|why| panic!("{why}\n{}", new.escape_ascii()));
        let differ: Vec<_> = values(&again.settings)
            .into_iter()
            .zip(values(&loaded.settings))
            .filter(|(now, then)| now != then)
            .map(|(now, then)| format!("{} became {}", show(&then), show(&now)))
            .collect();
        assert!(differ.is_empty(), "{differ:?}\n{}", new.escape_ascii());
        assert_eq!(again.renames, loaded.renames);
        let twice = again.settings.rewrite(&new, force_all);
        assert_eq!(twice.escape_ascii().to_string(), new.escape_ascii().to_string());
    }
}

fn show((name, value): &(Vec<u8>, Vec<u8>)) -> String {
    format!("{}={}", name.escape_ascii(), value.escape_ascii())
}

/// What CONFIG GET shows of the directives that the text names, CONFIG SET takes, where they may be set at all.
fn set_again(text: &[u8], settings: &Settings) {
    let context = SetContext { local: true, loading: false };
    for line in text.split(|b| *b == b'\n') {
        let name = line.trim_ascii().split(u8::is_ascii_whitespace).next().unwrap_or_default();
        for (name, value) in settings.get([name]) {
            if let Ok((new, _)) = settings.set(&[&name, &value], context) {
                assert_eq!(new.get([&name[..]]), settings.get([&name[..]]), "{}", name.escape_ascii());
            }
        }
    }
}
