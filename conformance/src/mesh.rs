//! Several servers that become one cluster, and what must then be true of all of them.

use std::collections::BTreeSet;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::client::Reply;
use crate::node::{Kind, Node};
use crate::warnings::Warnings;

/// `cluster-node-timeout` of every mixed cluster, in milliseconds.
pub const NODE_TIMEOUT_MS: u32 = 2000;

/// One line of CLUSTER NODES.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row {
    /// Forty hexadecimal digits.
    pub id: String,
    /// `ip:port@cport[,hostname]`.
    pub address: String,
    /// Without `myself`.
    pub flags: BTreeSet<String>,
    /// The id of the node that it replicates.
    pub primary: Option<String>,
    /// The config epoch.
    pub epoch: u64,
    /// Ranges as printed.
    pub slots: Vec<String>,
    /// Whether the line says `connected`.
    pub connected: bool,
    /// Whether it is the answering node's own line.
    pub myself: bool,
}

impl Row {
    fn parse(line: &str) -> Result<Row> {
        let fields: Vec<&str> = line.split(' ').collect();
        ensure!(fields.len() >= 8, "a line of CLUSTER NODES with {} fields: {line}", fields.len());
        let mut flags: BTreeSet<String> = fields[2].split(',').map(str::to_owned).collect();
        let myself = flags.remove("myself");
        Ok(Row {
            id: fields[0].into(),
            address: fields[1].into(),
            flags,
            primary: Some(fields[3].to_owned()).filter(|id| id != "-"),
            epoch: fields[6].parse()?,
            slots: fields[8..].iter().map(|s| s.to_string()).collect(),
            connected: fields[7] == "connected",
            myself,
        })
    }

    /// What every node must say of this one in the same words. Addresses may be announced to some kinds only.
    fn common(&self, addresses: bool) -> (String, String, BTreeSet<String>, u64, Vec<String>) {
        let address = self.address.split(',').next().filter(|_| addresses).unwrap_or_default().to_owned();
        (self.id.clone(), address, self.flags.clone(), self.epoch, self.slots.clone())
    }
}

/// A node's table, one line each, for messages.
fn table(rows: &[Row]) -> String {
    let line = |r: &Row| {
        let flags: Vec<&str> = r.flags.iter().map(String::as_str).collect();
        let link = if r.connected { "connected" } else { "disconnected" };
        let myself = if r.myself { " (myself)" } else { "" };
        format!(
            "\n  {:.8} {} {} epoch {} {link} {}{myself}",
            r.id,
            r.address,
            flags.join(","),
            r.epoch,
            r.slots.join(" ")
        )
    };
    rows.iter().map(line).collect()
}

/// Takes the IP address out of a node's line, whatever stands in its place.
fn strike_address(text: &mut String, id: &str, port: u16) {
    let start = format!("{id} ");
    let Some(from) = text.find(&start).map(|at| at + start.len()) else { return };
    // The last: what stands there may be an older answer.
    if let Some(to) = text[from..].rfind(&format!(":{port}@")) {
        text.replace_range(from..from + to, "");
    }
}

/// The servers of a cluster.
pub struct Mesh {
    /// In the order in which they were asked for.
    pub nodes: Vec<Node>,
}

impl Mesh {
    /// Starts one server per kind, on ports from `port` up, strangers to each other.
    pub fn start(kinds: &[Kind], port: u16) -> Result<Mesh> {
        Mesh::start_with(kinds, port, &[])
    }

    /// The same, with further options for all.
    pub fn start_with(kinds: &[Kind], port: u16, further: &[&str]) -> Result<Mesh> {
        let further: Vec<String> = further.iter().map(|option| option.to_string()).collect();
        let each: Vec<_> = kinds.iter().map(|kind| (*kind, further.clone())).collect();
        Mesh::start_each(&each, port)
    }

