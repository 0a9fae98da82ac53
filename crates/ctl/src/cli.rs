//! The words of `handfast cluster`.

use std::io::{self, BufRead, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};

use crate::address::NodeAddr;
use crate::check::problems;
use crate::connection::Login;
use crate::create::{Operator, create};
use crate::error::Error;
use crate::plan::CreatePlan;
use crate::survey::Survey;
use crate::table;
use crate::up::{UpOptions, up};

/// Where other tools look for a password, so that it need not stand on a command line.
const PASSWORD_VARIABLE: &str = "REDISCLI_AUTH";

/// `handfast cluster …`
#[derive(Subcommand)]
pub enum ClusterCommand {
    /// Run a whole cluster on this machine, until Ctrl-C
    ///
    /// Starts one server process per node on consecutive ports, joins them with CLUSTER MEET, shares the slots out,
    /// and waits until all nodes agree. Each node keeps its redis.conf, nodes.conf and log in a directory of its
    /// own below DIR. Ctrl-C stops the nodes; the same command starts the same cluster again.
    ///
    /// Each node also listens on its port + 10000, the cluster bus.
    Up(UpArgs),
    /// Make a cluster of running, empty nodes
    ///
    /// Every node becomes a primary with an even share of the 16384 slots. The plan is shown first. Nodes are
    /// servers with `cluster-enabled yes`: Handfast, Redis 7 and Valkey may be mixed.
    Create(CreateArgs),
    /// Look for problems, asking every node; exit status 1 if there are any
    Check(AskArgs),
    /// Show keys, slots and replicas of every primary
    Info(AskArgs),
}

/// See [`ClusterCommand::Up`].
#[derive(Args)]
pub struct UpArgs {
    /// How many nodes [default: 6, or those that DIR has]
    #[arg(long, value_name = "N")]
    nodes: Option<usize>,
    /// Port of the first node [default: 7000, or the one that DIR has]
    #[arg(long)]
    port: Option<u16>,
    /// Where the nodes live
    #[arg(long, default_value = "handfast-cluster")]
    dir: PathBuf,
    /// Replicas of each primary (not built yet)
    #[arg(long, value_name = "N")]
    replicas: Option<usize>,
    /// Run this server, such as redis-server or valkey-server, instead of Handfast
    #[arg(long, value_name = "PROGRAM")]
    server: Option<PathBuf>,
}

/// See [`ClusterCommand::Create`].
#[derive(Args)]
pub struct CreateArgs {
    /// The nodes; HOST:PORT@BUSPORT if the bus is not at PORT + 10000
    #[arg(required = true, value_name = "HOST:PORT")]
    nodes: Vec<NodeAddr>,
    /// Do not ask before carrying the plan out
    #[arg(long, short)]
    yes: bool,
    #[command(flatten)]
    login: LoginArgs,
}

/// See [`ClusterCommand::Check`] and [`ClusterCommand::Info`].
#[derive(Args)]
pub struct AskArgs {
    /// Any node of the cluster
    #[arg(value_name = "HOST:PORT")]
    node: NodeAddr,
    #[command(flatten)]
    login: LoginArgs,
}

#[derive(Args)]
struct LoginArgs {
    /// User to log in as
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// Password; better given in the environment variable REDISCLI_AUTH
    #[arg(long, value_name = "PASSWORD")]
    pass: Option<String>,
}

impl LoginArgs {
    fn login(self) -> Login {
        Login { user: self.user, password: self.pass.or_else(|| std::env::var(PASSWORD_VARIABLE).ok()) }
    }
}

/// Carries a command out and reports on the standard streams.
pub fn run(command: ClusterCommand) -> ExitCode {
    let done = match command {
        ClusterCommand::Up(args) => run_up(args),
        ClusterCommand::Create(args) => run_create(args),
        ClusterCommand::Check(args) => run_check(args),
        ClusterCommand::Info(args) => run_info(args),
    };
    done.unwrap_or_else(|error| {
        eprintln!("handfast: {error}");
        if matches!(&error, Error::Refused { text, .. } if text.starts_with("NOAUTH")) {
            eprintln!("Give a password in the environment variable {PASSWORD_VARIABLE}, or with --pass.");
        }
        ExitCode::FAILURE
    })
}

fn run_up(args: UpArgs) -> Result<ExitCode, Error> {
    if args.replicas.is_some() {
        let text = "--replicas: replication is not built yet; a local cluster has primaries only";
        return Err(Error::Usage(text.to_owned()));
    }
    let options = UpOptions { nodes: args.nodes, port: args.port, dir: args.dir, server: args.server };
    up(&options)?;
    Ok(ExitCode::SUCCESS)
}

fn run_create(args: CreateArgs) -> Result<ExitCode, Error> {
    let plan = CreatePlan::even(args.nodes)?;
    for node in &plan.primaries {
        println!("{}: slots {}-{}", node.addr, node.first, node.last);
    }
    if !args.yes && !confirmed("Make this cluster?")? {
        println!("Nothing was changed.");
        return Ok(ExitCode::FAILURE);
    }
    create(&plan, &args.login.login(), &mut Terminal)?;
    println!("The cluster is ready.");
    Ok(ExitCode::SUCCESS)
}

fn confirmed(question: &str) -> Result<bool, Error> {
    let lost = |source| Error::File { path: "standard input".into(), source };
    print!("{question} [y/N] ");
    io::stdout().flush().map_err(lost)?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).map_err(lost)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

fn run_check(args: AskArgs) -> Result<ExitCode, Error> {
    let survey = Survey::take(&args.node, &args.login.login())?;
    print!("{}", table::nodes(&survey));
    let problems = problems(&survey);
    for problem in &problems {
        println!("problem: {problem}");
    }
    if !problems.is_empty() {
        return Ok(ExitCode::FAILURE);
    }
    println!("ok: {} nodes agree, all 16384 slots are served, none is on the move", survey.members.len());
    Ok(ExitCode::SUCCESS)
}

fn run_info(args: AskArgs) -> Result<ExitCode, Error> {
    let survey = Survey::take(&args.node, &args.login.login())?;
    print!("{}", table::keys(&survey));
    Ok(ExitCode::SUCCESS)
}

/// Prints progress; Ctrl-C ends the process.
struct Terminal;

impl Operator for Terminal {
    fn say(&mut self, line: &str) {
        println!("{line}");
    }
}
