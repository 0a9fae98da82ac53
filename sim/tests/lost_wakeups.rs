//! Ways in which a client, or everybody, could come to wait for ever.

use resp::client::Value;
use sim::desk::{Desk, Heard};
use sim::seat::{Machine, SocketKey};
use std::time::Duration;

/// More than a worker holds for a client whose command waits.
const MUCH_BYTES: usize = 3 << 20;

fn replies(desk: &mut Desk, key: SocketKey) -> usize {
    desk.heard(key).iter().filter(|heard| matches!(heard, Heard::Reply(_))).count()
}

/// A socket that was not read while its client waited tells nothing anew when there is room again.
#[test]
fn what_was_not_read_is_read_later() {
    let mut desk = Desk::new(2, &[], 1);
    let (a, b) = (desk.connect(0, true), desk.connect(1, true));
    desk.command(b, &[b"CLIENT", b"PAUSE", b"100000"]);
    desk.settle();
    let (text, mut sent, mut commands) = (vec![b'x'; 1000], 0, 0);
    while sent < MUCH_BYTES {
        desk.command(a, &[b"ECHO", &text]);
        (sent, commands) = (sent + text.len(), commands + 1);
    }
    desk.settle();
    assert_eq!(replies(&mut desk, a), 0);
    desk.command(b, &[b"CLIENT", b"UNPAUSE"]);
    desk.settle();
    assert_eq!(replies(&mut desk, a), commands);
}

/// A worker with nothing to do sleeps, also after somebody gave up waiting for the whole keyspace.
#[test]
fn nobody_spins_for_a_client_that_left() {
    let mut desk = Desk::new(1, &[], 1);
    let a = desk.connect(0, true);
    desk.while_inside(|desk| {
        desk.command(a, &[b"FLUSHALL"]);
        desk.settle();
        desk.wait(Duration::from_millis(2));
        desk.seat.break_off(a);
        desk.settle();
        desk.wait(Duration::from_millis(1));
    });
    desk.settle();
    let wakes = desk.seat.timeout(Machine::Worker(0));
    assert!(wakes > desk.now().mono, "the worker wants to be stepped at {wakes:?}");
}

/// When control takes the permit along, those behind it ask for it at once.
#[test]
fn the_next_in_line_asks_at_once() {
    let mut desk = Desk::new(1, &["enable-debug-command yes".to_owned()], 1);
    let (a, b) = (desk.connect(0, true), desk.connect(0, true));
    desk.while_inside(|desk| {
        desk.command(a, &[b"DEBUG", b"JMAP"]);
        desk.command(b, &[b"FLUSHALL"]);
        desk.settle();
    });
    desk.settle();
    for key in [a, b] {
        assert_eq!(desk.heard(key), [Heard::Reply(Value::Simple(b"OK".to_vec()))]);
    }
}

/// A long pipeline lets those in who ask for the whole keyspace, and goes on by itself.
#[test]
fn a_pipeline_goes_on_after_the_gate_was_closed() {
    let mut desk = Desk::new(2, &[], 1);
    let (a, b) = (desk.connect(0, true), desk.connect(1, true));
    for _ in 0..1000 {
        desk.command(a, &[b"INCR", b"n"]);
    }
    desk.command(b, &[b"FLUSHALL"]);
    desk.settle();
    assert_eq!((replies(&mut desk, a), replies(&mut desk, b)), (1000, 1));
}