    /// The same, with further options for each.
    pub fn start_each(kinds: &[(Kind, Vec<String>)], port: u16) -> Result<Mesh> {
        let timeout = NODE_TIMEOUT_MS.to_string();
        let common = ["--cluster-enabled", "yes", "--cluster-node-timeout", &timeout, "--loglevel", "notice"];
        let start = |((kind, further), port): (&(Kind, Vec<String>), u16)| {
            let options: Vec<&str> = common.into_iter().chain(further.iter().map(String::as_str)).collect();
            Node::start(*kind, port, &options)
        };
        let nodes = kinds.iter().zip(port..).map(start).collect::<Result<_>>()?;
        Ok(Mesh { nodes })
    }

    /// Sends `CLUSTER MEET` for `to` to `from`.
    pub fn meet(&self, from: usize, to: usize) -> Result<()> {
        self.meet_at("127.0.0.1", from, to)
    }

    /// The same, by another of its addresses.
    pub fn meet_at(&self, address: &str, from: usize, to: usize) -> Result<()> {
        self.nodes[from].ok(&["CLUSTER", "MEET", address, &self.nodes[to].port.to_string()])
    }

    /// What a node says of all.
    pub fn rows(&self, node: usize) -> Result<Vec<Row>> {
        let text = self.nodes_text(&self.nodes[node], false)?;
        let rows: Result<Vec<_>> = text.lines().map(Row::parse).collect();
        rows.with_context(|| format!("{} answered {text:?}", self.nodes[node]))
    }

    /// What a node answers to CLUSTER NODES. A Valkey 9 takes the secret of a Redis 8 for an address for clients, and
    /// shows whatever follows it in memory, line ends included: nothing is shown instead.
    pub fn nodes_text(&self, viewer: &Node, ipv6: bool) -> Result<String> {
        let mut text = viewer.call_from(ipv6, &["CLUSTER", "NODES"])?.text()?.to_owned();
        for node in &self.nodes {
            if (viewer.kind, node.kind) == (Kind::Valkey9, Kind::Redis8) {
                // It may be dead: its file tells who it is.
                let file = node.file("nodes.conf")?;
                let own = file.lines().find(|line| line.contains("myself")).context("no line of its own")?;
                strike_address(&mut text, own.split(' ').next().unwrap_or_default(), node.port);
            }
        }
        Ok(text)
    }

    /// A node's own id.
    pub fn id(&self, node: usize) -> Result<String> {
        Ok(self.nodes[node].call(&["CLUSTER", "MYID"])?.text()?.to_owned())
    }

    /// Waits until every node lists every node as connected, all in the same words, and no two share a config epoch.
    pub fn wait_for_agreement(&self, limit: Duration) -> Result<()> {
        self.wait_for_same(limit, true)
    }

    /// The same but for addresses, where not all kinds are told of them in the same way.
    pub fn wait_until_settled(&self, limit: Duration) -> Result<()> {
        self.wait_for_same(limit, false)
    }

    fn wait_for_same(&self, limit: Duration, addresses: bool) -> Result<()> {
        wait(limit, "agreement", || {
            let all = (0..self.nodes.len()).map(|node| self.rows(node)).collect::<Result<Vec<_>>>()?;
            let common = |rows: &[Row]| rows.iter().map(|row| row.common(addresses)).collect::<BTreeSet<_>>();
            let first = common(&all[0]);
            for (node, rows) in self.nodes.iter().zip(&all) {
                ensure!(rows.len() == self.nodes.len(), "{node} knows {} nodes:{}", rows.len(), table(rows));
                ensure!(
                    rows.iter().all(|row| row.connected),
                    "{node} has a link that is down:{}",
                    table(rows)
                );
                ensure!(
                    rows.iter().all(|row| row.flags.iter().map(String::as_str).eq(["master"])),
                    "{node} has doubts:{}",
                    table(rows)
                );
                ensure!(
                    common(rows) == first,
                    "{node} and {} differ:{}\n{}",
                    self.nodes[0],
                    table(rows),
                    table(&all[0])
                );
            }
            let epochs: BTreeSet<u64> = all[0].iter().map(|row| row.epoch).collect();
            ensure!(epochs.len() == self.nodes.len(), "nodes share a config epoch:{}", table(&all[0]));
            Ok(())
        })
    }

