//! INFO (spec `info.md`).

use crate::clients::{Card, CardFlags};
use crate::dispatch::{Call, Core, Flow};
use crate::pause::Paused;
use crate::pubsub::Kind;
use crate::samples::Rate;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::Arc;
use store::Waiter;

type Section = fn(&Core, &mut String);

/// All sections in their order: name, whether it is part of the default answer, what writes it.
const SECTIONS: [(&str, bool, Section); 13] = [
    ("server", true, server),
    ("clients", true, clients),
    ("memory", true, memory),
    ("persistence", true, persistence),
    ("stats", true, stats),
    ("replication", true, replication),
    ("cpu", true, cpu),
    ("modules", true, modules),
    ("commandstats", false, commandstats),
    ("errorstats", true, errorstats),
    ("latencystats", false, latencystats),
    ("cluster", true, cluster),
    ("keyspace", true, keyspace),
];

pub fn info(call: &mut Call<'_, '_>) -> Flow {
    let wanted = wanted(call.args.sub(1).iter());
    let mut text = String::with_capacity(4096);
    for (name, _, section) in SECTIONS.iter().filter(|(name, ..)| wanted.contains(name)) {
        if !text.is_empty() {
            text.push_str("\r\n");
        }
        let _ = write!(text, "# {}\r\n", title(name));
        section(call.core, &mut text);
    }
    call.out.verbatim("txt", text.as_bytes());
    Flow::Next
}

fn wanted<'a>(words: impl Iterator<Item = &'a [u8]>) -> BTreeSet<&'static str> {
    let mut wanted = BTreeSet::new();
    let mut any = false;
    let everything = |default_only: bool| {
        SECTIONS.iter().filter(move |(_, default, _)| *default || !default_only).map(|(name, ..)| *name)
    };
    for word in words {
        any = true;
        match &word.to_ascii_lowercase()[..] {
            b"default" => wanted.extend(everything(true)),
            b"all" | b"everything" => wanted.extend(everything(false)),
            word => wanted.extend(everything(false).find(|name| name.as_bytes() == word)),
        }
    }
    if !any {
        wanted.extend(everything(true));
    }
    wanted
}

fn title(name: &str) -> String {
    match name {
        "cpu" => "CPU".into(),
        _ => name[..1].to_ascii_uppercase() + &name[1..],
    }
}

macro_rules! fields {
    ($out:expr, $($name:literal: $value:expr),+ $(,)?) => {
        $(let _ = write!($out, concat!($name, ":{}\r\n"), $value);)+
    };
}

fn server(core: &Core, out: &mut String) {
    let (shared, config) = (&core.shared, &core.config);
    let process = &shared.outside.process;
    let uptime = core.now.mono.since(shared.started.mono).as_secs();
    let mode = if config.cluster.enabled { "cluster" } else { "standalone" };
    fields!(out,
        "redis_version": config.process.redis_version,
        "redis_git_sha1": "00000000",
        "redis_git_dirty": 0,
        "redis_build_id": "0",
        "redis_mode": mode,
        "server_name": "handfast",
        "handfast_version": env!("CARGO_PKG_VERSION"),
        "server_mode": mode,
        "os": process.os(),
        "arch_bits": usize::BITS,
        "monotonic_clock": "POSIX clock_gettime",
        "multiplexing_api": "epoll",
        "process_id": process.pid(),
        "process_supervised": "no",
        "run_id": shared.run_id,
        "tcp_port": config.network.port,
        "server_time_usec": core.now.unix_us,
        "uptime_in_seconds": uptime,
        "uptime_in_days": uptime / 86400,
        "hz": config.process.hz,
        "configured_hz": config.process.hz,
        "lru_clock": core.now.unix_s() & 0xFF_FFFF,
        "executable": process.executable(),
        "config_file": process.config_file(),
        "io_threads_active": u8::from(shared.workers > 1),
        "io_threads": shared.workers,
        "availability_zone": String::from_utf8_lossy(&config.cluster.availability_zone),
    );
}

