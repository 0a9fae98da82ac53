//! The command line of a server: a file's name, and options that are lines of redis.conf.

use base::tokens::{repr, split_args};

/// What a command line asks for (spec `config.md` §2).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Invocation {
    /// To serve.
    Serve(Sources),
    /// To print the version.
    Version,
    /// To print [`usage`].
    Help,
    /// Something of Redis that Handfast does not do; the text says what.
    Refused(&'static str),
}

/// Where the configuration comes from; later sources override earlier ones.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Sources {
    /// The file, as written.
    pub file: Option<Vec<u8>>,
    /// Whether more is read from standard input.
    pub stdin: bool,
    /// Lines made of the options.
    pub options: Vec<u8>,
}

impl Sources {
    /// One text out of the three. The lines count on from one source to the next, as Redis counts them.
    pub fn text(&self, file: &[u8], stdin: &[u8]) -> Vec<u8> {
        let mut text = [file, stdin].concat();
        if !self.options.is_empty() {
            text.push(b'\n');
            text.extend_from_slice(&self.options);
        }
        text
    }
}

/// Reads the arguments behind the program's name. `program` is that name: sentinels go by it.
pub fn parse_arguments(program: &[u8], args: &[Vec<u8>]) -> Invocation {
    let sentinel = "sentinel mode is not part of Handfast: a cluster fails over by itself";
    let first = args.first().map(Vec::as_slice).unwrap_or_default();
    match first {
        b"-v" | b"--version" => return Invocation::Version,
        b"-h" | b"--help" => return Invocation::Help,
        b"--test-memory" => {
            return Invocation::Refused("there is no memory test in Handfast; memtester is one");
        }
        b"--check-system" => return Invocation::Refused("there is no system check in Handfast"),
        _ => {}
    }
    if program.windows(8).any(|w| w == b"sentinel") || args.iter().any(|a| a == b"--sentinel") {
        return Invocation::Refused(sentinel);
    }
    let (mut sources, mut rest) = (Sources::default(), args);
    if first == b"-" {
        (sources.stdin, rest) = (true, &rest[1..]);
    } else if !rest.is_empty() && !first.starts_with(b"-") {
        (sources.file, rest) = (Some(first.to_vec()), &rest[1..]);
    }
    if let [before @ .., last] = rest
        && last == b"-"
    {
        (sources.stdin, rest) = (true, before);
    }
    sources.options = options_text(rest);
    Invocation::Serve(sources)
}

/// Lines of redis.conf out of options: `--name` starts a line, what follows is its quoted values.
fn options_text(args: &[Vec<u8>]) -> Vec<u8> {
    let mut text = Vec::new();
    let mut value_expected = false;
    for (i, arg) in args.iter().enumerate() {
        // The argument right behind a name is a value, even if it starts with `--`.
        let name = arg.strip_prefix(b"--").filter(|_| !value_expected);
        let Some(name) = name else {
            text.extend(repr(arg));
            text.push(b' ');
            value_expected = false;
            continue;
        };
        if !text.is_empty() {
            text.push(b'\n');
        }
        text.extend_from_slice(name);
        text.push(b' ');
        // `--name "v1 v2"` in one argument holds its values already.
        value_expected = split_args(name).is_ok_and(|words| words.len() == 1);
        let next = args.get(i + 1);
        if name.eq_ignore_ascii_case(b"save") && next.is_none_or(|next| next.starts_with(b"--")) {
            // Scripts that build the options from an empty list mean this.
            text.extend_from_slice(b"\"\"");
            value_expected = false;
        }
    }
    text
}

/// What `--help` prints. `program` is how the user called it.
pub fn usage(program: &str) -> String {
    format!(
        "Usage: {program} [/path/to/redis.conf] [options] [-]
       {program} - (read config from stdin)
       {program} -v or --version
       {program} -h or --help

Options are directives of redis.conf, each with its values behind it.

Examples:
       {program} (run the server with default conf)
       echo 'maxclients 500' | {program} -
       {program} /etc/redis/6379.conf
       {program} --port 7777
       {program} --port 7777 --cluster-enabled yes
       {program} /etc/myredis.conf --loglevel verbose -
"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(args: &[&str]) -> Sources {
        let args: Vec<Vec<u8>> = args.iter().map(|a| a.as_bytes().to_vec()).collect();
        match parse_arguments(b"redis-server", &args) {
            Invocation::Serve(sources) => sources,
            other => panic!("{other:?}"),
        }
    }

    fn options(args: &[&str], expect: &str) {
        let text = sources(args).options;
        let lines: Vec<&str> = std::str::from_utf8(&text).expect("text").lines().map(str::trim_end).collect();
        assert_eq!(lines.join("\n"), expect, "{args:?}");
    }

    #[test]
    fn options_become_lines() {
        options(&["--port", "1", "2"], "port \"1\" \"2\"");
        options(&["--port 20203 --hz 3"], "port 20203 --hz 3");
        options(&["--port", "--x"], "port \"--x\"");
        options(&["--port", "a\"b"], "port \"a\\\"b\"");
        options(&["--foo"], "foo");
        options(&["-p", "5"], "\"-p\" \"5\"");
        options(
            &["f", "loglevel", "verbose", "--maxmemory '700mb'"],
            "\"loglevel\" \"verbose\"\nmaxmemory '700mb'",
        );
        options(
            &["--proc-title-template", "--my--title", "--loglevel", "verbose"],
            "proc-title-template \"--my--title\"\nloglevel \"verbose\"",
        );
        options(&["--user", "a", "--user", "b", "foo"], "user \"a\"\nuser \"b\" \"foo\"");
        options(
            &["--shutdown-on-sigint", "nosave", "force", "now"],
            "shutdown-on-sigint \"nosave\" \"force\" \"now\"",
        );
    }

    #[test]
    fn save_without_a_value_means_none() {
        options(&["--save"], "save \"\"");
        options(&["--save", "--port", "1"], "save \"\"\nport \"1\"");
        options(&["--save", "", "--port", "1"], "save \"\"\nport \"1\"");
        options(&["--save", "1", "2", "--hz", "3"], "save \"1\" \"2\"\nhz \"3\"");
        options(&["--port", "1", "--save"], "port \"1\"\nsave \"\"");
    }

    #[test]
    fn file_and_stdin() {
        let s = sources(&["a.conf", "--port", "1", "-"]);
        assert_eq!((s.file.as_deref(), s.stdin), (Some(&b"a.conf"[..]), true));
        assert_eq!(s.text(b"hz 1\n", b"hz 2\n"), b"hz 1\nhz 2\n\nport \"1\" ");
        let s = sources(&["-", "--port", "1"]);
        assert_eq!((s.file.as_deref(), s.stdin), (None, true));
        assert_eq!(sources(&[]), Sources::default());
        assert_eq!(sources(&["a.conf"]).text(b"hz 1", b""), b"hz 1");
    }

    #[test]
    fn the_rest() {
        let args = |a: &str| vec![a.as_bytes().to_vec()];
        assert_eq!(parse_arguments(b"x", &args("-v")), Invocation::Version);
        assert_eq!(parse_arguments(b"x", &args("--help")), Invocation::Help);
        assert!(matches!(parse_arguments(b"x", &args("--sentinel")), Invocation::Refused(_)));
        assert!(matches!(parse_arguments(b"/usr/bin/redis-sentinel", &[]), Invocation::Refused(_)));
        assert!(matches!(parse_arguments(b"x", &args("--test-memory")), Invocation::Refused(_)));
    }
}
