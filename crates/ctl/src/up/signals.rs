//! Ctrl-C and its relatives.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use crate::error::Error;

/// Whether the operator, or the system, has asked this process to end.
pub(crate) struct StopRequests(Arc<AtomicBool>);

impl StopRequests {
    /// From now on SIGINT, SIGTERM and SIGHUP no longer end the process by themselves.
    pub(crate) fn watch() -> Result<StopRequests, Error> {
        let asked = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            signal_hook::flag::register(signal, asked.clone()).map_err(Error::file("signal handler"))?;
        }
        Ok(StopRequests(asked))
    }

    /// [`Error::Interrupted`] once asked.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.0.load(Ordering::Relaxed) { Err(Error::Interrupted) } else { Ok(()) }
    }

    /// Takes the request as heard, so that the next is told apart.
    pub(crate) fn forget(&self) {
        self.0.store(false, Ordering::Relaxed);
    }
}
