//! A node without sockets, for counting instructions: bytes in, bytes out.

use base::{Mono, Now};
use node::config::{Defaults, Settings};
use node::mail::{ConnId, ControlMail, Post, WorkerIdx, WorkerMail};
use node::shared::{Level, Log, Outside, Process};
use node::start::{LoadedFiles, Node, Plan};
use node::worker::{NewClient, Worker};
use std::sync::Arc;

/// Nobody to write to, nothing to log, a process that is always the same.
struct Nothing;

impl Post for Nothing {
    fn to_worker(&self, _worker: WorkerIdx, _mail: WorkerMail) {}
    fn to_control(&self, _mail: ControlMail) {}
}

impl Log for Nothing {
    fn log(&self, _level: Level, _text: &str) {}
}

impl Process for Nothing {
    fn pid(&self) -> u32 {
        1
    }
    fn allocator(&self) -> (u64, u64, u64) {
        (0, 0, 0)
    }
    fn resident(&self) -> u64 {
        0
    }
    fn total_memory(&self) -> u64 {
        0
    }
    fn cpu(&self) -> (u64, u64) {
        (0, 0)
    }
    fn executable(&self) -> String {
        String::new()
    }
    fn config_file(&self) -> String {
        String::new()
    }
    fn os(&self) -> String {
        String::new()
    }
    fn raise_clients(&self, wanted: u32) -> u32 {
        wanted
    }
    fn ticks_ns(&self) -> u64 {
        0
    }
}

/// One worker of a node with one client.
pub struct Bench {
    node: Node,
    conn: ConnId,
    now: Now,
}

impl Bench {
    /// A node that holds `keys` strings of 64 bytes, `key:%012d`.
    pub fn new(keys: usize) -> Bench {
        let settings = Settings::new(&Defaults { cores: 1, dir: b"/".to_vec() });
        let plan =
            Plan { settings, renames: Vec::new(), files: LoadedFiles::default(), hash_key: (1, 2), seed: 3 };
        let nothing = Arc::new(Nothing);
        let outside = Outside {
            post: Arc::clone(&nothing) as _,
            log: Arc::clone(&nothing) as _,
            process: nothing as _,
        };
        let now = Now { mono: Mono(3_600_000_000), unix_us: 1_700_000_000_000_000 };
        let mut node = Node::start(plan, outside, now).expect("a plain node starts");
        let client = NewClient {
            addr: "127.0.0.1:1".into(),
            laddr: "127.0.0.1:2".into(),
            fd: 1,
            is_local: true,
            is_unix: false,
        };
        let conn = node.workers[0].accept(client, now);
        let mut bench = Bench { node, conn, now };
        for chunk in (0..keys).collect::<Vec<_>>().chunks(16) {
            let request: Vec<u8> = chunk.iter().flat_map(|key| set(*key, b'x')).collect();
            bench.exchange(&request);
        }
        bench
    }

    /// One turn: the request in, the reply out; the length of the reply.
    pub fn exchange(&mut self, request: &[u8]) -> usize {
        let worker: &mut Worker = &mut self.node.workers[0];
        let space = worker.read_space(self.conn).expect("the client is served");
        space[..request.len()].copy_from_slice(request);
        worker.handle_read(self.conn, request.len(), self.now);
        worker.poll_turn(self.now);
        let mut total = 0;
        while let Some((conn, bytes)) = worker.poll_transmit() {
            let sent = bytes.len();
            total += sent;
            worker.handle_sent(conn, sent, self.now);
        }
        total
    }
}

/// The bytes of a GET.
pub fn get(key: usize) -> Vec<u8> {
    format!("*2\r\n$3\r\nGET\r\n$16\r\nkey:{key:012}\r\n").into_bytes()
}

/// The bytes of a SET of 64 bytes.
pub fn set(key: usize, fill: u8) -> Vec<u8> {
    let value = String::from_utf8(vec![fill; 64]).expect("ASCII");
    format!("*3\r\n$3\r\nSET\r\n$16\r\nkey:{key:012}\r\n$64\r\n{value}\r\n").into_bytes()
}
