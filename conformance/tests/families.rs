//! All four kinds in one cluster, two by two and all together: what each announces is shown by every other that knows of it.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use conformance::announced::{self, Announced};
use conformance::client::Reply;
use conformance::mesh::{Mesh, NODE_TIMEOUT_MS, wait};
use conformance::node::Kind::{self, Handfast, Redis7, Redis8, Valkey9};
use conformance::warnings::{self, Warnings};

const MEETING_TIME_MAX: Duration = Duration::from_secs(15);
const FAILURE_TIME_MAX: Duration = Duration::from_secs(15);
/// What is announced is known to everybody by then: the kinds ping each other once in half the node timeout.
const TELLING_TIME_MAX: Duration = Duration::from_secs(10);

/// Everything that each can announce. A Valkey 9 with an address for clients, and a Redis 8, do not join each other.
fn announcements(kinds: &[Kind]) -> Vec<Announced> {
    let shy = kinds.contains(&Redis8);
    let one = |(number, kind): (usize, &Kind)| {
        let all = Announced::all(*kind, number + 1);
        if shy && *kind == Valkey9 { all.without_client_address() } else { all }
    };
    kinds.iter().enumerate().map(one).collect()
}

/// Starts them, lets them meet, and shares the slots.
fn form(kinds: &[Kind], announced: &[Announced], meets: &[(usize, usize)], port: u16) -> Result<Mesh> {
    let options = |said: &Announced| {
        let mut options = said.options();
        options.extend(["--enable-debug-command", "yes", "--bind", "127.0.0.1", "-::1"].map(str::to_owned));
        options
    };
    let each: Vec<_> = kinds.iter().zip(announced).map(|(kind, said)| (*kind, options(said))).collect();
    let mesh = Mesh::start_each(&each, port)?;
    for (from, to) in meets {
        mesh.meet(*from, *to)?;
    }
    mesh.wait_until_settled(MEETING_TIME_MAX)?;
    mesh.share_slots()?;
    mesh.wait_for_state("ok", None, FAILURE_TIME_MAX)?;
    mesh.wait_until_settled(MEETING_TIME_MAX)?;
    Ok(mesh)
}

fn wait_until_told(mesh: &Mesh, announced: &[Announced]) -> Result<()> {
    wait(TELLING_TIME_MAX, "agreement about what is announced", || announced::check(mesh, announced))
}

fn pair(kinds: [Kind; 2], port: u16) -> Result<()> {
    for meets in [[(0, 1)], [(1, 0)]] {
        let said = announcements(&kinds);
        let mesh = form(&kinds, &said, &meets, port).with_context(|| format!("{kinds:?} as {meets:?}"))?;
        let context = || format!("{kinds:?} as {meets:?}");
        wait_until_told(&mesh, &said).with_context(context)?;
        if kinds[0] == Handfast {
            warnings::check(&mesh.warnings()).with_context(context)?;
        }
    }
    Ok(())
}

#[test]
fn handfast_with_each_kind_in_both_orders() -> Result<()> {
    Kind::ALL.into_iter().try_for_each(|kind| pair([Handfast, kind], 20500))
}

/// Without us: shows that the tests here ask nothing that the real ones do not do.
#[test]
fn the_others_with_each_other_in_both_orders() -> Result<()> {
    let pairs = [(Redis7, Redis7), (Redis7, Redis8), (Redis7, Valkey9), (Redis8, Redis8), (Valkey9, Valkey9)];
    pairs.into_iter().try_for_each(|(a, b)| pair([a, b], 20510))?;
    pair([Redis8, Valkey9], 20510)
}

/// Chains and stars in which each kind once begins, and each is met.
const MEETS: [&[(usize, usize)]; 4] = [
    &[(0, 1), (1, 2), (2, 3)],
    &[(3, 2), (2, 1), (1, 0)],
    &[(0, 1), (0, 2), (0, 3)],
    &[(1, 0), (2, 0), (3, 0)],
];

#[test]
fn all_four_together() -> Result<()> {
    let kinds = Kind::ALL;
    let said = announcements(&kinds);
    for meets in MEETS {
        let context = || format!("{kinds:?} as {meets:?}");
        let mesh = form(&kinds, &said, meets, 20520).with_context(context)?;
        wait_until_told(&mesh, &said).with_context(context)?;
        warnings::check(&mesh_warnings(&mesh)).with_context(context)?;
    }
    Ok(())
}

