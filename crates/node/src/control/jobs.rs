//! Commands that control runs for workers.

use super::Control;
use super::state::{Acting, Held as HeldAnswer};
use crate::dispatch::{Flow, Held, Request};
use crate::mail::{Done, Job};
use commands::routed_of;

impl Control {
    /// Runs a command and sends the answer, or keeps it until what it depends on is done.
    pub(super) fn run(&mut self, job: Job) {
        let Job { worker, conn, mut session, request, mut exclusive } = job;
        let args = request.as_args();
        let mut reply = Vec::new();
        let mut close = false;
        let before = self.core.shared.outside.process.ticks_ns();
        if let Ok(row) = self.core.shared.table.resolve(args) {
            let mut keys = Vec::new();
            let bad_keys = routed_of(row.spec, args, &mut keys).is_err();
            let hashes: Vec<_> =
                keys.iter().map(|k| self.core.shared.keyspace.hash(&args[k.index as usize])).collect();
            let request = Request { args, keys: &keys, hashes: &hashes, bad_keys };
            let (core, state) = (&mut self.core, &mut self.state);
            let flow = match &mut exclusive {
                Some(permit) => {
                    let mut access = permit.access(core.clock());
                    core.execute_with(
                        row,
                        &mut session,
                        &request,
                        Held::Access(&mut access),
                        Some(state),
                        &mut reply,
                    )
                }
                None => {
                    core.execute_with(row, &mut session, &request, Held::Nothing, Some(state), &mut reply)
                }
            };
            close = flow == Flow::Close;
        }
        self.core.book_time(before);
        // What the command changed must be visible before anybody else acts.
        self.publish_view();
        let held = HeldAnswer { worker, done: Done { conn, session, reply, close }, exclusive };
        self.answer(held);
    }

    fn answer(&mut self, mut held: HeldAnswer) {
        let reports_save = std::mem::take(&mut self.state.reports_save);
        let (awaits, undo) = (std::mem::take(&mut self.state.awaits), self.state.undo.take());
        if std::mem::take(&mut self.state.awaits_exit) || !awaits.is_empty() {
            self.state.acting.push(Acting { held, awaits, undo, error: None });
            return;
        }
        match self.state.cluster.as_ref().and_then(cluster::Cluster::unsaved) {
            Some(save) => {
                // Only the answer waits for the disk: what the command changed is published.
                held.exclusive = None;
                self.state.saving.push_back((save, held, reports_save));
            }
            None => self.deliver(held),
        }
    }
}
