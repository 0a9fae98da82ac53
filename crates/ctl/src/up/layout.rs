//! The directory of a local cluster: `DIR/cluster.conf`, and `DIR/PORT` for each node.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use base::tokens;

use crate::address::BUS_PORT_OFFSET;
use crate::error::Error;
use crate::plan::PRIMARIES_MAX;
use crate::up::UpOptions;

const NODES_DEFAULT: usize = 6;
const PORT_DEFAULT: u16 = 7000;
/// Short, as nodes of one machine answer at once and whoever tries failures does not want to wait.
const NODE_TIMEOUT_MS: u32 = 5000;
const CLUSTER_FILE: &str = "cluster.conf";
const CONFIG_FILE: &str = "redis.conf";
pub(crate) const LOG_FILE: &str = "handfast.log";

/// Which nodes there are and where.
#[derive(Debug)]
pub(crate) struct Layout {
    dir: PathBuf,
    shape: Shape,
    formed: bool,
}

#[derive(Clone, Copy, PartialEq, Debug)]
struct Shape {
    nodes: usize,
    port: u16,
}

/// One node's place.
pub(crate) struct NodePlace {
    pub(crate) port: u16,
    pub(crate) dir: PathBuf,
}

impl NodePlace {
    pub(crate) fn config(&self) -> PathBuf {
        self.dir.join(CONFIG_FILE)
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.dir.join(LOG_FILE)
    }
}