/// Redis 8 and Valkey 9 tell a Redis 7 that has a host name all that they announce, and it warns of that.
fn mesh_warnings(mesh: &Mesh) -> Warnings {
    let mut all = mesh.warnings();
    all.entry(Redis7).or_default().remove("Received unknown extension type N");
    all
}

/// Each is missed by all others when it dies, and welcomed back. Valkey 9 may not load the file in which it took a secret of
/// Redis 8 for an address: it is not killed.
#[test]
fn all_four_lose_and_regain_each_other() -> Result<()> {
    let kinds = Kind::ALL;
    let said = announcements(&kinds);
    let mut mesh = form(&kinds, &said, MEETS[0], 20530)?;
    for dead in (0..kinds.len()).filter(|at| kinds[*at] != Valkey9) {
        let id = mesh.id(dead)?;
        mesh.nodes[dead].kill()?;
        mesh.wait_for_failure(dead, &id, FAILURE_TIME_MAX)?;
        mesh.nodes[dead].restart()?;
        mesh.wait_until_settled(FAILURE_TIME_MAX).with_context(|| format!("{} is back", mesh.nodes[dead]))?;
        mesh.wait_for_state("ok", None, FAILURE_TIME_MAX)?;
    }
    wait_until_told(&mesh, &said)
}

/// Between a Redis 8 and a Valkey 9 that refuse each other, both keep us and we keep both.
#[test]
fn two_that_do_not_join_each_other_are_both_joined() -> Result<()> {
    let kinds = [Handfast, Redis8, Valkey9];
    let said: Vec<_> = kinds.iter().enumerate().map(|(n, kind)| Announced::all(*kind, n + 1)).collect();
    let each: Vec<_> = kinds.iter().zip(&said).map(|(kind, said)| (*kind, said.options())).collect();
    let mesh = Mesh::start_each(&each, 20540)?;
    mesh.share_slots()?;
    let ids = (0..3).map(|node| mesh.id(node)).collect::<Result<Vec<_>>>()?;
    mesh.meet(0, 1)?;
    mesh.meet(0, 2)?;
    let healthy = |viewer: usize, subject: usize, address: &str| -> Result<()> {
        let rows = mesh.rows(viewer)?;
        let row = rows.iter().find(|row| row.id == ids[subject]).context("it is not known")?;
        ensure!(row.connected && !row.flags.contains("fail?") && !row.flags.contains("fail"), "{row:?}");
        let own = row.address.split('@').next();
        ensure!(own == Some(address), "{} shows {}", mesh.nodes[viewer], row.address);
        Ok(())
    };
    let whole = || {
        healthy(0, 1, "127.0.0.1:20541")?;
        healthy(0, 2, "192.0.2.3:7003")?;
        healthy(1, 0, "127.0.0.1:20540")?;
        healthy(2, 0, "192.0.2.1:7001")
    };
    wait(MEETING_TIME_MAX, "link to both", whole)?;
    let start = Instant::now();
    while start.elapsed() < Duration::from_millis(4 * u64::from(NODE_TIMEOUT_MS)) {
        std::thread::sleep(Duration::from_millis(200));
        whole().with_context(|| format!("after {:?}", start.elapsed()))?;
    }
    Ok(())
}

/// Every kind of reply that names nodes is Valkey's to the letter where Valkey knows the same.
#[test]
fn replies_are_those_of_valkey() -> Result<()> {
    let kinds = [Handfast, Valkey9, Handfast];
    let said = announcements(&kinds);
    let mesh = form(&kinds, &said, &[(0, 1), (1, 2)], 20550)?;
    wait_until_told(&mesh, &said)?;
    for endpoint in ["ip", "hostname", "unknown-endpoint"] {
        for node in &mesh.nodes[..2] {
            node.ok(&["CONFIG", "SET", "cluster-preferred-endpoint-type", endpoint])?;
        }
        for ipv6 in [false, true] {
            for what in ["SLOTS", "SHARDS", "NODES"] {
                let asked = |node: usize| -> Result<Vec<String>> {
                    let reply = mesh.nodes[node].call_from(ipv6, &["CLUSTER", what])?;
                    comparable(&reply)
                };
                let (ours, theirs) = (asked(0)?, asked(1)?);
                ensure!(ours == theirs, "{endpoint} {what} IPv6 {ipv6}:\n{ours:#?}\n{theirs:#?}");
            }
            // `foo` is the third's.
            let moved = |node: usize| mesh.nodes[node].call_from(ipv6, &["GET", "foo"]);
            ensure!(moved(0)? == moved(1)?, "{} and {}", moved(0)?, moved(1)?);
        }
    }
    Ok(())
}

