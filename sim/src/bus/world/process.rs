//! Processes that start, end, stand still; hosts that lose power, move, and whose clocks are set.

use super::conn::Side;
use super::{Event, Family, Files, Seat, World};
use crate::bus::peer::Peer;
use base::Rng;
use cluster::{Cluster, FileStep, Level, LoadedFiles};
use std::net::IpAddr;

/// Kernels give a connection up that nothing gets through after so many microseconds.
const PERISH_US: (u64, u64) = (1_000_000, 40_000_000);

impl World {
    /// Starts the host's program from what its disk holds. The error is its last word.
    pub fn start(&mut self, host: usize) -> Result<(), String> {
        assert!(!self.hosts[host].runs(), "it runs already");
        let rng = Rng::new(self.rng.next_u64());
        let now = self.hosts[host].now(self.now_us);
        let it = &mut self.hosts[host];
        let seat = if it.family == Family::Ours {
            let files = match &it.files {
                Files::Kept(disk) => disk.cluster_files(),
                Files::Dropped => LoadedFiles::default(),
            };
            let machine = Cluster::start(it.settings.clone(), files, now, rng);
            let mut machine = machine.map_err(|error| error.to_string())?;
            machine.set_log_level(Level::Notice);
            Seat::Ours(Box::new(machine))
        } else {
            let timeout_us = it.settings.node_timeout_ms * 1000;
            Seat::Peer(Box::new(Peer::start(it.family, timeout_us, it.memory.take(), rng, now)))
        };
        it.seat = Some(seat);
        it.life += 1;
        it.dark = false;
        it.due = None;
        self.say(format!("n{host} starts"));
        self.release_stalled(Some(host));
        self.fulfil(host);
        Ok(())
    }

    /// The process dies at once. Peers hear of it from the kernel.
    pub fn kill(&mut self, host: usize) {
        if !self.end_process(host) {
            return;
        }
        self.say(format!("n{host} is killed"));
        for (conn, side) in self.hosts[host].links.drain() {
            self.shut(conn, side, true);
        }
    }

    /// The host goes dark: peers hear nothing, and files lose what was not synced.
    pub fn lose_power(&mut self, host: usize) {
        if !self.end_process(host) {
            return;
        }
        self.say(format!("n{host} loses power"));
        self.hosts[host].dark = true;
        let mut rng = Rng::new(self.rng.next_u64());
        if let Files::Kept(disk) = &mut self.hosts[host].files {
            disk.lose_power(&mut rng);
        }
        for (conn, side) in self.hosts[host].links.drain() {
            self.shut(conn, side, false);
            self.perish_for_models(conn, side);
        }
    }

    /// The others do not notice for hours that what they dialled leads nowhere, as long as the peer talks to them. Their
    /// kernels do it for them here, or no mixed cluster would ever agree again.
    fn perish_for_models(&mut self, key: super::ConnKey, dead: Side) {
        let after = self.between(PERISH_US);
        let Some(conn) = self.conns.get(key) else { return };
        if let Some(end) = conn.open(dead.other())
            && self.hosts[end.host as usize].family != Family::Ours
        {
            conn.pending += 1;
            self.schedule(after, Event::Perish { conn: key });
        }
    }

    fn end_process(&mut self, host: usize) -> bool {
        let it = &mut self.hosts[host];
        it.life += 1;
        it.frozen_until = None;
        it.due = None;
        let seat = it.seat.take();
        if let Some(Seat::Peer(peer)) = &seat {
            it.memory = Some(peer.save());
        }
        // What had reached the kernel goes unread.
        for event in std::mem::take(&mut it.inbox) {
            if let Event::Arrive { conn, .. } | Event::Refused { conn } = event {
                self.passed(conn);
            }
        }
        seat.is_some()
    }

    /// The process stands still, as after SIGSTOP.
    pub fn freeze(&mut self, host: usize, time_us: u64) {
        let it = &mut self.hosts[host];
        if it.seat.is_none() || it.frozen_until.is_some() {
            return;
        }
        it.frozen_until = Some(self.now_us + time_us);
        let life = it.life;
        self.say(format!("n{host} stands still for {} ms", time_us / 1000));
        self.schedule(time_us, Event::Thaw { host: host as u32, life });
    }

