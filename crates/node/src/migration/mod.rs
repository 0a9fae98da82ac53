//! Keys on their way to another server: MIGRATE. An image of them is taken under their stripes, which stay locked until the other
//! server has answered, so that commands on them wait; the worker serves others meanwhile. The process carries the image.

mod flight;

pub(crate) use flight::{Departure, Flights};

use std::time::Duration;

/// What the process carries.
pub struct Transfer {
    /// Host name or address of the other server.
    pub host: String,
    /// Its port for clients.
    pub port: u16,
    /// Longest that each step may take: connecting, sending a piece, waiting for a reply.
    pub timeout: Duration,
    /// Arguments of AUTH there; none if there is nothing to prove.
    pub auth: Vec<Vec<u8>>,
    /// The database there, as the client named it.
    pub db: i64,
    /// Requests that make the keys, encoded, one for each.
    pub restores: Vec<Vec<u8>>,
    /// What is told how it ended, once.
    pub answer: Box<dyn FnOnce(Ended) + Send>,
}

/// How a transfer ended.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Ended {
    /// Which keys the other server has now, by their places in the transfer; those that are missing at the end it has not.
    pub arrived: Vec<bool>,
    /// The error reply, code first, without a line's end.
    pub error: Option<String>,
}

impl Ended {
    /// It could not even begin.
    pub fn unconnected() -> Ended {
        let error = "-IOERR error or timeout connecting to the client".to_owned();
        Ended { arrived: Vec::new(), error: Some(error) }
    }
}
