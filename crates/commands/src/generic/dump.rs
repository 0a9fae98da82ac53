//! DUMP and RESTORE.

use rdb::{Checksum, Payload, Reader, Rules};
use store::EXPIRY_MAX_MS;

use crate::args::{Refused, SYNTAX, digits, integer, is};
use crate::command::Cmd;
use crate::effects::Class;

const BUSY_KEY: Refused = Refused("-BUSYKEY Target key name already exists.");
const INVALID_TTL: Refused = Refused("Invalid TTL value, must be >= 0");
const INVALID_IDLE: Refused = Refused("Invalid IDLETIME value, must be >= 0");
const INVALID_FREQUENCY: Refused = Refused("Invalid FREQ value, must be >= 0 and <= 255");
const BAD_FOOTER: Refused = Refused("DUMP payload version or checksum are wrong");
const BAD_VALUE: Refused = Refused("Bad data format");

/// How payloads are written and read.
#[derive(Clone, Copy, Debug)]
pub struct Dumps {
    /// Whether strings are compressed (`rdbcompression`).
    pub compress: bool,
    /// Whether checksums are looked at.
    pub checksum: Checksum,
}

impl Default for Dumps {
    fn default() -> Dumps {
        Dumps { compress: true, checksum: Checksum::Verified }
    }
}

/// `DUMP key`: the value as RESTORE takes it, here or on another server.
pub fn dump(cmd: &mut Cmd<'_, '_>) {
    let key = cmd.first();
    let Some(entry) = cmd.keys.lookup(cmd.db, key) else {
        cmd.missed(key);
        return cmd.out.null();
    };
    let mut payload = Vec::new();
    rdb::dump(&entry.value(), cmd.env.dumps.compress, Reader::Anybody, &mut payload);
    cmd.out.bulk(&payload);
}

/// `RESTORE key ttl serialized-value [REPLACE] [ABSTTL] [IDLETIME seconds] [FREQ frequency]`
pub fn restore(cmd: &mut Cmd<'_, '_>) {
    let result = try_restore(cmd).map(|()| cmd.out.ok());
    cmd.end(result);
}

#[derive(Clone, Copy, Default, Debug)]
struct Options {
    replace: bool,
    absolute: bool,
    /// Seconds since the last access.
    idle: Option<u64>,
    frequency: Option<u8>,
}

fn try_restore(cmd: &mut Cmd<'_, '_>) -> Result<(), Refused> {
    let options = options(cmd)?;
    let key = cmd.first();
    if !options.replace && cmd.keys.contains(cmd.db, key) {
        return Err(BUSY_KEY);
    }
    let ttl = u64::try_from(integer(cmd.args.at(2))?).map_err(|_| INVALID_TTL)?;
    // Fields that expired on the way go as all others do: each is told.
    let rules = Rules { limits: cmd.env.limits.of_values(), now_ms: 0 };
    let payload = Payload::open(cmd.args.at(3), cmd.env.dumps.checksum).map_err(|_| BAD_FOOTER)?;
    let value = payload.value(&rules).map_err(|fault| {
        let remark = format!("RESTORE: {} integrity check failed: {fault}", payload.form_name());
        cmd.effects.remark = Some(remark.into());
        BAD_VALUE
    })?;
    let existed = cmd.remove(key);
    let expiry =
        (ttl > 0).then(|| if options.absolute { ttl } else { ttl.saturating_add(cmd.keys.now_ms()) });
    if expiry.is_some_and(|at| at <= cmd.keys.now_ms()) {
        if existed {
            cmd.changed(key, Class::Generic, "del");
            cmd.effects.log_as(&[b"DEL", key.bytes]);
        }
        return Ok(());
    }
    let mut entry = value.into_entry(key.bytes, expiry.map(|at| at.min(EXPIRY_MAX_MS)));
    entry.set_access(access(cmd, options));
    cmd.keys.insert_entry(cmd.db, key, entry);
    cmd.created(key, false);
    cmd.changed(key, Class::Generic, "restore");
    if let Some(at) = expiry.filter(|_| !options.absolute && cmd.effects.logs()) {
        let at = digits(at);
        let payload = cmd.args.sub(3).iter();
        let head = [&b"RESTORE"[..], key.bytes, &at];
        let words: Vec<&[u8]> = head.into_iter().chain(payload).chain([&b"ABSTTL"[..]]).collect();
        cmd.effects.log_as(&words);
    }
    Ok(())
}

/// The access word of the new entry. What does not fit the policy is not kept.
fn access(cmd: &Cmd<'_, '_>, options: Options) -> u32 {
    let clock = cmd.keys.clock;
    match options {
        Options { frequency: Some(frequency), .. } if cmd.env.lfu => clock.word_of_frequency(frequency),
        Options { idle: Some(seconds), .. } if !cmd.env.lfu => clock.word_of_idle(seconds),
        _ => clock.start(),
    }
}

fn options(cmd: &Cmd<'_, '_>) -> Result<Options, Refused> {
    let mut options = Options::default();
    let mut words = cmd.args.sub(4).iter();
    while let Some(word) = words.next() {
        if is(word, "replace") {
            options.replace = true;
        } else if is(word, "absttl") {
            options.absolute = true;
        } else if is(word, "idletime") && options.frequency.is_none() {
            let seconds = integer(words.next().ok_or(Refused(SYNTAX))?)?;
            options.idle = Some(u64::try_from(seconds).map_err(|_| INVALID_IDLE)?);
        } else if is(word, "freq") && options.idle.is_none() {
            let frequency = integer(words.next().ok_or(Refused(SYNTAX))?)?;
            options.frequency = Some(u8::try_from(frequency).map_err(|_| INVALID_FREQUENCY)?);
        } else {
            return Err(Refused(SYNTAX));
        }
    }
    Ok(options)
}
