//! Numbers as text, with the strictness and the layout of the reference servers (spec `resp.md` §7).

mod big;
mod double;
mod int;
mod long_double;
mod memory;
mod text;

pub use double::{format_f64, format_shortest, parse_f64};
pub use int::{format_i64, format_u64, parse_i64, parse_u64};
pub use long_double::{LONG_DOUBLE_TEXT_MAX, LongDouble};
pub use memory::parse_memory;