impl Layout {
    /// What the directory holds, or what a new one will. Nothing is written.
    pub(crate) fn open(options: &UpOptions) -> Result<Layout, Error> {
        let dir = std::path::absolute(&options.dir).map_err(Error::file(&options.dir))?;
        let path = dir.join(CLUSTER_FILE);
        let found = match fs::read_to_string(&path) {
            Ok(text) => Some(read(&text).ok_or_else(|| {
                Error::State(format!("{} is not a file of 'handfast cluster up'", path.display()))
            })?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(Error::file(path)(error)),
        };
        let (shape, formed) = match found {
            Some((shape, formed)) => (agreed(shape, options, &dir)?, formed),
            None => {
                let nodes = options.nodes.unwrap_or(NODES_DEFAULT);
                (Shape { nodes, port: options.port.unwrap_or(PORT_DEFAULT) }, false)
            }
        };
        check_range(shape)?;
        Ok(Layout { dir, shape, formed })
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(crate) fn count(&self) -> usize {
        self.shape.nodes
    }

    /// Of the first node.
    pub(crate) fn port(&self) -> u16 {
        self.shape.port
    }

    /// Whether the nodes were a cluster once.
    pub(crate) fn is_formed(&self) -> bool {
        self.formed
    }

    pub(crate) fn nodes(&self) -> impl Iterator<Item = NodePlace> + '_ {
        (0..self.shape.nodes as u16).map(|index| {
            let port = self.shape.port + index;
            NodePlace { port, dir: self.dir.join(port.to_string()) }
        })
    }

    /// Makes directories and files that are missing. A redis.conf that is there is the operator's.
    pub(crate) fn prepare(&self) -> Result<(), Error> {
        for node in self.nodes() {
            fs::create_dir_all(&node.dir).map_err(Error::file(&node.dir))?;
            let path = node.config();
            if !path.exists() {
                fs::write(&path, config(&node)).map_err(Error::file(&path))?;
            }
        }
        if !self.dir.join(CLUSTER_FILE).exists() {
            self.write(false)?;
        }
        Ok(())
    }

    /// From now on a start only waits for the cluster.
    pub(crate) fn set_formed(&self) -> Result<(), Error> {
        self.write(true)
    }

    fn write(&self, formed: bool) -> Result<(), Error> {
        let (path, fresh) = (self.dir.join(CLUSTER_FILE), self.dir.join("cluster.conf.new"));
        fs::write(&fresh, text(self.shape, formed)).map_err(Error::file(&fresh))?;
        fs::rename(&fresh, &path).map_err(Error::file(path))
    }
}

/// What the directory has, unless the operator asks for something else.
fn agreed(found: Shape, options: &UpOptions, dir: &Path) -> Result<Shape, Error> {
    let wanted =
        Shape { nodes: options.nodes.unwrap_or(found.nodes), port: options.port.unwrap_or(found.port) };
    if wanted == found {
        return Ok(found);
    }
    Err(Error::Usage(format!(
        "{} holds a cluster of {} nodes from port {} on: leave --nodes and --port out to start it, or give \
         another --dir",
        dir.display(),
        found.nodes,
        found.port
    )))
}

fn check_range(shape: Shape) -> Result<(), Error> {
    if !(1..=PRIMARIES_MAX).contains(&shape.nodes) {
        return Err(Error::Usage(format!("--nodes {}: a cluster has 1 to {PRIMARIES_MAX}", shape.nodes)));
    }
    let highest = u16::MAX - BUS_PORT_OFFSET;
    if shape.port == 0 || usize::from(shape.port) + shape.nodes - 1 > usize::from(highest) {
        return Err(Error::Usage(format!(
            "--port {}: {} ports from 1 to {highest} are needed, as each node's bus takes its port + {BUS_PORT_OFFSET}",
            shape.port, shape.nodes
        )));
    }
    Ok(())
}

fn text(shape: Shape, formed: bool) -> String {
    let formed = if formed { "yes" } else { "no" };
    format!(
        "# Written by 'handfast cluster up'.\nnodes {}\nport {}\nformed {formed}\n",
        shape.nodes, shape.port
    )
}

fn read(text: &str) -> Option<(Shape, bool)> {
    let value = |name| {
        let mut words = text.lines().filter_map(|line| line.split_once(' '));
        words.find(|(word, _)| *word == name).map(|(_, value)| value)
    };
    let shape = Shape { nodes: value("nodes")?.parse().ok()?, port: value("port")?.parse().ok()? };
    Some((shape, value("formed")? == "yes"))
}

fn config(node: &NodePlace) -> Vec<u8> {
    let mut text = format!(
        "# Written once by 'handfast cluster up'; yours to change. It gives port and dir again at each start.\n\
         port {}\n\
         bind 127.0.0.1 -::1\n\
         cluster-enabled yes\n\
         cluster-config-file nodes.conf\n\
         cluster-node-timeout {NODE_TIMEOUT_MS}\n\
         dir ",
        node.port
    )
    .into_bytes();
    text.extend(tokens::repr(node.dir.as_os_str().as_encoded_bytes()));
    text.extend(format!("\nlogfile {LOG_FILE}\n").into_bytes());
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(dir: &Path, nodes: Option<usize>, port: Option<u16>) -> UpOptions {
        UpOptions { nodes, port, dir: dir.to_owned(), server: None }
    }

    #[test]
    fn a_new_directory_takes_the_defaults() {
        let temp = tempfile::tempdir().unwrap();
        let dir = temp.path().join("new");
        let layout = Layout::open(&options(&dir, None, None)).unwrap();
        assert_eq!((layout.count(), layout.port(), layout.is_formed()), (6, 7000, false));
        assert!(!dir.exists(), "nothing is written before the ports are checked");
    }

    #[test]
    fn a_directory_remembers_its_cluster() {
        let temp = tempfile::tempdir().unwrap();
        let first = Layout::open(&options(temp.path(), Some(3), Some(7100))).unwrap();
        first.prepare().unwrap();
        assert!(!Layout::open(&options(temp.path(), None, None)).unwrap().is_formed());
        first.set_formed().unwrap();
        first.prepare().unwrap();
        let again = Layout::open(&options(temp.path(), None, Some(7100))).unwrap();
        assert_eq!((again.count(), again.port(), again.is_formed()), (3, 7100, true));
        let other = Layout::open(&options(temp.path(), Some(6), None)).unwrap_err().to_string();
        assert!(other.contains("holds a cluster of 3 nodes from port 7100 on"), "{other}");
    }

    #[test]
    fn a_configuration_that_is_there_is_kept() {
        let temp = tempfile::tempdir().unwrap();
        let layout = Layout::open(&options(temp.path(), Some(1), None)).unwrap();
        layout.prepare().unwrap();
        let path = temp.path().join("7000/redis.conf");
        let written = fs::read_to_string(&path).unwrap();
        assert!(written.contains("port 7000\n") && written.contains("cluster-enabled yes\n"));
        fs::write(&path, "port 1\n").unwrap();
        layout.prepare().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "port 1\n");
    }

    #[test]
    fn paths_with_blanks_are_quoted() {
        let node = NodePlace { port: 7000, dir: "/a b/7000".into() };
        let text = String::from_utf8(config(&node)).unwrap();
        assert!(text.contains("\ndir \"/a b/7000\"\n"), "{text}");
    }

    #[test]
    fn ports_must_leave_room_for_the_bus() {
        let temp = tempfile::tempdir().unwrap();
        let open = |nodes, port| Layout::open(&options(temp.path(), Some(nodes), Some(port)));
        assert!(open(1, 55535).is_ok());
        assert!(open(2, 55535).is_err());
        assert!(open(1, 0).is_err());
        assert!(open(0, 7000).is_err());
    }

    #[test]
    fn a_foreign_file_is_not_overwritten() {
        let temp = tempfile::tempdir().unwrap();
        fs::write(temp.path().join("cluster.conf"), "something else\n").unwrap();
        let error = Layout::open(&options(temp.path(), None, None)).unwrap_err().to_string();
        assert!(error.ends_with("is not a file of 'handfast cluster up'"), "{error}");
    }
}