/// The parts of a reply in an order of their own, without what depends on who is asked, and when.
fn comparable(reply: &Reply) -> Result<Vec<String>> {
    let mut parts: Vec<String> = match reply {
        Reply::Bulk(text) => text.lines().map(without_times).collect(),
        // Replicas' offsets aside, which are all 0 here, nothing moves.
        Reply::Array(items) => items.iter().map(|item| format!("{item:?}")).collect(),
        other => bail!("{other}"),
    };
    parts.sort();
    Ok(parts)
}

fn without_times(line: &str) -> String {
    let line = line.replace("myself,", "");
    let fields: Vec<&str> = line.split(' ').collect();
    [&fields[..4], &fields[6..]].concat().join(" ")
}

#[test]
fn settings_changed_at_run_time_are_told() -> Result<()> {
    for kinds in [[Handfast, Redis7, Valkey9], [Handfast, Redis7, Redis8]] {
        let none = vec![Announced::default(); 3];
        // A Redis 7 takes host names from those who know that it does, which it shows by having one.
        let mut said = none.clone();
        said[1].hostname = "seven.example".into();
        let mesh = form(&kinds, &said, &[(0, 1), (1, 2)], 20560)?;
        said[0] = Announced::all(Handfast, 1);
        for (name, value) in said[0].settings() {
            mesh.nodes[0].ok(&["CONFIG", "SET", name, &value])?;
        }
        wait(Duration::from_millis(500), "agreement", || announced::check(&mesh, &said))
            .with_context(|| format!("{kinds:?}"))?;
        for (name, value) in said[0].settings() {
            let none = if value.parse::<u16>().is_ok() { "0" } else { "" };
            mesh.nodes[0].ok(&["CONFIG", "SET", name, none])?;
        }
        said[0] = Announced::default();
        wait(Duration::from_millis(500), "agreement", || announced::check(&mesh, &said))
            .with_context(|| format!("{kinds:?}, taken back"))?;
        addresses_are_followed(&mesh)?;
    }
    Ok(())
}

/// Ports, and addresses that are host names, as Redis and Valkey resolve them.
fn addresses_are_followed(mesh: &Mesh) -> Result<()> {
    let shown = |address: &str| -> Result<()> {
        let id = mesh.id(0)?;
        for viewer in 0..mesh.nodes.len() {
            let rows = mesh.rows(viewer)?;
            let row = rows.iter().find(|row| row.id == id).context("it is not known")?;
            let own = row.address.split(',').next();
            ensure!(own == Some(address), "{} shows {}", mesh.nodes[viewer], row.address);
            ensure!(row.connected, "{} lost its link", mesh.nodes[viewer]);
        }
        Ok(())
    };
    let port = mesh.nodes[0].port;
    mesh.nodes[0].ok(&["CONFIG", "SET", "cluster-announce-port", "7999"])?;
    wait(TELLING_TIME_MAX, "new port", || shown(&format!("127.0.0.1:7999@{}", port + 10000)))?;
    mesh.nodes[0].ok(&["CONFIG", "SET", "cluster-announce-port", "0"])?;
    wait(TELLING_TIME_MAX, "old port", || shown(&format!("127.0.0.1:{port}@{}", port + 10000)))?;
    for node in &mesh.nodes {
        node.ok(&["CONFIG", "SET", "cluster-announce-ip", "localhost"])?;
    }
    wait(TELLING_TIME_MAX, "host name", || shown(&format!("localhost:{port}@{}", port + 10000)))?;
    mesh.wait_until_settled(MEETING_TIME_MAX)?;
    // The links that were there go on; new ones are dialled by name.
    for node in 1..mesh.nodes.len() {
        let id = mesh.id(node)?;
        mesh.nodes[0].ok(&["DEBUG", "CLUSTERLINK", "KILL", "to", &id])?;
    }
    mesh.wait_until_settled(MEETING_TIME_MAX)
}

