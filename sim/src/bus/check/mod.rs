//! What must hold. Safety is watched on every packet ([`Watch`]) and on what nodes show from time to time; liveness
//! ([`agreement`]) is asked for when nothing has been in anybody's way for long enough.

pub mod agreement;
mod claims;
pub mod forgotten;
pub mod handshakes;
mod promises;

use crate::bus::peer::judge::{Verdict, judge};
use crate::bus::raw::Raw;
use crate::bus::world::Family;
use crate::check::Broken;
use claims::Claims;
use promises::Promises;

/// Looks at every packet that leaves a host.
#[derive(Default)]
pub struct Watch {
    /// The first thing that must not be.
    pub broken: Option<Broken>,
    claims: Claims,
    promises: Promises,
}

impl Watch {
    /// A packet left `host`. `receiver`: whose program gets it, if that is known.
    pub fn sent(&mut self, host: usize, family: Family, receiver: Option<Family>, bytes: &[u8]) {
        let found = self.look(host, family, receiver, bytes);
        if let Err(what) = found {
            self.broken.get_or_insert(Broken::Safety(format!("n{host}: {what}")));
        }
    }

    fn look(
        &mut self,
        host: usize,
        family: Family,
        receiver: Option<Family>,
        bytes: &[u8],
    ) -> Result<(), String> {
        if family == Family::Ours {
            let verdict = receiver.map_or(Verdict::Taken, |receiver| judge(receiver, bytes));
            if let Verdict::Dropped(why) | Verdict::Fatal(why) = verdict {
                return Err(format!("a packet that a {receiver:?} throws away: {why}"));
            }
        }
        let packet = Raw(bytes);
        if packet.is_light() {
            return Ok(());
        }
        self.claims.sent(host, packet)?;
        // How a model keeps its word is not what is tried here.
        if family == Family::Ours { self.promises.sent(host, packet) } else { Ok(()) }
    }

    /// A process started, and remembers these: the cluster's epoch, its own, and that of its last vote.
    pub fn started(&mut self, host: usize, epochs: (u64, u64, u64)) {
        if let Err(what) = self.promises.started(host, epochs) {
            self.broken.get_or_insert(Broken::Safety(format!("n{host}: {what}")));
        }
    }

    /// The host's node is a new one: nothing that the old one said binds it.
    pub fn reborn(&mut self, host: usize) {
        self.claims.forget(host);
        self.promises.forget(host);
    }

    /// The host's files were damaged: it may have forgotten epochs, though never that it voted.
    pub fn damaged(&mut self, host: usize) {
        self.promises.damaged(host);
    }
}
