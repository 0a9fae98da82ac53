//! What the machine shows of itself.

pub(crate) mod info;
pub(crate) mod links;
pub(crate) mod nodes;
pub(crate) mod view;

pub use links::LinkReport;
