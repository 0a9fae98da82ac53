//! Whole nodes without threads, sockets, files or clocks: every machine is stepped by hand, in an order that a
//! seed decides.
//!
//! A [`seat`] is one running node with its machines, letters and sockets. A [`desk`] has one seat and a few
//! clients, and plays transcripts. A [`world`] has many, with a network, disks and clocks between them.

pub mod bus;
pub mod check;
pub mod clock;
pub mod desk;
pub mod disk;
pub mod life;
pub mod outside;
pub mod seat;
pub mod settings;
pub mod world;
