//! What must be done now and then for each connection: idle clients, limits, memory of the quiet.

use super::Worker;
use super::conn::Wait;
use crate::mail::ConnId;
use base::Mono;
use std::time::Duration;

/// Slices in which every connection is visited once.
const SLICES: usize = 10;
/// Connections visited in a slice at least.
const VISITS_MIN: usize = 16;
/// Buffers of a client quiet for so long are given back.
const QUIET: Duration = Duration::from_secs(2);

impl Worker {
    /// Visits a share of the connections, if it is time.
    pub(super) fn upkeep(&mut self) {
        let now = self.core.now.mono;
        if now < self.next_upkeep {
            return;
        }
        self.next_upkeep = now + self.core.period();
        let visits = (self.conns.len() / SLICES + 1).max(VISITS_MIN).min(self.conns.len());
        for _ in 0..visits {
            self.upkeep_at = (self.upkeep_at + 1) % self.conns.len();
            self.visit(ConnId(self.upkeep_at as u32), now);
        }
        self.core.counters().turns.add(1);
    }

    fn visit(&mut self, id: ConnId, now: Mono) {
        let timeout = Duration::from_secs(u64::from(self.core.config.clients.timeout_s));
        let limit = self.core.output_limit();
        let Some(conn) = self.conn_mut(id) else { return };
        let quiet = now.since(conn.active);
        if quiet >= QUIET {
            conn.output.shrink();
        }
        let idle = !timeout.is_zero() && quiet > timeout && conn.wait == Wait::Nothing;
        let overflow = conn.output.exceeds(&limit, now);
        if overflow {
            self.core.counters().output_buffer_closed.add(1);
            self.core.log_output_overflow(self.conn(id).map(|c| &*c.card));
        }
        if idle || overflow {
            self.close(id);
        }
    }
}
