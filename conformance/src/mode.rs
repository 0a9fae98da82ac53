//! The ways of running the suite.

use std::fmt;
use std::str::FromStr;

use anyhow::{Error, bail};

/// How a unit meets the server under test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// One standalone server that the harness finds running.
    External,
    /// The same with cluster mode on and all slots assigned.
    Cluster,
    /// The harness starts and stops the servers.
    Spawn,
}

impl Mode {
    /// Every mode.
    pub const ALL: [Mode; 3] = [Mode::External, Mode::Cluster, Mode::Spawn];

    /// The name in files and options.
    pub fn name(self) -> &'static str {
        match self {
            Mode::External => "external",
            Mode::Cluster => "cluster",
            Mode::Spawn => "spawn",
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Mode {
    type Err = Error;

    fn from_str(text: &str) -> Result<Mode, Error> {
        match Mode::ALL.into_iter().find(|mode| mode.name() == text) {
            Some(mode) => Ok(mode),
            None => bail!("no mode {text:?}: there are external, cluster and spawn"),
        }
    }
}
