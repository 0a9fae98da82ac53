//! FUNCTION LOAD.

use crate::dispatch::{Call, Core, Flow};
use crate::shared::{self, Shared};
use rdb::BadLibraries;
use script::library::{self, Header, Library, LibraryError};
use script::{Host, Level, Tick};
use std::rc::Rc;
use std::sync::Arc;

/// How long the code of a library may run before it has registered its functions: nanoseconds.
const LOAD_NS_MAX: u64 = 500_000_000;

/// Why libraries were not taken.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error(transparent)]
    Library(#[from] LibraryError),
    #[error(transparent)]
    Payload(BadLibraries),
}

/// FUNCTION LOAD.
pub fn load(call: &mut Call<'_, '_>) -> Flow {
    let options = call.args.len() - 1;
    let mut replace = false;
    for at in 2..options {
        let word = &call.args[at];
        if !word.eq_ignore_ascii_case(b"replace") {
            call.out.error(&format!("Unknown option given: {}", String::from_utf8_lossy(word)));
            return Flow::Next;
        }
        replace = true;
    }
    match taken(call.core, &call.args[options], replace) {
        Ok(name) => {
            call.core.effects.dirty += 1;
            if replace {
                call.core.tidy_everywhere();
            }
            call.out.bulk(name.as_bytes());
        }
        Err(error) => call.out.error(&error.to_string()),
    }
    Flow::Next
}

/// Loads a library and puts it among the others. Returns its name.
fn taken(core: &Core, code: &[u8], replace: bool) -> Result<String, LibraryError> {
    let name = Header::parse(code)?.name;
    let libraries = &core.shared.libraries;
    if !replace && libraries.load().get(&name).is_some() {
        return Err(LibraryError::LibraryExists(name));
    }
    // Others may load meanwhile, so that names are compared again.
    let library = loaded(core, code)?;
    libraries.change(|all| all.with(library, replace))?;
    Ok(name)
}

/// Runs the code of a library, to learn which functions it has.
pub(super) fn loaded(core: &Core, code: &[u8]) -> Result<Library, LibraryError> {
    let until_ns = core.shared.outside.process.ticks_ns().saturating_add(LOAD_NS_MAX);
    let version = &core.config.process.redis_version;
    let library =
        library::load(code, version, Rc::new(Loading { shared: Arc::clone(&core.shared), until_ns }))?;
    library.functions.iter().for_each(|function| core.shared.scripts.note(Some(function.flags)));
    Ok(library)
}

/// The server as code sees it that may only register functions.
struct Loading {
    shared: Arc<Shared>,
    until_ns: u64,
}

impl Host for Loading {
    fn call(&self, _: resp::Args<'_>, _: bool, reply: &mut Vec<u8>) {
        reply.extend_from_slice(b"-ERR no command runs while a library loads\r\n");
    }

    fn tick(&self) -> Tick {
        if self.shared.outside.process.ticks_ns() > self.until_ns { Tick::Stop } else { Tick::GoOn }
    }

    fn log(&self, level: Level, text: &[u8]) {
        let level = match level {
            Level::Debug => shared::Level::Debug,
            Level::Verbose => shared::Level::Verbose,
            Level::Notice => shared::Level::Notice,
            Level::Warning => shared::Level::Warning,
        };
        self.shared.log(level, &String::from_utf8_lossy(text));
    }

    fn set_replication(&self, _: bool, _: bool) {}

    fn may_run(&self, _: resp::Args<'_>) -> Option<bool> {
        Some(false)
    }

    fn cpu_seconds(&self) -> f64 {
        let (system, user) = self.shared.outside.process.cpu();
        (system + user) as f64 / 1e6
    }
}
