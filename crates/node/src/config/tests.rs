//! What files and commands do, beside redis-server 7.0.15. The texts in `testdata` were recorded from it.

use proptest::prelude::*;

use super::*;

/// A host without files: every directory is there but `/nope`, and two commands exist.
#[derive(Default)]
struct Memory {
    files: Vec<(String, Vec<u8>)>,
}

impl Host for Memory {
    fn include(&mut self, pattern: &[u8]) -> Result<Vec<Included>, String> {
        let pattern = String::from_utf8_lossy(pattern).into_owned();
        let matching = self
            .files
            .iter()
            .filter(|(path, _)| base::glob::matches(pattern.as_bytes(), path.as_bytes(), false));
        let found: Vec<Included> =
            matching.map(|(path, text)| Included { path: path.clone(), text: text.clone() }).collect();
        if found.is_empty() && !pattern.contains('*') {
            return Err(format!(
                "Fatal error, can't open config file '{pattern}': No such file or directory"
            ));
        }
        Ok(found)
    }

    fn change_dir(&mut self, dir: &[u8]) -> Result<Vec<u8>, String> {
        if dir == b"/nope" || dir.is_empty() {
            Err("No such file or directory".into())
        } else {
            Ok(dir.to_vec())
        }
    }

    fn check_log_file(&mut self, path: &[u8]) -> Result<(), String> {
        if path.starts_with(b"/nope/") { Err("No such file or directory".into()) } else { Ok(()) }
    }

    fn is_command(&self, name: &[u8]) -> bool {
        [&b"get"[..], b"set"].contains(&name.to_ascii_lowercase().as_slice())
    }
}

fn defaults() -> Settings {
    Settings::new(&Defaults { cores: 1, dir: b"/start".to_vec() })
}

fn load_text(text: &[u8]) -> Result<Loaded, Vec<LoadError>> {
    load(defaults(), text, &mut Memory::default())
}

fn loaded(text: &str) -> Settings {
    match load_text(text.as_bytes()) {
        Ok(loaded) => loaded.settings,
        Err(errors) => panic!("{}", report("test", &errors)),
    }
}

fn get(settings: &Settings, name: &str) -> String {
    let found = settings.get([name.as_bytes()]);
    found.iter().map(|(_, value)| String::from_utf8_lossy(value).into_owned()).collect()
}

/// Blocks of a fixture: a line at the margin, then indented lines.
fn blocks(fixture: &str) -> Vec<(&str, Vec<&str>)> {
    let mut blocks: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in fixture.lines().filter(|line| !line.starts_with('#')) {
        match (line.strip_prefix("    "), blocks.last_mut()) {
            (Some(indented), Some((_, lines))) => lines.push(indented),
            _ => blocks.push((line, Vec::new())),
        }
    }
    blocks
}

/// What a fixture's block expects of us: Redis's lines, or ours where they differ.
fn expected(lines: Vec<&str>) -> String {
    match lines.iter().find_map(|line| line.strip_prefix("handfast: ")) {
        Some(ours) => ours.to_owned(),
        None => lines.join("\n"),
    }
}

