//! One connection of a client: what it asked, what it knows of its keys, and how long it has waited.

use super::op::{Keys, Op, judge_queued};
use crate::check::Broken;
use crate::seat::SocketKey;
use crate::world::{Ending, World};
use std::collections::VecDeque;

/// Time that a node which runs and is not frozen may take to answer, microseconds. CLIENT PAUSE and slow disks
/// are in it.
const PATIENCE_US: u64 = 15_000_000;

struct Pending {
    op: Op,
    /// Inside of a transaction: the answer is QUEUED.
    queued: bool,
    sent_us: u64,
}

/// A connection.
pub struct Line {
    /// Its host.
    pub host: usize,
    /// The life of the host's node when it was opened.
    pub life: u64,
    /// Keys that it alone writes, as its node has them.
    pub keys: Keys,
    key: SocketKey,
    pending: VecDeque<Pending>,
    in_multi: bool,
    ended: bool,
}

impl Line {
    /// Connects to a host.
    pub fn open(world: &mut World, host: usize) -> Line {
        let key = world.connect(host);
        let life = world.hosts[host].life;
        let pending = VecDeque::new();
        Line { host, life, keys: Keys::new(), key, pending, in_multi: false, ended: false }
    }

    /// Sends requests in one go.
    pub fn send(&mut self, world: &mut World, ops: Vec<Op>) {
        let mut bytes = Vec::new();
        for op in ops {
            resp::client::encode_command(&mut bytes, &op.words());
            let queued = self.in_multi && !matches!(op, Op::Exec(_));
            match op {
                Op::Multi => self.in_multi = true,
                Op::Exec(_) => self.in_multi = false,
                _ => {}
            }
            self.pending.push_back(Pending { op, queued, sent_us: world.now_us });
        }
        world.send(self.key, bytes);
    }

    /// Requests without an answer.
    pub fn pending(&self) -> usize {
        self.pending.len()
    }

    /// The first of them.
    pub fn first_pending(&self) -> Option<&Op> {
        self.pending.front().map(|p| &p.op)
    }

    /// Sends nothing more, or is gone.
    pub fn end(&mut self, world: &mut World, ending: Ending) {
        self.ended = true;
        world.end(self.key, ending);
    }

    /// Whether it takes more requests.
    pub fn is_open(&self) -> bool {
        !self.ended
    }

    /// Takes answers in; how many, and whether the connection is over.
    pub fn look(&mut self, world: &mut World) -> Result<(u64, bool), Broken> {
        let mut answered = 0;
        loop {
            let Some(client) = world.client(self.key) else { return Ok((answered, true)) };
            let next = client.answer().map_err(|why| self.wrong(&format!("garbage from the node: {why}")))?;
            let Some(answer) = next else { break };
            let Some(pending) = self.pending.pop_front() else {
                return Err(self.wrong(&format!("an answer to nothing: {answer:?}")));
            };
            let judged = if pending.queued {
                judge_queued(&answer)
            } else {
                pending.op.judge(&answer, &mut self.keys)
            };
            judged.map_err(|why| self.wrong(&format!("{:?}: {why}", pending.op)))?;
            answered += 1;
        }
        let over = world.client(self.key).is_none_or(|client| client.is_over());
        if over {
            world.forget(self.key);
        } else {
            self.check_patience(world)?;
        }
        Ok((answered, over))
    }

    fn wrong(&self, what: &str) -> Broken {
        Broken::Safety(format!("{:?} at n{}: {what}", self.key, self.host))
    }

    fn check_patience(&self, world: &World) -> Result<(), Broken> {
        let host = &world.hosts[self.host];
        let Some(first) = self.pending.front().filter(|_| host.is_alive() && host.life == self.life) else {
            return Ok(());
        };
        let waited = world.now_us - first.sent_us.max(host.thawed_us);
        if waited <= PATIENCE_US {
            return Ok(());
        }
        let (key, n, op) = (self.key, self.host, &first.op);
        Err(Broken::Liveness(format!("{key:?} at n{n} has waited {} ms for {op:?}", waited / 1000)))
    }
}
