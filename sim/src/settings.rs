//! Configurations from lines of redis.conf.

use node::config::{Defaults, Host, Included, Settings, load, report};

/// No files, no directories.
struct Nowhere;

impl Host for Nowhere {
    fn include(&mut self, _: &[u8]) -> Result<Vec<Included>, String> {
        Err("there are no files here".into())
    }

    fn change_dir(&mut self, dir: &[u8]) -> Result<Vec<u8>, String> {
        Ok(dir.to_vec())
    }

    fn check_log_file(&mut self, _: &[u8]) -> Result<(), String> {
        Ok(())
    }

    fn is_command(&self, _: &[u8]) -> bool {
        true
    }
}

/// The settings that these lines make. Panics if one is wrong: they are the test's own.
pub fn settings(lines: &[String]) -> Settings {
    let defaults = Defaults { cores: 1, dir: b"/data".to_vec() };
    match load(Settings::new(&defaults), lines.join("\n").as_bytes(), &mut Nowhere) {
        Ok(loaded) => loaded.settings,
        Err(errors) => panic!("{}", report("sim", &errors)),
    }
}