    /// Gives every node an equal part of the slots, by commands to that node only.
    pub fn share_slots(&self) -> Result<()> {
        for (index, node) in self.nodes.iter().enumerate() {
            let (from, to) = self.slots_of(index);
            node.ok(&["CLUSTER", "ADDSLOTSRANGE", &from.to_string(), &to.to_string()])?;
        }
        Ok(())
    }

    /// The first and last slot of a node's part.
    pub fn slots_of(&self, node: usize) -> (usize, usize) {
        let count = self.nodes.len();
        (node * SLOTS / count, (node + 1) * SLOTS / count - 1)
    }

    /// Waits until every node but `without` says that the cluster's state is `state`.
    pub fn wait_for_state(&self, state: &str, without: Option<usize>, limit: Duration) -> Result<()> {
        wait(limit, &format!("cluster_state:{state}"), || {
            for (index, node) in self.nodes.iter().enumerate().filter(|(i, _)| Some(*i) != without) {
                let info = node.call(&["CLUSTER", "INFO"])?;
                let line = info.text()?.lines().next().unwrap_or_default().to_owned();
                ensure!(
                    line.trim_end() == format!("cluster_state:{state}"),
                    "{node} (number {index}) says {line}"
                );
            }
            Ok(())
        })
    }

    /// Waits until every other node marks `dead` as failed, by quorum and not by its own doubt.
    pub fn wait_for_failure(&self, dead: usize, id: &str, limit: Duration) -> Result<()> {
        wait(limit, "fail", || {
            for index in (0..self.nodes.len()).filter(|index| *index != dead) {
                let rows = self.rows(index)?;
                let row = rows.iter().find(|row| row.id == id).context("the dead node is forgotten")?;
                ensure!(
                    row.flags.contains("fail"),
                    "{} says {:?} of {}",
                    self.nodes[index],
                    row.flags,
                    self.nodes[dead]
                );
            }
            Ok(())
        })
    }

    /// Asks every node for a key of every other node: the answer must be a MOVED to the owner's address.
    pub fn check_redirections(&self) -> Result<()> {
        for owner in 0..self.nodes.len() {
            let (first, last) = self.slots_of(owner);
            let (key, slot) = key_in(first..=last, &self.nodes[0])?;
            for asked in 0..self.nodes.len() {
                self.check_redirection(asked, owner, &key, slot)?;
            }
        }
        Ok(())
    }

    /// A write of `key` to the node `asked` must be done there, if it is the `owner`, or sent there.
    pub fn check_redirection(&self, asked: usize, owner: usize, key: &str, slot: usize) -> Result<()> {
        let (node, owning) = (&self.nodes[asked], &self.nodes[owner]);
        let answer = node.call(&["SET", key, "x"])?;
        let expect = match asked == owner {
            true => Reply::Simple("OK".into()),
            false => Reply::Error(format!("MOVED {slot} 127.0.0.1:{}", owning.port)),
        };
        ensure!(answer == expect, "{node} answered {answer} to a key of {owning}");
        Ok(())
    }

    /// Warnings by kind, without what differs from run to run.
    pub fn warnings(&self) -> Warnings {
        let mut warnings = Warnings::new();
        for node in &self.nodes {
            warnings.entry(node.kind).or_default().extend(node.log().lines().filter_map(warning));
        }
        warnings
    }
}

/// Slots of a cluster.
pub const SLOTS: usize = 16384;

