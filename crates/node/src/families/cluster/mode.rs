//! ASKING, READONLY, READWRITE, and the slot of a key.

use super::enabled;
use crate::dispatch::{Call, Flow};
use base::Slot;

pub fn asking(call: &mut Call<'_, '_>) -> Flow {
    if enabled(call) {
        call.session.asking = true;
        call.out.ok();
    }
    Flow::Next
}

pub fn readonly(call: &mut Call<'_, '_>) -> Flow {
    if enabled(call) {
        call.session.readonly = true;
        call.out.ok();
    }
    Flow::Next
}

pub fn readwrite(call: &mut Call<'_, '_>) -> Flow {
    if enabled(call) {
        call.session.readonly = false;
        call.out.ok();
    }
    Flow::Next
}

pub fn keyslot(call: &mut Call<'_, '_>) -> Flow {
    if enabled(call) {
        call.out.int(i64::from(Slot::of_key(&call.args[2]).get()));
    }
    Flow::Next
}
