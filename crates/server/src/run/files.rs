//! The thread that writes files for control, one step after the other.

use crate::mailbox::{Boxes, ToControl};
use node::control::{ActionId, FileOp, FileStep};
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

/// Work for the files' thread.
pub enum Work {
    /// A step of a save.
    Step(FileOp),
    /// Rewrite the configuration file.
    Rewrite {
        /// The action that it is.
        id: ActionId,
        /// The file.
        path: std::path::PathBuf,
        /// The values.
        settings: Box<node::config::Settings>,
        /// Also those at their defaults.
        force_all: bool,
    },
}

/// Starts the thread; names are relative to the working directory.
pub fn start(boxes: Arc<Boxes>) -> io::Result<Sender<Work>> {
    let (send, receive) = channel();
    std::thread::Builder::new().name("files".into()).spawn(move || serve(&receive, &boxes))?;
    Ok(send)
}

fn serve(work: &Receiver<Work>, boxes: &Boxes) {
    while let Ok(work) = work.recv() {
        boxes.control.put(match work {
            Work::Step(FileOp { id, step }) => ToControl::File(id, take(&step)),
            Work::Rewrite { id, path, settings, force_all } => {
                let result = crate::config::rewrite(&path, &settings, force_all);
                ToControl::Outcome(id, result.map_err(|e| format!("Rewriting config file: {e}")))
            }
        });
    }
}

fn take(step: &FileStep) -> Result<(), String> {
    let done = match step {
        FileStep::Write { name, bytes } => write(name, bytes),
        FileStep::Fsync { name } => OpenOptions::new().read(true).open(name).and_then(|f| f.sync_all()),
        FileStep::Rename { from, to } => std::fs::rename(from, to),
        FileStep::SyncDir => OpenOptions::new().read(true).open(".").and_then(|d: File| d.sync_all()),
    };
    done.map_err(|e| e.to_string())
}

fn write(name: &str, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o644).open(name)?;
    file.write_all(bytes)
}