#[test]
fn lines_of_a_file_as_redis_takes_them() {
    let mut wrong = Vec::new();
    for (line, said) in blocks(include_str!("testdata/file-errors.txt")) {
        let ours = match load_text(line.as_bytes()) {
            Ok(_) => "ok".to_owned(),
            Err(errors) => errors[0].why.clone(),
        };
        let expect = expected(said);
        if ours != expect {
            wrong.push(format!("{line}\n    {expect}\n    handfast: {ours}"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn config_set_and_get_as_redis_answers() {
    let mut settings = loaded("save 1 2\nenable-protected-configs yes\ndir /tmp");
    let mut wrong = Vec::new();
    for (command, said) in blocks(include_str!("testdata/config-set.txt")) {
        let args = base::tokens::split_args(command.as_bytes()).expect("balanced");
        let rest: Vec<&[u8]> = args[2..].iter().map(Vec::as_slice).collect();
        let ours = if args[1] == b"get" {
            let line = |(name, value): (Vec<u8>, Vec<u8>)| [name, b"=".into(), value].concat();
            String::from_utf8_lossy(
                &settings.get(rest).into_iter().map(line).collect::<Vec<_>>().join(&b'\n'),
            )
            .into_owned()
        } else {
            match settings.set(&rest, SetContext { local: true, loading: false }) {
                Ok((new, _)) => {
                    settings = new;
                    "OK".to_owned()
                }
                Err(why) => format!("ERR {why}"),
            }
        };
        let expect = expected(said);
        if ours != expect {
            wrong.push(format!("{command}\n    {}\n    handfast: {ours}", expect.replace('\n', "\n    ")));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn rewriting_as_redis_does() {
    let old = include_str!("testdata/rewrite-old.conf");
    let mut settings = loaded(&[old, "\nlogfile a.log"].concat());
    settings.note_dir(b"/srv/redis");
    let pairs = ["maxclients", "500", "hz", "20", "save", "100 1 200 2", "list-compress-depth", "2"];
    let pairs: Vec<&[u8]> = pairs.iter().map(|p| p.as_bytes()).collect();
    let (settings, changed) =
        settings.set(&pairs, SetContext { local: true, loading: false }).expect("right");
    assert_eq!(changed, ["hz", "list-compress-depth", "maxclients", "save"]);
    let ours = String::from_utf8(settings.rewrite(old.as_bytes(), false)).expect("text");
    let (kept, added) = ours.split_once("# Generated by CONFIG REWRITE\n").expect("marker");
    let redis = include_str!("testdata/rewrite-redis-7.conf");
    let (redis_kept, redis_added) = redis.split_once("# Generated by CONFIG REWRITE\n").expect("marker");
    assert_eq!(kept, redis_kept);
    let sorted = |text: &str| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_eq!(sorted(added), sorted(redis_added));
}

#[test]
fn rewriting_again_changes_nothing() {
    // Redis drops lines like the first; an included file could then say otherwise.
    assert!(defaults().rewrite(b"masterauth \"\"\n", false).starts_with(b"masterauth \"\"\n"));
    let settings = loaded("hz 20\nrequirepass x\n");
    let once = settings.rewrite(b"# top\nport 6379\n\n\n", false);
    assert_eq!(settings.rewrite(&once, false), once);
    let text = String::from_utf8(once.clone()).expect("text");
    assert!(text.starts_with("# top\nport 6379\n\n# Generated by CONFIG REWRITE\n"), "{text}");
    let again = load_text(&once).expect("reads back").settings;
    assert!(again.snapshot().access.accepts(b"x") && !again.snapshot().access.accepts(b"y"));
    assert_eq!(settings.rewrite(&settings.rewrite(b"", true), true), settings.rewrite(b"", true));
}

#[test]
fn stock_files_start() {
    for text in [
        include_str!("testdata/stock-redis-7.0.conf"),
        include_str!("testdata/stock-valkey-9.1.conf"),
        include_str!("testdata/suite-default.conf"),
        "set-max-listpack-entries 128\nlocale-collate \"\"\ninclude /etc/redis/pre.d/*.conf",
    ] {
        let settings = loaded(text);
        settings.snapshot();
        let all = load_text(&settings.rewrite(text.as_bytes(), true)).expect("reads back").settings;
        assert_eq!(all.get([&b"*"[..]]), settings.get([&b"*"[..]]));
    }
    let saved = load_text(include_bytes!("testdata/suite-default.conf")).expect("right");
    assert!(saved.warnings.is_empty());
    assert_eq!(get(&saved.settings, "notify-keyspace-events"), "AKE");
    assert_eq!(load_text(b"save 900 1").expect("right").warnings.len(), 1);
}

/// The suite's `CONFIG sanity`: what `CONFIG GET *` shows can be set, unless Redis 7.0 does not let it either.
#[test]
fn every_listed_directive_takes_its_own_value() {
    let settings = loaded(include_str!("testdata/suite-default.conf"));
    let context = SetContext { local: true, loading: false };
    for (name, value) in settings.get([&b"*"[..]]) {
        match settings.set(&[&name, &value], context) {
            Ok((new, changed)) => {
                assert_eq!((changed.len(), new.get([&b"*"[..]])), (0, settings.get([&b"*"[..]])));
            }
            Err(why) => assert!(why.to_string().ends_with("can't set immutable config"), "{why}"),
        }
    }
}

#[test]
fn all_errors_are_reported() {
    let errors = load_text(b"# x\nport a\nhz 10\n  nonsense 1 \n\ntimeout").expect_err("three errors");
    let block = |line, text, why| {
        format!(
            "\n*** FATAL CONFIG FILE ERROR (Handfast 1) ***\nReading the configuration file, at line {line}\n>>> '{text}'\n{why}\n"
        )
    };
    let expect = [
        block(2, "port a", "argument couldn't be parsed into an integer"),
        block(4, "nonsense 1", "Bad directive or wrong number of arguments"),
        block(6, "timeout", "wrong number of arguments"),
    ];
    assert_eq!(report("Handfast 1", &errors), expect.concat());
}

#[test]
fn accumulating_directives() {
    let save = |text: &str| get(&loaded(text), "save");
    assert_eq!(save(""), "3600 1 300 100 60 10000");
    assert_eq!(save("save 100 100"), "100 100");
    assert_eq!(save("save 900 1\nsave 100 100"), "900 1 100 100");
    assert_eq!(save("save 900 1\nsave \"\""), "");
    assert_eq!(save("save 900 1\nsave \"\"\nsave 5 6"), "5 6");
    assert_eq!(save("save \"3600 1 300 100\""), "3600 1 300 100");
    let limits =
        loaded("client-output-buffer-limit replica 1mb 2kb 3\nclient-output-buffer-limit normal 1 2 3");
    let limits = limits.snapshot().clients;
    let replica = OutputLimit { hard: 1 << 20, soft: 2048, soft_seconds: 3 };
    assert_eq!(limits.output_limit(OutputClass::Replica), replica);
    assert_eq!(limits.output_limit(OutputClass::Normal), OutputLimit { hard: 1, soft: 2, soft_seconds: 3 });
}

#[test]
fn includes_and_renames() {
    let files = vec![
        ("/a/1.conf".to_owned(), b"port 1\nrename-command GET fetch".to_vec()),
        ("/a/2.conf".to_owned(), b"port 2\nbad".to_vec()),
        ("/loop".to_owned(), b"include /loop".to_vec()),
    ];
    let mut host = Memory { files };
    let found =
        load(defaults(), b"include /a/1*\nrename-command set GET\nrename-command fetch \"\"", &mut host);
    let found = found.expect("right");
    assert_eq!(get(&found.settings, "port"), "1");
    let rename = |from: &str, to: Option<&str>| Rename { from: from.into(), to: to.map(Into::into) };
    let renames = [rename("get", Some("fetch")), rename("set", Some("GET")), rename("fetch", None)];
    assert_eq!(found.renames, renames);
    let errors = load(defaults(), b"\ninclude /a/*", &mut host).expect_err("2.conf is wrong");
    assert_eq!((errors[0].file.as_deref(), errors[0].line), (Some("/a/2.conf"), 2));
    assert!(load(defaults(), b"include /loop", &mut host).expect_err("endless")[0].why.contains("nested"));
}

#[test]
fn immutable_protected_and_loading() {
    let settings = defaults();
    let set = |name: &str, local, loading| {
        let result = settings.set(&[name.as_bytes(), b"yes"], SetContext { local, loading });
        result.map(|(_, changed)| changed).map_err(|why| why.to_string())
    };
    let failed =
        |name, why| Err(format!("CONFIG SET failed (possibly related to argument '{name}') - {why}"));
    assert_eq!(set("daemonize", true, false), failed("daemonize", "can't set immutable config"));
    assert_eq!(set("dbfilename", true, false), failed("dbfilename", "can't set protected config"));
    assert_eq!(
        set("appendonly", true, true),
        Err("-LOADING Redis is loading the dataset in memory".to_owned())
    );
    let local = loaded("enable-protected-configs local");
    let context = |local| SetContext { local, loading: false };
    assert!(local.set(&[b"dbfilename", b"x"], context(true)).is_ok());
    assert!(local.set(&[b"dbfilename", b"x"], context(false)).is_err());
}

proptest! {
    #[test]
    fn any_text_is_judged(text: Vec<u8>) {
        let _ = load_text(&text);
        let _ = defaults().rewrite(&text, false);
    }

    /// What a rewrite writes is read back as it was, whatever the values and the old file.
    #[test]
    fn rewritten_files_read_back(
        old in "([a-z\"' #\\n-]|hz 3\n|save 5 6\n|slave-priority 1\n|bind a\n){0,20}",
        port: u16,
        hz in 1..=500u32,
        bytes in proptest::collection::vec(any::<u8>().prop_filter("C strings", |b| *b != 0), 0..20),
        ip in "[a-z0-9.:-]{0,20}",
        points in proptest::collection::vec((1..9u32, 0..9u32), 0..3),
        memory in 0..1u64 << 40,
        percent in 0..=100u8,
        limit in 0..1u64 << 33,
        events in "[Ag$lshzxeKEtmdn]{0,16}",
    ) {
        let points: Vec<String> = points.iter().map(|(s, c)| format!("{s} {c}")).collect();
        let pairs: [(&str, Vec<u8>); 9] = [
            ("notify-keyspace-events", events.clone().into()),
            ("port", port.to_string().into()),
            ("hz", hz.to_string().into()),
            ("requirepass", bytes),
            ("cluster-announce-ip", ip.into()),
            ("save", points.join(" ").into()),
            ("maxmemory", memory.to_string().into()),
            ("maxmemory-clients", format!("{percent}%").into()),
            ("client-output-buffer-limit", format!("pubsub {limit} {limit} 7").into()),
        ];
        let pairs: Vec<&[u8]> = pairs.iter().flat_map(|(name, value)| [name.as_bytes(), value]).collect();
        let (settings, _) = defaults().set(&pairs, SetContext { local: true, loading: false }).expect("right");
        let again = load_text(&settings.rewrite(old.as_bytes(), false)).expect("reads back");
        prop_assert_eq!(again.settings.get([&b"*"[..]]), settings.get([&b"*"[..]]));
        let events = again.settings.snapshot().notify_keyspace_events;
        prop_assert_eq!(events, settings.snapshot().notify_keyspace_events);
    }
}
