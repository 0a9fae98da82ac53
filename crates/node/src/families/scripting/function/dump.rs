//! FUNCTION DUMP and RESTORE.

use super::load::{Fault, loaded};
use super::too_many;
use crate::dispatch::{Call, Flow};
use rdb::{BadLibraries, Checksum, dump_libraries, restore_libraries};
use script::library::Policy;

/// FUNCTION DUMP.
pub fn dump(call: &mut Call<'_, '_>) -> Flow {
    let all = call.core.shared.libraries.load_full();
    let mut payload = Vec::new();
    let codes = all.iter().map(|library| library.code.as_slice());
    dump_libraries(codes, call.core.env.dumps.compress, &mut payload);
    call.out.bulk(&payload);
    Flow::Next
}

/// FUNCTION RESTORE. Cluster managers do it to every node that they add.
pub fn restore(call: &mut Call<'_, '_>) -> Flow {
    if call.args.len() > 4 {
        return too_many(call);
    }
    let Some(policy) = policy_of(call.args.get(3).unwrap_or(b"append")) else {
        call.out.error("Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE.");
        return Flow::Next;
    };
    match restored(call, policy) {
        Ok(()) => {
            call.core.effects.dirty += 1;
            call.core.tidy_everywhere();
            call.out.ok();
        }
        Err(fault) => call.out.error(&fault.to_string()),
    }
    Flow::Next
}

fn policy_of(word: &[u8]) -> Option<Policy> {
    let all = [("flush", Policy::Flush), ("append", Policy::Append), ("replace", Policy::Replace)];
    all.into_iter().find(|(name, _)| word.eq_ignore_ascii_case(name.as_bytes())).map(|(_, policy)| policy)
}

fn restored(call: &Call<'_, '_>, policy: Policy) -> Result<(), Fault> {
    let codes = restore_libraries(&call.args[2], Checksum::Verified)?;
    let mut libraries = Vec::new();
    for code in codes {
        libraries.push(loaded(call.core, &code)?);
    }
    Ok(call.core.shared.libraries.change(|all| all.restored(libraries, policy))?)
}

impl From<BadLibraries> for Fault {
    fn from(bad: BadLibraries) -> Fault {
        Fault::Payload(bad)
    }
}
