use super::*;
use crate::view::EndpointType;
use crate::view::samples::{slot, view};

const ALL: KeyCounts = KeyCounts { existing: 2, missing: 0 };
const SOME: KeyCounts = KeyCounts { existing: 1, missing: 1 };
const NONE: KeyCounts = KeyCounts { existing: 0, missing: 2 };

const MINE: u16 = 5;
const THEIRS: u16 = 150;
const NOBODYS: u16 = 300;

/// Decides for keys of one slot; `keys` is `None` where they must not be counted.
fn decide(view: &View, n: u16, keys: Option<KeyCounts>, set: impl FnOnce(&mut Query<'_>)) -> Route {
    let slots = [slot(n), slot(n)];
    let mut query = Query::read(&slots);
    set(&mut query);
    let route = route(view, &query, || keys.expect("keys are counted only for open slots"));
    if keys.is_some() && view.migrating.is_empty() && view.importing.is_empty() {
        panic!("the case expects a count and nothing is open");
    }
    route
}

fn moved(n: u16, to: NodeIdx) -> Route {
    Route::Moved { slot: slot(n), to }
}

/// Node a with slot 5 on its way to b, and 150 on its way from b.
fn open(myself: NodeIdx) -> View {
    let mut view = view(myself);
    view.migrating = vec![(slot(MINE), 1)];
    view.importing = vec![(slot(THEIRS), 1)];
    view
}

#[test]
fn no_keys_run_here_whatever_the_state() {
    let mut view = view(0);
    view.state_ok = false;
    assert_eq!(route(&view, &Query::read(&[]), || unreachable!()), Route::Local);
}

#[test]
fn keys_of_two_slots_are_refused_before_owners_are_looked_at() {
    let slots = [slot(NOBODYS), slot(NOBODYS), slot(MINE)];
    assert_eq!(route(&view(0), &Query::read(&slots), || unreachable!()), Route::CrossSlot);
}

#[test]
fn unowned_comes_before_down() {
    let mut view = view(0);
    view.state_ok = false;
    assert_eq!(decide(&view, NOBODYS, None, |_| ()), Route::Unbound);
}

#[test]
fn owners_are_found() {
    assert_eq!(decide(&view(0), MINE, None, |_| ()), Route::Local);
    assert_eq!(decide(&view(0), THEIRS, None, |q| q.writes = true), moved(THEIRS, 1));
    assert_eq!(decide(&view(0), THEIRS, None, |q| q.asking = true), moved(THEIRS, 1));
}

#[test]
fn down() {
    let mut view = view(0);
    view.state_ok = false;
    assert_eq!(decide(&view, MINE, None, |_| ()), Route::Down);
    assert_eq!(decide(&view, MINE, None, |q| q.shard_pubsub = true), Route::Local);
    view.settings.pubsubshard_when_down = false;
    assert_eq!(decide(&view, MINE, None, |q| q.shard_pubsub = true), Route::Down);
    view.settings.reads_when_down = true;
    assert_eq!(decide(&view, MINE, None, |q| q.shard_pubsub = true), Route::Down);
    assert_eq!(decide(&view, MINE, None, |_| ()), Route::Local);
    assert_eq!(decide(&view, THEIRS, None, |_| ()), moved(THEIRS, 1));
    assert_eq!(decide(&view, MINE, None, |q| q.writes = true), Route::DownReadOnly);
}

#[test]
fn migrating() {
    let view = open(0);
    assert_eq!(decide(&view, MINE, Some(ALL), |_| ()), Route::Local);
    assert_eq!(decide(&view, MINE, Some(SOME), |_| ()), Route::TryAgain);
    assert_eq!(decide(&view, MINE, Some(NONE), |_| ()), Route::Ask { slot: slot(MINE), to: 1 });
    assert_eq!(decide(&view, MINE, Some(NONE), |q| q.migrate = true), Route::Local);
    assert_eq!(decide(&view, MINE, None, |q| q.other_db = true), Route::TryAgain);
    assert_eq!(decide(&view, MINE, None, |q| q.queueing = true), Route::Local);
    assert_eq!(decide(&view, MINE, None, |q| q.shard_pubsub = true), Route::Local);
    assert_eq!(decide(&view, 6, None, |_| ()), Route::Local);
}

#[test]
fn importing() {
    let view = open(0);
    assert_eq!(decide(&view, THEIRS, Some(ALL), |_| ()), moved(THEIRS, 1));
    assert_eq!(decide(&view, THEIRS, Some(ALL), |q| (q.asking, q.several_keys) = (true, true)), Route::Local);
    assert_eq!(
        decide(&view, THEIRS, Some(SOME), |q| (q.asking, q.several_keys) = (true, true)),
        Route::TryAgain
    );
    assert_eq!(
        decide(&view, THEIRS, Some(NONE), |q| (q.asking, q.several_keys) = (true, true)),
        Route::TryAgain
    );
    assert_eq!(decide(&view, THEIRS, Some(NONE), |q| (q.asking, q.writes) = (true, true)), Route::Local);
    assert_eq!(decide(&view, THEIRS, Some(NONE), |q| q.migrate = true), Route::Local);
    assert_eq!(decide(&view, THEIRS, None, |q| q.other_db = true), Route::TryAgain);
    assert_eq!(decide(&view, THEIRS, None, |q| (q.queueing, q.asking) = (true, true)), Route::Local);
}

#[test]
fn down_comes_before_open_slots() {
    let mut view = open(0);
    view.state_ok = false;
    assert_eq!(decide(&view, MINE, Some(NONE), |q| q.migrate = true), Route::Down);
}

#[test]
fn replicas_serve_readonly_clients() {
    let view = view(2);
    assert_eq!(decide(&view, MINE, None, |_| ()), moved(MINE, 0));
    assert_eq!(decide(&view, MINE, None, |q| q.readonly = true), Route::Local);
    assert_eq!(decide(&view, MINE, None, |q| (q.readonly, q.writes) = (true, true)), moved(MINE, 0));
    assert_eq!(decide(&view, MINE, None, |q| q.shard_pubsub = true), Route::Local);
    assert_eq!(decide(&view, THEIRS, None, |q| q.readonly = true), moved(THEIRS, 1));
}

#[test]
fn replicas_follow_the_marks_of_their_primary_for_readonly_clients() {
    let view = open(2);
    let ask = Route::Ask { slot: slot(MINE), to: 1 };
    assert_eq!(decide(&view, MINE, None, |_| ()), moved(MINE, 0));
    assert_eq!(decide(&view, MINE, Some(ALL), |q| q.readonly = true), Route::Local);
    assert_eq!(decide(&view, MINE, Some(NONE), |q| q.readonly = true), ask);
    assert_eq!(decide(&view, MINE, Some(SOME), |q| q.readonly = true), Route::TryAgain);
    assert_eq!(decide(&view, MINE, Some(NONE), |q| (q.readonly, q.migrate) = (true, true)), ask);
    assert_eq!(decide(&view, THEIRS, Some(ALL), |q| (q.readonly, q.asking) = (true, true)), Route::Local);
    assert_eq!(decide(&view, THEIRS, Some(ALL), |q| q.readonly = true), moved(THEIRS, 1));
    let write = |q: &mut Query<'_>| (q.readonly, q.asking, q.writes) = (true, true, true);
    assert_eq!(decide(&view, THEIRS, Some(ALL), write), moved(THEIRS, 1));
}

#[test]
fn blocked_clients_are_looked_at_again() {
    let mut open = open(0);
    assert_eq!(route_blocked(&open, slot(MINE), false), Route::Local);
    assert_eq!(route_blocked(&open, slot(THEIRS), false), Route::Local);
    assert_eq!(route_blocked(&open, slot(THEIRS + 1), false), moved(THEIRS + 1, 1));
    assert_eq!(route_blocked(&open, slot(NOBODYS), false), Route::Unbound);
    assert_eq!(route_blocked(&view(2), slot(MINE), true), Route::Local);
    assert_eq!(route_blocked(&view(2), slot(MINE), false), moved(MINE, 0));
    open.state_ok = false;
    assert_eq!(route_blocked(&open, slot(MINE), false), Route::Down);
}

#[test]
fn error_lines() {
    let mut view = view(0);
    view.nodes[1].address.tls_port = 6002;
    let (plain, tls) = (Audience::default(), Audience { tls: true, ipv6: false });
    let check = |view: &View, route: Route, who, expect: &str| {
        assert_eq!(route.error(view, who).as_deref(), Some(expect));
    };
    let ask = Route::Ask { slot: slot(THEIRS), to: 1 };
    assert_eq!(Route::Local.error(&view, plain), None);
    check(&view, moved(THEIRS, 1), plain, "-MOVED 150 10.0.0.2:7002");
    check(&view, ask, tls, "-ASK 150 10.0.0.2:6002");
    check(&view, Route::CrossSlot, plain, "-CROSSSLOT Keys in request don't hash to the same slot");
    check(&view, Route::TryAgain, plain, "-TRYAGAIN Multiple keys request during rehashing of slot");
    check(&view, Route::Down, plain, "-CLUSTERDOWN The cluster is down");
    check(
        &view,
        Route::DownReadOnly,
        plain,
        "-CLUSTERDOWN The cluster is down and only accepts read commands",
    );
    check(&view, Route::Unbound, plain, "-CLUSTERDOWN Hash slot not served");
    view.settings.endpoint = EndpointType::Hostname;
    check(&view, moved(THEIRS, 1), plain, "-MOVED 150 ?:7002");
    view.nodes[1].address.hostname = "b.example".to_owned();
    check(&view, moved(THEIRS, 1), plain, "-MOVED 150 b.example:7002");
    view.settings.endpoint = EndpointType::UnknownEndpoint;
    check(&view, moved(THEIRS, 1), plain, "-MOVED 150 :7002");
}
