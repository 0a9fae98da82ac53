//! The second storey: machines of the bus without the rest of a node, in worlds of up to thousands, with models of the
//! other families among them.
//!
//! A [`world`] has hosts, a network and one clock. [`life`] lives hours of trouble and peace in it. [`mesh`] lets a crowd
//! form and measures. [`peer`] models the others; [`check`] knows what is right, and knows the nodes only by what they
//! show and send.

pub mod check;
pub mod life;
pub mod mesh;
pub mod outlook;
pub mod peer;
pub mod raw;
pub mod world;