fn clients(core: &Core, out: &mut String) {
    let shared = &core.shared;
    let known = core.view.nodes.len().saturating_sub(1) * 2;
    let cards = shared.clients.all();
    let watching = cards.iter().filter(|c| c.watching.load(std::sync::atomic::Ordering::Relaxed) > 0).count();
    let blocked = cards.iter().filter(|c| c.flags().has(CardFlags::BLOCKED)).count();
    let listening = cards.iter().filter(|c| c.flags().has(CardFlags::PUBSUB)).count();
    let timed = cards.iter().filter(|c| c.waiter().is_some_and(|w| crate::blocking::of(&w).is_timed)).count();
    let paused = core.paused();
    fields!(out,
        "connected_clients": shared.clients.len(),
        "cluster_connections": if core.config.cluster.enabled { known } else { 0 },
        "maxclients": core.config.clients.max,
        "client_recent_max_input_buffer": shared.counters.iter().map(|c| c.max_input.get()).max().unwrap_or(0),
        "client_recent_max_output_buffer": shared.counters.iter().map(|c| c.max_output.get()).max().unwrap_or(0),
        "blocked_clients": blocked,
        "tracking_clients": 0,
        "clients_in_timeout_table": timed,
        "pubsub_clients": listening,
        "watching_clients": watching,
        "total_watched_keys": cards.iter().map(|c| c.watching.load(std::sync::atomic::Ordering::Relaxed)).sum::<u32>(),
        "total_blocking_keys": awaited_keys(&cards, |_| true),
        "total_blocking_keys_on_nokey": awaited_keys(&cards, |waiter| waiter.kind.is_none()),
        "paused_reason": if paused == Paused::Nothing { "none" } else { "client_pause" },
        "paused_actions": match paused { Paused::Nothing => "none", Paused::Writes => "write", Paused::All => "all" },
        "paused_timeout_milliseconds": shared.pause.until().since(core.now.mono).as_millis(),
    );
}

/// How many keys blocked clients wait for, of those waits that are `wanted`.
fn awaited_keys(cards: &[Arc<Card>], wanted: impl Fn(&Waiter) -> bool) -> usize {
    let waiters: Vec<Arc<Waiter>> =
        cards.iter().filter_map(|card| card.waiter()).filter(|w| wanted(w)).collect();
    let mut keys = BTreeSet::new();
    for waiter in &waiters {
        let blocked = crate::blocking::of(waiter);
        let args = blocked.request.as_args();
        keys.extend(
            blocked.keys.iter().take(blocked.awaited).map(|key| (blocked.db, args.at(key.index as usize))),
        );
    }
    keys.len()
}

fn memory(core: &Core, out: &mut String) {
    let (shared, config) = (&core.shared, &core.config);
    let process = &shared.outside.process;
    let (used, active, resident) = process.allocator();
    let (rss, total) = (process.resident(), process.total_memory());
    let peak = shared.samples.memory_peak(used);
    let (libraries, scripts) = (shared.libraries.load_full(), &shared.scripts);
    let lua = scripts.interpreters.load(std::sync::atomic::Ordering::Relaxed);
    let dataset = shared.keyspace.memory_used();
    let ratio = |a: u64, b: u64| if b == 0 { 0.0 } else { a as f64 / b as f64 };
    let percent = |a: u64, b: u64| format!("{:.2}%", ratio(a, b) * 100.0);
    let input: u64 = shared
        .clients
        .all()
        .iter()
        .map(|c| {
            let of = |a: &std::sync::atomic::AtomicU64| a.load(std::sync::atomic::Ordering::Relaxed);
            of(&c.query) + of(&c.query_free) + of(&c.output) + of(&c.multi_bytes) + 1024
        })
        .sum();
    fields!(out,
        "used_memory": used,
        "used_memory_human": format_human_bytes(used),
        "used_memory_rss": rss,
        "used_memory_rss_human": format_human_bytes(rss),
        "used_memory_peak": peak,
        "used_memory_peak_human": format_human_bytes(peak),
        "used_memory_peak_perc": percent(used, peak),
        "used_memory_overhead": used.saturating_sub(dataset),
        "used_memory_dataset": dataset,
        "used_memory_dataset_perc": percent(dataset, used),
        "allocator_allocated": used,
        "allocator_active": active,
        "allocator_resident": resident,
        "total_system_memory": total,
        "total_system_memory_human": format_human_bytes(total),
        "used_memory_lua": lua,
        "used_memory_vm_eval": lua,
        "used_memory_lua_human": format_human_bytes(lua),
        "used_memory_scripts_eval": scripts.cache.memory(),
        "number_of_cached_scripts": scripts.cache.count(),
        "number_of_functions": libraries.function_count(),
        "number_of_libraries": libraries.len(),
        "used_memory_functions": libraries.memory(),
        "maxmemory": config.memory.max,
        "maxmemory_human": format_human_bytes(config.memory.max),
        "maxmemory_policy": core.shared.settings().get([&b"maxmemory-policy"[..]]).first().map_or(String::new(), |(_, v)| String::from_utf8_lossy(v).into_owned()),
        "allocator_frag_ratio": format!("{:.2}", ratio(active, used)),
        "allocator_frag_bytes": active.saturating_sub(used),
        "allocator_rss_ratio": format!("{:.2}", ratio(resident, active)),
        "allocator_rss_bytes": resident.saturating_sub(active),
        "rss_overhead_ratio": format!("{:.2}", ratio(rss, resident)),
        "rss_overhead_bytes": rss.saturating_sub(resident),
        "mem_fragmentation_ratio": format!("{:.2}", ratio(rss, used)),
        "mem_fragmentation_bytes": rss.saturating_sub(used),
        "mem_not_counted_for_evict": 0,
        "mem_replication_backlog": 0,
        "mem_total_replication_buffers": 0,
        "mem_clients_slaves": 0,
        "mem_clients_normal": input,
        "mem_cluster_links": 0,
        "mem_aof_buffer": 0,
        "mem_allocator": "jemalloc-5.3.0",
        "lazyfree_pending_objects": 0,
        "lazyfreed_objects": 0,
    );
}