/// A FORGET on any node that can tell of it removes the node from every other that listens.
#[test]
fn forget_on_one_removes_from_all() -> Result<()> {
    let kinds = [Handfast, Redis7, Redis8, Valkey9, Handfast];
    let victim = 4;
    for forgetter in (0..4).filter(|at| kinds[*at].spreads_forget()) {
        let said = announcements(&kinds);
        let mesh = form(&kinds, &said, &[(0, 1), (1, 2), (2, 3), (3, 4)], 20570)?;
        let id = mesh.id(victim)?;
        mesh.nodes[forgetter].ok(&["CLUSTER", "FORGET", &id])?;
        let known = |viewer: usize| -> Result<bool> { Ok(mesh.rows(viewer)?.iter().any(|row| row.id == id)) };
        let gone = || {
            for (viewer, kind) in kinds.iter().enumerate().take(victim) {
                let expect = *kind == Redis7;
                ensure!(known(viewer)? == expect, "{} knows it: {}", mesh.nodes[viewer], !expect);
            }
            Ok(())
        };
        let context = || format!("forgotten by {}", mesh.nodes[forgetter]);
        // Ours tells at once; the others with their next pings.
        let limit = if kinds[forgetter] == Handfast { 500 } else { 4000 };
        wait(Duration::from_millis(limit), "forgetting", gone).with_context(context)?;
        let start = Instant::now();
        // The forgotten node is alive, and Redis 7 goes on telling of it.
        while start.elapsed() < Duration::from_millis(3 * u64::from(NODE_TIMEOUT_MS)) {
            std::thread::sleep(Duration::from_millis(200));
            gone().with_context(context)?;
        }
    }
    Ok(())
}

/// A node that was reset knows nobody; whoever goes on seeing a link to it that nobody answers says MEET again.
#[test]
fn one_sided_links_are_met_again() -> Result<()> {
    for kinds in [[Handfast, Valkey9], [Valkey9, Handfast], [Handfast, Handfast]] {
        let mesh = Mesh::start(&kinds, 20580)?;
        mesh.meet(0, 1)?;
        mesh.wait_until_settled(MEETING_TIME_MAX)?;
        mesh.nodes[1].ok(&["CLUSTER", "RESET", "SOFT"])?;
        wait(MEETING_TIME_MAX, "second MEET", || {
            let known = mesh.rows(1)?.len();
            ensure!(known == 2, "{} knows {known}", mesh.nodes[1]);
            Ok(())
        })
        .with_context(|| format!("{kinds:?}"))?;
        mesh.wait_until_settled(MEETING_TIME_MAX)?;
    }
    Ok(())
}

/// PUBLISH of each kind reaches us, under full and under light headers, and leaves the links as they were.
#[test]
fn published_messages_are_counted() -> Result<()> {
    let kinds = Kind::ALL;
    let mesh = form(&kinds, &announcements(&kinds), MEETS[2], 20590)?;
    let counted = || -> Result<u64> {
        let info = mesh.nodes[0].call(&["CLUSTER", "INFO"])?;
        let name = "cluster_stats_messages_publish_received:";
        let line = info.text()?.lines().find_map(|line| line.strip_prefix(name).map(str::to_owned));
        Ok(line.map_or(0, |count| count.trim_end().parse().unwrap_or(0)))
    };
    ensure!(counted()? == 0, "nothing was published");
    for node in &mesh.nodes[1..] {
        for _ in 0..10 {
            node.call(&["PUBLISH", "news", "hello"])?;
        }
    }
    wait(Duration::from_secs(2), "count", || {
        let count = counted()?;
        ensure!(count == 30, "{count} messages");
        Ok(())
    })?;
    std::thread::sleep(Duration::from_millis(500));
    mesh.wait_until_settled(Duration::ZERO)
}

