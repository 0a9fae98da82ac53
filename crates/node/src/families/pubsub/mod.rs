//! The publish/subscribe family.

mod introspect;
mod publish;
mod rows;
mod subscribe;

pub use publish::publish_notices;
pub use rows::ROWS;
pub use subscribe::leave_all;