/// Nothing is written to disk yet; the fields that clients read say so.
fn persistence(core: &Core, out: &mut String) {
    let changes = core.shared.total(|c| &c.dirty);
    fields!(out,
        "loading": 0,
        "async_loading": 0,
        "rdb_changes_since_last_save": changes,
        "rdb_bgsave_in_progress": 0,
        "rdb_last_save_time": core.shared.started.unix_s(),
        "rdb_last_bgsave_status": "ok",
        "rdb_last_bgsave_time_sec": -1,
        "rdb_current_bgsave_time_sec": -1,
        "rdb_saves": 0,
        "aof_enabled": 0,
        "aof_rewrite_in_progress": 0,
        "aof_rewrite_scheduled": 0,
        "aof_last_rewrite_time_sec": -1,
        "aof_current_rewrite_time_sec": -1,
        "aof_last_bgrewrite_status": "ok",
        "aof_last_write_status": "ok",
    );
}

fn stats(core: &Core, out: &mut String) {
    let shared = &core.shared;
    let kbps = |rate| format!("{:.2}", shared.samples.rate(rate) as f64 / 1024.0);
    fields!(out,
        "total_connections_received": shared.total(|c| &c.connections),
        "total_commands_processed": shared.total(|c| &c.commands),
        "instantaneous_ops_per_sec": shared.samples.rate(Rate::Commands),
        "total_net_input_bytes": shared.total(|c| &c.net_input),
        "total_net_output_bytes": shared.total(|c| &c.net_output),
        "total_net_repl_input_bytes": 0,
        "total_net_repl_output_bytes": 0,
        "instantaneous_input_kbps": kbps(Rate::Input),
        "instantaneous_output_kbps": kbps(Rate::Output),
        "rejected_connections": shared.total(|c| &c.rejected_connections),
        "sync_full": 0,
        "sync_partial_ok": 0,
        "sync_partial_err": 0,
        "expired_keys": shared.total(|c| &c.expired),
        "expired_fields": shared.total(|c| &c.expired_fields),
        "evicted_keys": 0,
        "evicted_clients": 0,
        "evicted_scripts": shared.total(|c| &c.evicted_scripts),
        "keyspace_hits": shared.total(|c| &c.hits),
        "keyspace_misses": shared.total(|c| &c.misses),
        "pubsub_channels": shared.hub.count(Kind::Channel),
        "pubsub_patterns": shared.hub.count(Kind::Pattern),
        "pubsubshard_channels": shared.hub.count(Kind::Shard),
        "latest_fork_usec": 0,
        "total_forks": 0,
        "migrate_cached_sockets": shared.outside.process.idle_links(),
        "slave_expires_tracked_keys": 0,
        "tracking_total_keys": 0,
        "tracking_total_items": 0,
        "tracking_total_prefixes": 0,
        "unexpected_error_replies": 0,
        "total_error_replies": shared.total(|c| &c.errors),
        "dump_payload_sanitizations": 0,
        "total_reads_processed": shared.total(|c| &c.reads),
        "total_writes_processed": shared.total(|c| &c.writes),
        "client_query_buffer_limit_disconnections": shared.total(|c| &c.query_buffer_closed),
        "client_output_buffer_limit_disconnections": shared.total(|c| &c.output_buffer_closed),
        "stripe_waits": shared.total(|c| &c.stripe_waits),
    );
}

