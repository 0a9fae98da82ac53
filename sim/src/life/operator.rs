//! The operator: forms the cluster as an operator would, by commands over ordinary connections.

use super::Life;
use crate::check::Broken;
use crate::world::World;
use resp::client::Value;

/// Time that a command of the operator may take, microseconds.
const COMMAND_US_MAX: u64 = 10_000_000;

/// Sends one command to a node and waits for its answer, while the world goes on.
fn ask(life: &mut Life, host: usize, words: &[&str]) -> Result<Value, Broken> {
    let key = life.world.connect(host);
    let mut bytes = Vec::new();
    resp::client::encode_command(&mut bytes, words);
    life.world.send(key, bytes);
    let end = life.world.now_us + COMMAND_US_MAX;
    while life.world.now_us < end {
        life.run(1_000)?;
        let answer = life.world.client(key).and_then(|client| client.answer().ok().flatten());
        if let Some(answer) = answer {
            life.world.end(key, crate::world::Ending::End);
            return Ok(answer);
        }
    }
    Err(Broken::Liveness(format!("n{host} does not answer the operator's {words:?}")))
}

/// The same; the answer must be OK.
fn order(life: &mut Life, host: usize, words: &[&str]) -> Result<(), Broken> {
    let answer = ask(life, host, words)?;
    match answer == Value::Simple(b"OK".to_vec()) {
        true => Ok(()),
        false => Err(Broken::Safety(format!("n{host} answers {answer:?} to the operator's {words:?}"))),
    }
}

fn ip(world: &World, host: usize) -> String {
    world.hosts[host].ip.to_string()
}

impl Life {
    /// Epochs or none, a random tree of MEETs in any order and direction, and slots for all.
    pub(super) fn form(&mut self) -> Result<(), Broken> {
        let count = self.world.hosts.len();
        if self.rng.one_in(2) {
            for host in 0..count {
                order(self, host, &["CLUSTER", "SET-CONFIG-EPOCH", &(host + 1).to_string()])?;
            }
        }
        let per = base::SLOTS / count;
        let mut work: Vec<(usize, Vec<String>)> = Vec::new();
        for host in 0..count {
            let last = if host + 1 == count { base::SLOTS - 1 } else { (host + 1) * per - 1 };
            let words =
                ["CLUSTER", "ADDSLOTSRANGE", &(host * per).to_string(), &last.to_string()].map(str::to_owned);
            work.push((host, words.to_vec()));
        }
        for host in 1..count {
            let other = self.rng.below(host as u64) as usize;
            let (from, to) = if self.rng.one_in(2) { (host, other) } else { (other, host) };
            work.push((from, ["CLUSTER", "MEET", &ip(&self.world, to), "6379"].map(str::to_owned).to_vec()));
        }
        self.rng.shuffle(&mut work);
        for (host, words) in work {
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            order(self, host, &words)?;
        }
        Ok(())
    }

    /// Something that an operator does while the cluster works. The answer does not matter, and may be lost.
    pub(super) fn meddle(&mut self, host: usize) {
        let orders: [&[&str]; 8] = [
            &["CLIENT", "PAUSE", "400", "WRITE"],
            &["CLIENT", "PAUSE", "700", "ALL"],
            &["CLIENT", "UNPAUSE"],
            &["CLUSTER", "BUMPEPOCH"],
            &["CLIENT", "KILL", "TYPE", "normal"],
            &["CONFIG", "REWRITE"],
            &["CLUSTER", "SAVECONFIG"],
            &["DEBUG", "SLEEP", "0.3"],
        ];
        let words = orders[self.rng.below(orders.len() as u64) as usize];
        self.world.say(&format!("the operator tells n{host} {}", words.join(" ")));
        let key = self.world.connect(host);
        let mut bytes = Vec::new();
        resp::client::encode_command(&mut bytes, words);
        self.world.send(key, bytes);
        self.world.end(key, crate::world::Ending::End);
    }
}
