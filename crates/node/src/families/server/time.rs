//! TIME.

use crate::dispatch::{Call, Flow};

pub fn time(call: &mut Call<'_, '_>) -> Flow {
    let now = call.core.now;
    call.out.array(2);
    call.out.bulk_int(now.unix_s() as i64);
    call.out.bulk_int((now.unix_us % 1_000_000) as i64);
    Flow::Next
}
