//! Who is connected: one card per client, readable by every machine.

mod card;
mod filter;
mod line;
mod registry;

pub use card::{Card, CardFlags, Names};
pub use filter::{ClientKind, Filter};
pub use line::describe;
pub use registry::Registry;
