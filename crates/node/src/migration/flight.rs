//! A MIGRATE from its image to its reply.

use super::{Ended, Transfer};
use crate::dispatch::{Core, Flow, Held, Request, Row, Run};
use crate::mail::{ConnId, Done, WorkerMail};
use crate::scripts::Leaving;
use crate::session::Session;
use resp::{OwnedRequest, Reply};
use std::sync::Arc;
use store::{KeptAccess, Untold};

/// An image that was just taken; its locks are still to be kept.
pub(crate) struct Departure {
    /// Keys of the image, in the order of the transfer.
    pub keys: Vec<Vec<u8>>,
    /// Whether they stay here too.
    pub copy: bool,
    /// What is carried; nobody is told yet how it ends.
    pub transfer: Transfer,
}

/// Keys between two servers.
struct Flight {
    ticket: u64,
    conn: ConnId,
    session: Box<Session>,
    row: &'static Row,
    keys: Vec<Vec<u8>>,
    copy: bool,
    kept: KeptAccess,
    untold: Untold,
}

/// All of one machine.
#[derive(Default)]
pub(crate) struct Flights {
    /// The one that the command just run began.
    pub departing: Option<Box<Departure>>,
    under_way: Vec<Flight>,
    tickets: u64,
}

impl Core {
    /// What this machine knows of migrations.
    pub(crate) fn flights(&mut self) -> &mut Flights {
        self.flights.get_or_make(Flights::default)
    }

    /// Sends keys off whose locks are kept.
    pub(crate) fn depart(&mut self, departure: Departure, leaving: Leaving, kept: KeptAccess) {
        let Departure { keys, copy, mut transfer } = departure;
        let Leaving { conn, session, row, untold, .. } = leaving;
        let (worker, shared) = (self.index, Arc::clone(&self.shared));
        let flights = self.flights();
        flights.tickets += 1;
        let ticket = flights.tickets;
        transfer.answer = Box::new(move |ended| {
            shared.outside.post.to_worker(worker, WorkerMail::Migrated(ticket, Box::new(ended)));
        });
        flights.under_way.push(Flight { ticket, conn, session, row, keys, copy, kept, untold });
        self.shared.outside.process.migrate(transfer);
    }

    /// The other server has answered, or will not: removes what arrived there, and answers the client.
    pub(crate) fn land(&mut self, ticket: u64, ended: Ended) -> Option<Done> {
        let under_way = &mut self.flights().under_way;
        let at = under_way.iter().position(|flight| flight.ticket == ticket)?;
        let mut flight = under_way.swap_remove(at);
        let clock = self.clock();
        let mut access = flight.kept.access(clock);
        access.take_up(std::mem::take(&mut flight.untold));
        let arrived = flight.keys.iter().zip(&ended.arrived).filter(|(_, arrived)| **arrived && !flight.copy);
        let gone: Vec<&[u8]> = arrived.map(|(key, _)| key.as_slice()).collect();
        let mut held = Held::Access(&mut access);
        if !gone.is_empty() {
            self.remove_migrated(&gone, &mut flight.session, &mut held);
        }
        let mut out = Vec::new();
        let mut reply = Reply::new(&mut out, flight.session.proto);
        match &ended.error {
            Some(error) => reply.error(error),
            None => reply.ok(),
        }
        let flow = self.conclude(flight.row, &mut flight.session, held, Flow::Next, &mut out, 0);
        let Flight { conn, session, .. } = flight;
        Some(Done { conn, session, reply: out, close: flow == Flow::Close })
    }

    /// As DEL does, for keys whose stripes are held.
    fn remove_migrated(&mut self, keys: &[&[u8]], session: &mut Session, held: &mut Held<'_, '_>) {
        let words = [&[&b"DEL"[..]], keys].concat();
        let owned = OwnedRequest::from_parts(words.into_iter());
        let args = owned.as_args();
        let Ok(row) = self.shared.table.resolve(args) else { unreachable!("DEL is built in") };
        assert!(matches!(row.run, Run::Keys(_)), "DEL holds its keys");
        let (mut refs, mut scratch) = (Vec::new(), Vec::new());
        let bad_keys = commands::routed_of(row.spec, args, &mut refs).is_err();
        let hashes: Vec<_> = keys.iter().map(|key| self.shared.keyspace.hash(key)).collect();
        let request = Request { args, keys: &refs, hashes: &hashes, bad_keys };
        self.run_one(row, session, &request, held.again(), None, &mut scratch);
    }
}
