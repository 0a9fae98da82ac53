//! The search for new inputs of the target that `$FUZZ_TARGET` names: one program for all of them links once.

#![no_main]

use std::sync::OnceLock;

use fuzz::{Target, target};
use libfuzzer_sys::fuzz_target;

fn chosen() -> &'static Target {
    static CHOSEN: OnceLock<Target> = OnceLock::new();
    CHOSEN.get_or_init(|| {
        let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
        target(&name).unwrap_or_else(|| panic!("FUZZ_TARGET names no target: {name:?}"))
    })
}

fuzz_target!(|input: &[u8]| (chosen().run)(input));
