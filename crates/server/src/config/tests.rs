//! Each test has a directory of its own. Nothing here changes the process's directory: tests share it.

use std::os::unix::fs::PermissionsExt as _;

use super::*;

struct Dir(PathBuf);

impl Dir {
    fn new(name: &str) -> Dir {
        let path = std::env::temp_dir().join(format!("handfast-config-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a temporary directory");
        Dir(path)
    }

    fn put(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().expect("inside")).expect("a directory");
        let mut options = std::fs::OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).open(&path).expect("a file");
        std::io::Write::write_all(&mut file, text.as_bytes()).expect("written");
        path.display().to_string()
    }

    fn text(&self, name: &str) -> String {
        String::from_utf8(read_file(&self.0.join(name)).expect("there")).expect("text")
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn run(args: &[&str]) -> Result<Start, Box<Exit>> {
    let program = Program { name: "redis-server", version: "0.1.0", is_command: |name| name == b"get" };
    start(program, args.iter().map(OsString::from), 4)
}

fn port(args: &[&str]) -> u16 {
    match run(args) {
        Ok(start) => start.settings.snapshot().network.port,
        Err(exit) => panic!("{}", exit.stderr),
    }
}

#[test]
fn options_override_the_file() {
    let dir = Dir::new("override");
    let file = dir.put("redis.conf", "port 1\nrename-command get fetch\n");
    assert_eq!(port(&[]), 6379);
    assert_eq!(port(&[&file]), 1);
    assert_eq!(port(&[&file, "--port", "2"]), 2);
    let start = run(&[&file]).expect("right");
    assert_eq!((start.file, start.renames.len()), (Some(PathBuf::from(&file)), 1));
}

#[test]
fn includes_in_sorted_order() {
    let dir = Dir::new("include");
    dir.put("parts/b.conf", "port 2");
    dir.put("parts/a.conf", "port 1\nhz 7");
    dir.put("parts/.hidden.conf", "port 9");
    dir.put("parts/deep/c.conf", "port 3");
    let root = dir.0.display();
    let with = |pattern: &str| dir.put("redis.conf", &format!("include {root}/{pattern}\n"));
    assert_eq!(port(&[&with("parts/*.conf")]), 2);
    assert_eq!(port(&[&with("p[a]rts/?.conf")]), 2);
    assert_eq!(port(&[&with("*/*/c.conf")]), 3);
    assert_eq!(port(&[&with("none/*.conf")]), 6379);
    let exit = run(&[&with("none.conf")]).expect_err("missing");
    let missing =
        format!("Fatal error, can't open config file '{root}/none.conf': No such file or directory");
    assert!(exit.stderr.contains(&missing), "{}", exit.stderr);
}

#[test]
fn errors_name_line_and_text() {
    let dir = Dir::new("errors");
    let file = dir.put("redis.conf", "port a\nappendonly yes\n");
    let exit = run(&[&file, "--port", "6379", "6380"]).expect_err("three errors");
    assert_eq!(exit.code, 1);
    let block = |line, text, why| {
        format!(
            "\n*** FATAL CONFIG FILE ERROR (Handfast 0.1.0) ***\nReading the configuration file, at line {line}\n>>> '{text}'\n{why}\n"
        )
    };
    let expect = [
        block(1, "port a", "argument couldn't be parsed into an integer"),
        block(
            2,
            "appendonly yes",
            "appendonly: not built yet in Handfast (the append-only file is not built, writes would be lost); only 'no' is accepted",
        ),
        block(4, "port \"6379\" \"6380\"", "wrong number of arguments"),
    ];
    assert_eq!(exit.stderr, expect.concat());
    let exit = run(&["/nowhere/redis.conf"]).expect_err("missing");
    let expect = "Fatal error, can't open config file '/nowhere/redis.conf': No such file or directory\n";
    assert_eq!(exit.stderr, expect);
    let exit = run(&["--logfile", "/nowhere/log"]).expect_err("no such directory");
    assert!(exit.stderr.ends_with("Can't open the log file: No such file or directory\n"), "{}", exit.stderr);
}

#[test]
fn bus_ports_must_be_ports() {
    assert!(run(&["--cluster-enabled", "yes", "--port", "55535"]).is_ok());
    assert!(run(&["--cluster-enabled", "yes", "--port", "60000", "--cluster-port", "1"]).is_ok());
    let exit = run(&["--cluster-enabled", "yes", "--port", "55536"]).expect_err("too high");
    assert!(exit.stderr.contains("55535 or less"), "{}", exit.stderr);
}

#[test]
fn version_help_and_sentinel() {
    let exit = |arg: &str| run(&[arg]).expect_err("nothing to serve");
    assert_eq!(*exit("-v"), Exit::print("Handfast server v=0.1.0 bits=64\n".into()));
    assert!(exit("--help").stdout.starts_with("Usage: redis-server [/path/to/redis.conf]"));
    assert!(exit("--sentinel").stderr.contains("sentinel mode is not part of Handfast"));
}

#[test]
fn rewriting_keeps_permissions_and_links() {
    let dir = Dir::new("rewrite");
    let file = dir.put("redis.conf", "# mine\nport 1\n");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).expect("permitted");
    let link = dir.0.join("link.conf");
    std::os::unix::fs::symlink(&file, &link).expect("linked");
    let start = run(&[&file, "--port", "2", "--save"]).expect("right");
    rewrite(&link, &start.settings, false).expect("rewritten");
    assert!(dir.text("redis.conf").starts_with("# mine\nport 2\n\n# Generated by CONFIG REWRITE\n"));
    assert!(link.is_symlink());
    let mode = std::fs::metadata(&file).expect("there").permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
    assert_eq!(std::fs::read_dir(&dir.0).expect("listed").count(), 2, "no temporary file is left");
    assert_eq!(port(&[&file]), 2);
    std::fs::remove_file(&file).expect("removed");
    rewrite(Path::new(&file), &start.settings, false).expect("written anew");
    assert_eq!(port(&[&file]), 2);
    assert_eq!(
        rewrite(Path::new("/nowhere/x.conf"), &start.settings, false),
        Err("No such file or directory".into())
    );
}
