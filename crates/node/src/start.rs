//! Puts a node together.

use crate::config::{Rename, Settings};
use crate::control::{Control, cluster_settings};
use crate::dispatch::Table;
use crate::mail::{ConnId, Post, WorkerMail};
use crate::shared::{Outside, Shared};
use crate::worker::Worker;
use base::{Now, Rng};
use cluster::view::{View, ViewNode, ViewSettings};
use cluster::{Cluster, StartError};
use std::sync::{Arc, LazyLock};
use store::{Keyspace, Params, Ticket, Wake, WorkerIdx};

pub use cluster::LoadedFiles;

/// A node, ready to be driven.
pub struct Node {
    /// The shared part.
    pub shared: Arc<Shared>,
    /// The workers.
    pub workers: Vec<Worker>,
    /// Control.
    pub control: Control,
}

/// What a node starts from.
pub struct Plan {
    /// The configuration.
    pub settings: Settings,
    /// `rename-command` lines.
    pub renames: Vec<Rename>,
    /// The cluster's configuration files as they were found.
    pub files: LoadedFiles,
    /// A secret that decides how keys are hashed.
    pub hash_key: (u64, u64),
    /// Seed of everything random.
    pub seed: u64,
}

impl Node {
    /// Puts it together; the error is the fatal log line.
    pub fn start(plan: Plan, outside: Outside, now: Now) -> Result<Node, StartError> {
        let config = plan.settings.snapshot();
        let mut rng = Rng::new(plan.seed);
        let params = Params {
            databases: databases(&config),
            workers: config.process.io_threads,
            hash_key: plan.hash_key,
        };
        let keyspace = Keyspace::new(params, Box::new(Wakes(Arc::clone(&outside.post))));
        let cluster = match config.cluster.enabled {
            true => {
                Some(Cluster::start(cluster_settings(&config), plan.files, now, Rng::new(rng.next_u64()))?)
            }
            false => None,
        };
        let view = match &cluster {
            Some(cluster) => cluster.view(),
            None => alone(&mut rng),
        };
        let table = table(&plan.renames);
        let shared = Arc::new(Shared::new(plan.settings, table, view, keyspace, outside, now, &mut rng));
        let workers = (0..shared.workers)
            .map(|index| Worker::new(index, Arc::clone(&shared), now, rng.next_u64()))
            .collect();
        let control = Control::new(Arc::clone(&shared), cluster, now, rng.next_u64());
        Ok(Node { shared, workers, control })
    }
}

/// A node of a cluster has a number of its own, for most clients know one database there.
fn databases(config: &crate::config::Config) -> u32 {
    if config.cluster.enabled { config.cluster.databases } else { config.process.databases }
}

/// The view of a node that is in no cluster; nothing reads more of it than its length.
fn alone(rng: &mut Rng) -> View {
    let node = ViewNode::new(base::NodeId::random(rng), base::NodeId::random(rng));
    let settings = ViewSettings {
        reads_when_down: false,
        pubsubshard_when_down: true,
        require_full_coverage: true,
        endpoint: cluster::view::EndpointType::Ip,
    };
    View::alone(node, settings)
}

/// One table for the life of the process; nodes without renamed commands share it.
fn table(renames: &[Rename]) -> &'static Table {
    static AS_BUILT: LazyLock<Table> = LazyLock::new(crate::families::table);
    if renames.is_empty() {
        return &AS_BUILT;
    }
    let mut table = crate::families::table();
    for rename in renames {
        let to = rename.to.as_deref().unwrap_or_default();
        table.rename(&String::from_utf8_lossy(&rename.from), &String::from_utf8_lossy(to));
    }
    Box::leak(Box::new(table))
}

/// Turns the keyspace's wake-ups into letters.
struct Wakes(Arc<dyn Post>);

impl Wake for Wakes {
    fn stripe_free(&self, worker: WorkerIdx, token: u64) {
        if let Ok(conn) = u32::try_from(token) {
            self.0.to_worker(worker.index(), WorkerMail::StripeFree(ConnId(conn)));
        }
    }

    fn gate_open(&self, worker: WorkerIdx) {
        self.0.to_worker(worker.index(), WorkerMail::GateOpen);
    }

    fn exclusive_ready(&self, ticket: Ticket) {
        self.0.to_worker(ticket.0 as usize, WorkerMail::ExclusiveReady);
    }
}
