//! One binary: the server, and the tools that operate clusters of it.

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[cfg(feature = "jemalloc")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

const EXAMPLES: &str = "\
Examples:
  handfast cluster up                             six nodes on this machine, ports 7000 to 7005
  redis-cli -c -p 7000                            a shell to it

  handfast server                                 one node on port 6379, standalone
  handfast server redis.conf                      one node with a configuration file of Redis
  handfast server --port 7000 --cluster-enabled yes
                                                  directives of redis.conf as options

  handfast cluster create 10.0.0.1:6379 10.0.0.2:6379 10.0.0.3:6379
                                                  a cluster of running nodes
  handfast cluster check 10.0.0.1:6379            is it whole?

Called by a name that ends in -server, such as redis-server, it is the server and takes redis-server's arguments.";

/// A Redis Cluster node, and what it takes to run clusters of them
///
/// Handfast speaks the Redis protocol to clients and the cluster bus to Redis, Valkey and Handfast nodes alike.
#[derive(Parser)]
#[command(name = "handfast", version, after_help = EXAMPLES, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run one node: [FILE] [--directive value ...], as redis-server takes them
    #[command(disable_help_flag = true)]
    Server {
        /// A redis.conf (`-` reads standard input), then directives of redis.conf as options
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<OsString>,
    },
    /// Make, run and look at clusters
    #[command(subcommand, arg_required_else_help = true)]
    Cluster(ctl::ClusterCommand),
}

fn main() -> ExitCode {
    let mut args = std::env::args_os();
    let name = args.next().unwrap_or_default();
    if let Some(args) = server_args(&name, args.collect()) {
        return server::main(args);
    }
    match Cli::parse().command {
        Command::Server { args } => server::main(args),
        Command::Cluster(command) => ctl::run(command),
    }
}

/// The server's own arguments, untouched, if this is a call of the server: every word after `server` is its
/// business, `--help` and `--version` too.
fn server_args(name: &OsString, mut args: Vec<OsString>) -> Option<Vec<OsString>> {
    let stem = Path::new(name).file_name().unwrap_or_default();
    if stem.as_encoded_bytes().ends_with(b"-server") {
        return Some(args);
    }
    if args.first().is_some_and(|first| first == "server") {
        args.remove(0);
        return Some(args);
    }
    None
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn check(line: &[&str], expect: Option<&[&str]>) {
        let mut words = line.iter().map(OsString::from);
        let name = words.next().unwrap();
        let expect = expect.map(|args| args.iter().map(OsString::from).collect());
        assert_eq!(server_args(&name, words.collect()), expect, "{line:?}");
    }

    #[test]
    fn the_server_gets_its_words_untouched() {
        check(&["handfast", "server", "x.conf", "--save", ""], Some(&["x.conf", "--save", ""]));
        check(&["/usr/bin/redis-server", "--version"], Some(&["--version"]));
        check(&["./handfast-server"], Some(&[]));
        check(&["handfast", "server", "--help"], Some(&["--help"]));
        check(&["handfast", "cluster", "up"], None);
        check(&["handfast"], None);
    }

    #[test]
    fn the_tools_arguments_are_consistent() {
        Cli::command().debug_assert();
        assert!(Cli::try_parse_from(["handfast", "cluster", "up", "--nodes", "3", "--dir", "x"]).is_ok());
        assert!(Cli::try_parse_from(["handfast", "cluster", "check", "nowhere"]).is_err());
        assert!(Cli::try_parse_from(["handfast", "cluster", "create"]).is_err());
    }
}