/// A key whose slot, as a node computes it, is in a range.
pub fn key_in(slots: std::ops::RangeInclusive<usize>, node: &Node) -> Result<(String, usize)> {
    for number in 0..1000 {
        let key = format!("key:{number}");
        if let Reply::Int(slot) = node.call(&["CLUSTER", "KEYSLOT", &key])?
            && let Ok(slot) = usize::try_from(slot)
            && slots.contains(&slot)
        {
            return Ok((key, slot));
        }
    }
    bail!("no key in {slots:?}")
}

/// Tries until `what` holds; the last reason why it does not is the error.
pub fn wait(limit: Duration, what: &str, mut attempt: impl FnMut() -> Result<()>) -> Result<()> {
    let start = Instant::now();
    loop {
        match attempt() {
            Ok(()) => return Ok(()),
            Err(why) if start.elapsed() > limit => {
                return Err(why.context(format!("no {what} within {limit:?}")));
            }
            Err(_) => thread::sleep(Duration::from_millis(50)),
        }
    }
}

/// The text of a line at warning level (`PID:ROLE DAY MONTH YEAR TIME # TEXT`), with ids and numbers replaced.
fn warning(line: &str) -> Option<String> {
    let mut fields = line.splitn(7, ' ');
    let level = fields.by_ref().nth(5)?;
    let text = fields.next()?;
    let text = REPLICATION_ERRORS.into_iter().find(|start| text.starts_with(start)).unwrap_or(text);
    (level == "#").then(|| without_particulars(text))
}

/// How these go on depends on the moment at which the other end died.
const REPLICATION_ERRORS: [&str; 4] = [
    "Error condition on socket for SYNC",
    "Failed to read response from the server",
    "Sending command to master in replication handshake",
    "Sending command to primary in replication handshake",
];

/// Ids become `ID` and numbers `N`.
fn without_particulars(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let run =
            |accept: fn(&char) -> bool| rest.chars().take_while(accept).map(char::len_utf8).sum::<usize>();
        let hex = run(char::is_ascii_hexdigit);
        let digits = run(char::is_ascii_digit);
        let taken = if hex == 40 {
            out.push_str("ID");
            hex
        } else if digits > 0 {
            out.push('N');
            digits
        } else {
            out.push(first);
            first.len_utf8()
        };
        rest = &rest[taken..];
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read() -> Result<()> {
        let id = "a".repeat(40);
        let row =
            Row::parse(&format!("{id} 127.0.0.1:7000@17000,host myself,master - 0 0 3 connected 0-5 7"))?;
        assert_eq!((row.epoch, row.connected, row.myself), (3, true, true));
        assert_eq!(row.slots, ["0-5", "7"]);
        assert_eq!(row.common(true).1, "127.0.0.1:7000@17000");
        Ok(())
    }

    #[test]
    fn an_address_that_is_none_is_struck() {
        let line = |ip: &str| {
            format!("b 127.0.0.1:7000@17000 x\na {ip}:7001@17001,host master - 0 0 1 c\nb y:7000@17000 z")
        };
        for ip in ["127.0.0.1", "", "0123zone 4\na old:7001@17001,host master - 0 0 1 c\n\n"] {
            let mut text = line(ip);
            strike_address(&mut text, "a", 7001);
            assert_eq!(text, line(""));
        }
    }

    #[test]
    fn warnings_lose_their_particulars() {
        let id = "0123456789abcdef0123456789abcdef01234567";
        let line = format!("77:M 23 Nov 2026 03:18:00.123 # Node {id} at 127.0.0.1:20301 is bad");
        assert_eq!(warning(&line).as_deref(), Some("Node ID at N.N.N.N:N is bad"));
        assert_eq!(warning("77:M 23 Nov 2026 03:18:00.123 * fine"), None);
        let line = "77:S 23 Nov 2026 03:18:00.123 # Failed to read response from the server: Success";
        assert_eq!(warning(line).as_deref(), Some("Failed to read response from the server"));
    }
}