/// Two nodes with four databases each: the same commands get the same answers, while a slot moves too.
#[test]
fn numbered_databases_are_those_of_valkey() -> Result<()> {
    let options = ["--cluster-databases", "4"].map(str::to_owned).to_vec();
    let mesh = Mesh::start_each(&[(Handfast, options.clone()), (Valkey9, options)], 20600)?;
    mesh.meet(0, 1)?;
    mesh.wait_until_settled(MEETING_TIME_MAX)?;
    mesh.share_slots()?;
    mesh.wait_for_state("ok", None, FAILURE_TIME_MAX)?;
    let tell = |node: usize| -> Result<Vec<Reply>> {
        // `foo` is in 12182, of the second; `bar` in 5061, of the first.
        let (key, slot) = if node == 0 { ("bar", "5061") } else { ("foo", "12182") };
        let other = mesh.id(1 - node)?;
        let mut client = conformance::client::Client::connect(mesh.nodes[node].port)?;
        let script = "SELECT 3|SET KEY three|SELECT 4|CLUSTER COUNTKEYSINSLOT SLOT|SELECT 0|CLUSTER COUNTKEYSINSLOT SLOT|GET KEY|\
            SELECT 3|CLUSTER GETKEYSINSLOT SLOT 10|MOVE KEY 1|MOVE KEY 9|COPY KEY KEY DB 2|SELECT 1|COPY KEY KEY DB 2|\
            DBSIZE|SWAPDB 0 1|CLUSTER SETSLOT SLOT NODE OTHER|CLUSTER SETSLOT SLOT MIGRATING OTHER|MOVE KEY 3|\
            COPY KEY KEY DB 3|COPY KEY KEY DB 1|GET KEY|SELECT 0|MULTI|SELECT 2|GET KEY|EXEC|MULTI|MOVE KEY 3|EXEC|\
            CLUSTER SETSLOT SLOT STABLE|MULTI|SELECT 2|GET KEY|EXEC|DBSIZE|FLUSHALL|SELECT 1|DBSIZE";
        let words = |command: &str| -> Vec<String> {
            let word = |word: &str| match word {
                "KEY" => key.to_owned(),
                "SLOT" => slot.to_owned(),
                "OTHER" => other.clone(),
                word => word.to_owned(),
            };
            command.split(' ').map(word).collect()
        };
        let mut replies = Vec::new();
        for command in script.split('|') {
            let reply = client.call(&words(command))?;
            replies.push(match reply {
                Reply::Error(text) => Reply::Error(text.replace(slot, "SLOT")),
                Reply::Array(items) if items == [Reply::Bulk(key.into())] => Reply::Simple("[KEY]".into()),
                other => other,
            });
        }
        Ok(replies)
    };
    let (ours, theirs) = (tell(0)?, tell(1)?);
    for (number, (ours, theirs)) in ours.iter().zip(&theirs).enumerate() {
        let same =
            ours == theirs || matches!((ours, theirs), (Reply::Error(a), Reply::Error(b)) if ask(a, b));
        ensure!(same, "reply {number}: {ours}, and Valkey's {theirs}");
    }
    Ok(())
}

/// Two ASKs that differ in the port only, as each names the other.
fn ask(a: &str, b: &str) -> bool {
    let place = |text: &str| text.rsplit_once(':').map(|(front, _)| front.to_owned());
    a.starts_with("ASK ") && place(a) == place(b)
}

/// Ten minutes of nothing: no node may doubt another, lose a link, forget what was announced, or complain.
#[test]
#[ignore = "takes minutes: part of the nightly run"]
fn soak_of_all_four() -> Result<()> {
    let seconds = std::env::var("SOAK_SECONDS").ok().and_then(|s| s.parse().ok()).unwrap_or(600);
    let kinds = [Handfast, Redis7, Redis8, Valkey9, Handfast];
    let said = announcements(&kinds);
    let mesh = form(&kinds, &said, &[(0, 1), (1, 2), (2, 3), (3, 4)], 20610)?;
    wait_until_told(&mesh, &said)?;
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(seconds) {
        std::thread::sleep(Duration::from_secs(1));
        let context = || format!("after {:?}", start.elapsed());
        mesh.wait_until_settled(Duration::ZERO).with_context(context)?;
        announced::check(&mesh, &said).with_context(context)?;
    }
    warnings::check(&mesh_warnings(&mesh))
}
