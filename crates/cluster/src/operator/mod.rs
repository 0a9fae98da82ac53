//! The CLUSTER verbs: what an operator may ask, checked, and the exact words of refusal.

mod debug;
mod epoch;
mod forget;
mod meet;
mod query;
mod reset;
mod set_slot;
mod slots;

pub use epoch::Bumped;
pub use meet::{MeetHost, MeetTarget};
pub use set_slot::{SetSlot, SlotKeys};

pub(crate) use debug::{Debug, kill_links};
pub(crate) use epoch::{bump_epoch, set_config_epoch};
pub(crate) use forget::forget;
pub(crate) use meet::{meet, meet_at};
pub(crate) use query::{count_failure_reports, replicas};
pub(crate) use reset::reset;
pub(crate) use set_slot::set_slot;
pub(crate) use slots::{add_slots, add_slots_range, adopt, del_slots, del_slots_range, flush_slots};

use crate::core::Core;
use crate::node_table::NodeKey;
use base::{NodeId, SLOTS, Slot};

/// Why a verb was refused: the reply after `-ERR `.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub struct Refused(pub String);

impl Refused {
    fn because<T>(text: impl Into<String>) -> Result<T, Refused> {
        Err(Refused(text.into()))
    }
}

/// An argument as it appears in an error text.
fn shown(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn parse_slot(text: &[u8]) -> Result<Slot, Refused> {
    let number = base::num::parse_i64(text).filter(|n| (0..SLOTS as i64).contains(n));
    match number.and_then(|n| Slot::new(n as u16)) {
        Some(slot) => Ok(slot),
        None => Refused::because("Invalid or out of range slot"),
    }
}

fn find(core: &Core, id: &[u8]) -> Option<NodeKey> {
    core.nodes.find(&NodeId::parse(id)?)
}

fn find_or_unknown(core: &Core, id: &[u8]) -> Result<NodeKey, Refused> {
    find(core, id).ok_or_else(|| Refused(format!("Unknown node {}", shown(id))))
}