    pub(super) fn thaw(&mut self, host: usize, life: u32) {
        let it = &mut self.hosts[host];
        if it.life != life || it.frozen_until.take().is_none() {
            return;
        }
        self.say(format!("n{host} goes on"));
        // A process that was stopped past its time finds the timer first or the sockets first, as epoll has it.
        let inbox = std::mem::take(&mut self.hosts[host].inbox);
        for event in inbox {
            self.happen(event);
        }
        self.wake_when_due(host);
    }

    /// Goes on at once, wherever it stood still.
    pub fn thaw_now(&mut self, host: usize) {
        let life = self.hosts[host].life;
        self.thaw(host, life);
    }

    /// The wall clock is set. The other one knows nothing of it.
    pub fn jump_clock(&mut self, host: usize, by_us: i64) {
        self.say(format!("the wall clock of n{host} jumps by {} s", by_us / 1_000_000));
        self.hosts[host].clock.jump(by_us);
    }

    /// Another address from now on. What was connected to the old one hangs.
    pub fn move_to(&mut self, host: usize, ip: IpAddr) {
        let old = self.hosts[host].ip;
        self.say(format!("n{host} moves from {old} to {ip}"));
        if self.addresses.get(&old) == Some(&host) {
            self.addresses.remove(&old);
        }
        self.addresses.insert(ip, host);
        self.hosts[host].ip = ip;
        self.strand(host);
    }

    /// Two hosts have each other's address from now on.
    pub fn swap_addresses(&mut self, a: usize, b: usize) {
        let (old_a, old_b) = (self.hosts[a].ip, self.hosts[b].ip);
        self.move_to(a, old_b);
        self.move_to(b, old_a);
        self.addresses.insert(old_b, a);
    }

    fn strand(&mut self, host: usize) {
        let of_host =
            |ends: [Option<super::conn::End>; 2]| ends.iter().flatten().any(|e| e.host == host as u32);
        let hit: Vec<_> = self.conns.iter().filter(|(_, c)| of_host(c.end)).map(|(key, _)| key).collect();
        for key in hit {
            let after = self.between(PERISH_US);
            if let Some(conn) = self.conns.get(key) {
                conn.dead = true;
                conn.stalled.iter_mut().for_each(std::collections::VecDeque::clear);
                conn.pending += 1;
                self.schedule(after, Event::Perish { conn: key });
            }
        }
    }

    /// The host's files are gone.
    pub fn wipe(&mut self, host: usize) {
        self.say(format!("the files of n{host} are gone"));
        self.hosts[host].files = Files::Kept(Default::default());
        self.hosts[host].memory = None;
    }

    /// A file of the host is damaged where it lies: cut short, or overwritten.
    pub fn damage(&mut self, host: usize, name: &str) {
        let (cut, flip) = (self.rng.next_u64(), self.rng.next_u64());
        let Files::Kept(disk) = &mut self.hosts[host].files else { return };
        let Some(mut bytes) = disk.read(name).filter(|b| !b.is_empty()) else { return };
        if cut & 1 == 0 {
            bytes.truncate((cut >> 1) as usize % bytes.len());
        } else {
            let at = (cut >> 1) as usize % bytes.len();
            bytes[at] ^= (flip as u8).max(1);
        }
        let steps = [
            FileStep::Write { name: name.to_owned(), bytes },
            FileStep::Fsync { name: name.to_owned() },
            FileStep::SyncDir,
        ];
        for step in steps {
            if let Err(error) = disk.apply(&step) {
                panic!("a made-up disk takes every step: {error}");
            }
        }
        self.say(format!("{name} of n{host} is damaged"));
    }

    /// Breaks some connection. Both ends hear of it, or only one, and the other when it speaks.
    pub fn break_some_link(&mut self) {
        let open =
            |c: &super::conn::Conn| c.open(Side::Dialler).is_some() && c.open(Side::Acceptor).is_some();
        let open: Vec<_> = self.conns.iter().filter(|(_, c)| open(c)).map(|(key, _)| key).collect();
        if open.is_empty() {
            return;
        }
        let key = open[self.rng.below(open.len() as u64) as usize];
        let which = self.rng.below(3);
        for (n, side) in [Side::Dialler, Side::Acceptor].into_iter().enumerate() {
            if which == 2 || which == n as u64 {
                self.hang_up(key, side);
            }
        }
    }
}