fn replication(core: &Core, out: &mut String) {
    fields!(out,
        "role": "master",
        "connected_slaves": 0,
        "master_failover_state": "no-failover",
        "master_replid": core.shared.repl_id,
        "master_replid2": "0".repeat(40),
        "master_repl_offset": 0,
        "second_repl_offset": -1,
        "repl_backlog_active": 0,
        "repl_backlog_size": 0,
        "repl_backlog_first_byte_offset": 0,
        "repl_backlog_histlen": 0,
    );
}

fn cpu(core: &Core, out: &mut String) {
    let (system, user) = core.shared.outside.process.cpu();
    let seconds = |us: u64| format!("{}.{:06}", us / 1_000_000, us % 1_000_000);
    fields!(out,
        "used_cpu_sys": seconds(system),
        "used_cpu_user": seconds(user),
        "used_cpu_sys_children": "0.000000",
        "used_cpu_user_children": "0.000000",
    );
}

fn modules(_core: &Core, _out: &mut String) {}

fn commandstats(core: &Core, out: &mut String) {
    let shared = &core.shared;
    for command in shared.table.all() {
        let sum = |of: fn(&crate::counters::CommandCounters) -> &crate::counters::Counter| -> u64 {
            shared.command_counters.iter().map(|list| of(&list[usize::from(command.id.0)]).get()).sum()
        };
        let (calls, rejected, failed) = (sum(|c| &c.calls), sum(|c| &c.rejected), sum(|c| &c.failed));
        if calls + rejected + failed == 0 {
            continue;
        }
        let usec = sum(|c| &c.usec_1024) as f64 / 1024.0;
        let each = if calls == 0 { 0.0 } else { usec / calls as f64 };
        let _ = write!(
            out,
            "cmdstat_{}:calls={calls},usec={},usec_per_call={each:.2},rejected_calls={rejected},failed_calls={failed}\r\n",
            command.spec.name,
            usec.round() as u64,
        );
    }
}

fn errorstats(core: &Core, out: &mut String) {
    for (code, count) in core.shared.errors.all() {
        let _ = write!(out, "errorstat_{code}:count={count}\r\n");
    }
}

/// Percentiles are not kept yet.
fn latencystats(_core: &Core, _out: &mut String) {}

fn cluster(core: &Core, out: &mut String) {
    fields!(out, "cluster_enabled": u8::from(core.config.cluster.enabled));
}

fn keyspace(core: &Core, out: &mut String) {
    let keyspace = &core.shared.keyspace;
    for db in 0..keyspace.databases() {
        let keys = keyspace.db_size(db);
        if keys > 0 {
            let (expires, volatile) = (keyspace.expires(db), keyspace.volatile(db));
            let _ = write!(out, "db{db}:keys={keys},expires={expires},avg_ttl=0");
            let _ = write!(out, ",keys_with_volatile_items={volatile}\r\n");
        }
    }
}

/// `1.50M`, as Redis writes sizes for people.
fn format_human_bytes(bytes: u64) -> String {
    let units = [("B", 0), ("K", 10), ("M", 20), ("G", 30), ("T", 40), ("P", 50)];
    let (unit, shift) = units.iter().rev().find(|(_, shift)| bytes >> shift > 0).copied().unwrap_or(("B", 0));
    if shift == 0 {
        format!("{bytes}B")
    } else {
        format!("{:.2}{unit}", bytes as f64 / (1_u64 << shift) as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_by_name() {
        let names = |words: &[&str]| wanted(words.iter().map(|w| w.as_bytes())).len();
        assert_eq!(names(&[]), 11);
        assert_eq!(names(&["all"]), 13);
        assert_eq!(names(&["CPU", "sentinel"]), 1);
        assert_eq!(names(&["default", "commandstats"]), 12);
        assert_eq!(title("cpu"), "CPU");
    }
}
