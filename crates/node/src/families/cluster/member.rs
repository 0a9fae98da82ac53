//! Who is in the cluster no more: FORGET, RESET.

use super::{enabled_control, operate, who};
use crate::dispatch::{ControlCall, Flow};

pub fn forget(call: &mut ControlCall<'_, '_>) -> Flow {
    let (args, now, who) = (call.args, call.core.now, who(call.session));
    operate(call, |cluster| cluster.forget(&args[2], &who, now))
}

pub fn reset(call: &mut ControlCall<'_, '_>) -> Flow {
    if !enabled_control(call) {
        return Flow::Next;
    }
    let hard = match call.args.get(2).map(<[u8]>::to_ascii_lowercase).as_deref() {
        None | Some(b"soft") => false,
        Some(b"hard") => true,
        Some(_) => {
            call.out.error("syntax error");
            return Flow::Next;
        }
    };
    if call.args.len() > 3 {
        call.out.error("syntax error");
        return Flow::Next;
    }
    let (keys, now, who) = (call.core.key_count(), call.core.now, who(call.session));
    operate(call, |cluster| cluster.reset(hard, keys, &who, now))
}
