//! Results that go to a key.

use ds::value::Zset;
use store::Key;

use crate::command::Cmd;
use crate::effects::Class;

/// Stores a result in place of whatever the key held, as small as it can be, or removes the key if there is nothing.
/// Replies the number of members.
pub(crate) fn store(cmd: &mut Cmd<'_, '_>, key: Key<'_>, mut result: Zset, event: &'static str) {
    let len = result.len();
    if len == 0 {
        if cmd.remove(key) {
            cmd.changed(key, Class::Generic, "del");
        }
    } else {
        result.compact(&cmd.env.limits.zset);
        cmd.put_value(key, result);
        cmd.changed(key, Class::SortedSet, event);
    }
    cmd.out.int(len as i64);
}
