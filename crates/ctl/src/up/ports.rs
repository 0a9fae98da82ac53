//! Seeing, before anything is started, that the ports are free.

use std::fmt::Write;
use std::io;
use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

use crate::address::{BUS_PORT_OFFSET, NodeAddr};
use crate::connection::{Connection, Login};
use crate::create::field;
use crate::error::Error;
use crate::survey::software;
use crate::up::LOCAL;
use crate::up::layout::Layout;

/// How long whoever has a port may take to say who it is.
const WHO_WAIT_MAX: Duration = Duration::from_millis(500);

/// An error that names every port which cannot be had, and who has it if it answers.
pub(crate) fn check_free(layout: &Layout) -> Result<(), Error> {
    let mut text = String::new();
    let mut own = 0;
    for (index, node) in layout.nodes().enumerate() {
        let number = index + 1;
        if let Err(error) = probe(node.port) {
            let who = who(node.port, layout.dir());
            let _ = write!(text, "port {} of node {number} {}", node.port, reason(&error));
            let _ = match &who {
                Some(who) => writeln!(text, " by {}, process {}", who.software, who.process),
                None => writeln!(text),
            };
            own += usize::from(who.as_ref().is_some_and(|who| who.own));
            if who.is_some() {
                // The bus port is its as well.
                continue;
            }
        }
        let bus = node.port + BUS_PORT_OFFSET;
        if let Err(error) = probe(bus) {
            let _ = writeln!(text, "port {bus}, the cluster bus of node {number}, {}", reason(&error));
        }
    }
    if text.is_empty() {
        return Ok(());
    }
    if own == layout.count() {
        return Err(Error::State(format!("the cluster below {} is up already", layout.dir().display())));
    }
    if own > 0 {
        let _ = writeln!(text, "{own} of these are nodes of this very directory");
    }
    text.push_str("Nothing was started. Give other ports with --port, or stop who has these.");
    Err(Error::State(text))
}

fn probe(port: u16) -> io::Result<()> {
    TcpListener::bind((LOCAL, port)).map(drop)
}

fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => "is taken".to_owned(),
        io::ErrorKind::PermissionDenied => "may not be used by this user".to_owned(),
        _ => format!("cannot be used: {error}"),
    }
}

/// The server that has a port.
struct Who {
    software: String,
    process: String,
    /// It was started from the directory of this cluster.
    own: bool,
}

/// Who answers on a taken port, if it tells.
fn who(port: u16, dir: &Path) -> Option<Who> {
    let addr = NodeAddr::new(LOCAL, port);
    let mut connection = Connection::open_within(&addr, &Login::default(), WHO_WAIT_MAX).ok()?;
    let info = connection.text(&["INFO", "server"]).ok()?;
    let process = field(&info, "process_id")?.to_owned();
    let own = field(&info, "config_file").is_some_and(|file| Path::new(file).starts_with(dir));
    Some(Who { software: software(&info), process, own })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::up::UpOptions;

    /// Two neighbouring ports, of which the second and the first's bus are taken.
    #[test]
    fn every_taken_port_is_named() {
        let temp = tempfile::tempdir().unwrap();
        let (first, _second, _bus) = (20_000..22_000)
            .step_by(2)
            .find_map(|port| {
                let second = TcpListener::bind((LOCAL, port + 1)).ok()?;
                let bus = TcpListener::bind((LOCAL, port + BUS_PORT_OFFSET)).ok()?;
                probe(port).and(probe(port + 1 + BUS_PORT_OFFSET)).ok()?;
                Some((port, second, bus))
            })
            .unwrap();
        let options = UpOptions { nodes: Some(2), port: Some(first), dir: temp.path().into(), server: None };
        let text = check_free(&Layout::open(&options).unwrap()).unwrap_err().to_string();
        let expect = format!(
            "port {}, the cluster bus of node 1, is taken\nport {} of node 2 is taken\nNothing was started.",
            first + BUS_PORT_OFFSET,
            first + 1
        );
        assert!(text.starts_with(&expect), "{text}");
    }
}
