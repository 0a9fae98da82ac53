//! CLUSTER SET-CONFIG-EPOCH and BUMPEPOCH.

use super::{Refused, shown};
use crate::core::Core;
use crate::epochs;
use crate::event::Level;
use base::Epoch;
use base::num::parse_i64;

/// Reply of BUMPEPOCH.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Bumped {
    /// `BUMPED e`
    Bumped(Epoch),
    /// `STILL e`: it was the greatest already.
    Still(Epoch),
}

/// Makes my epoch the greatest.
pub(crate) fn bump_epoch(core: &mut Core) -> Bumped {
    match epochs::bump(core) {
        Some(epoch) => Bumped::Bumped(epoch),
        None => Bumped::Still(core.nodes.me().config_epoch),
    }
}

/// Gives a fresh node its first epoch.
pub(crate) fn set_config_epoch(core: &mut Core, text: &[u8]) -> Result<(), Refused> {
    let Some(number) = parse_i64(text) else {
        return Refused::because("value is not an integer or out of range");
    };
    let Ok(epoch) = Epoch::try_from(number) else {
        return Refused::because(format!("Invalid config epoch specified: {}", shown(text)));
    };
    if core.nodes.len() > 1 {
        return Refused::because(
            "The user can assign a config epoch only when the node does not know any other node.",
        );
    }
    if core.nodes.me().config_epoch != 0 {
        return Refused::because("Node config epoch is already non-zero");
    }
    epochs::set(core, core.nodes.myself, epoch, "CLUSTER SET-CONFIG-EPOCH");
    core.epochs.current = core.epochs.current.max(epoch);
    core.log(Level::Notice, format!("configEpoch set to {epoch} via CLUSTER SET-CONFIG-EPOCH"));
    core.want_save();
    core.todo.update_state = true;
    core.view_changed();
    Ok(())
}
