//! A link whose other end is gone without a word, of a peer that is well otherwise.

mod world;

use base::NodeId;
use world::fake::Fake;
use world::{Seat, World};

/// The peer pings us, so it is not silent; but what we dialled leads nowhere. Keepalive would find that out after
/// hours, if the last packet was acknowledged before the peer's host went down.
#[test]
fn a_link_that_answers_nothing_is_dialled_anew_however_much_the_peer_talks() {
    let mut world = World::new(4);
    let a = world.add_host("A", 1000);
    world.boot(a);
    let z = world.add_host("Z", 1000);
    let fake = Fake::new(NodeId::parse(&[b'z'; 40]).expect("an id"), world.now_us);
    world.sit(z, Seat::Fake(Box::new(fake)));
    let ip = world.hosts[z].ip.to_string();
    world.call(a, |m, now| m.meet(ip.as_bytes(), b"7000", None, "test", now)).expect("a good address");
    world.run_ms(3000);
    let dialled = |w: &World| {
        let links = w.machine(a).expect("it runs").links();
        links.iter().find(|link| link.to).map(|link| link.create_time_ms)
    };
    let first = dialled(&world).expect("a link");
    assert_eq!(world.machine(a).expect("it runs").links().len(), 2);
    if let Seat::Fake(fake) = &mut world.hosts[z].seat {
        fake.deaf = true;
    }
    // Between two attempts there may be no link at all.
    let mut newest = first;
    for _ in 0..50 {
        world.run_ms(100);
        newest = newest.max(dialled(&world).unwrap_or(first));
    }
    assert!(newest > first, "the same link after five timeouts");
    assert!(!world.machine(a).expect("it runs").nodes_text(Default::default()).contains("fail"));
}
