//! redis.conf: a text becomes settings, or the list of everything that is wrong with it.

use std::fmt;

use super::settings::Settings;
use super::table;
use super::users;
use super::value::Value;

/// How deep `include` may nest. Redis has no limit, and recurses until it crashes.
const INCLUDE_DEPTH_MAX: usize = 16;

/// Directives of older servers that are read and forgotten, with one argument each.
const FORGOTTEN: [&str; 4] =
    ["list-max-ziplist-entries", "list-max-ziplist-value", "lua-replicate-commands", "events-per-io-thread"];

/// What reading a configuration needs from outside.
pub trait Host {
    /// The files that an `include` names, in sorted order. A pattern may match none; a plain path must exist.
    /// The error is the text for the user.
    fn include(&mut self, pattern: &[u8]) -> Result<Vec<Included>, String>;
    /// Makes `dir` the working directory and gives its absolute path. The error is the system's text.
    fn change_dir(&mut self, dir: &[u8]) -> Result<Vec<u8>, String>;
    /// Whether the log can be appended to. The error is the system's text.
    fn check_log_file(&mut self, path: &[u8]) -> Result<(), String>;
    /// Whether a command of this name exists, in any case.
    fn is_command(&self, name: &[u8]) -> bool;
}

/// A file that was included.
#[derive(Clone, Debug)]
pub struct Included {
    /// For messages.
    pub path: String,
    /// What is in it.
    pub text: Vec<u8>,
}

/// A configuration that was right.
#[derive(Debug)]
pub struct Loaded {
    /// The values.
    pub settings: Settings,
    /// `rename-command` lines, in order.
    pub renames: Vec<Rename>,
    /// To be logged as warnings when the server starts.
    pub warnings: Vec<String>,
}

/// `rename-command`
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rename {
    /// The command's name until now, in lower case.
    pub from: Vec<u8>,
    /// Its new name; `None` takes the command away.
    pub to: Option<Vec<u8>>,
}

/// One thing that is wrong with a configuration.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LoadError {
    /// The included file; `None` for the main text.
    pub file: Option<String>,
    /// Counted from 1; options of the command line follow the file's lines.
    pub line: usize,
    /// The line, trimmed.
    pub text: Vec<u8>,
    /// What is wrong.
    pub why: String,
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.file.as_ref().map(|path| format!(" {path}")).unwrap_or_default();
        writeln!(f, "Reading the configuration file{file}, at line {}", self.line)?;
        writeln!(f, ">>> '{}'", String::from_utf8_lossy(&self.text))?;
        writeln!(f, "{}", self.why)
    }
}

/// What goes to standard error before the process ends: Redis's block for every error. `version` is like
/// `Handfast 0.1.0`.
pub fn report(version: &str, errors: &[LoadError]) -> String {
    errors.iter().map(|e| format!("\n*** FATAL CONFIG FILE ERROR ({version}) ***\n{e}")).collect()
}

/// Applies `text` to `settings`, line by line (spec `config.md` §1). All errors are found, not only the first.
pub fn load(settings: Settings, text: &[u8], host: &mut dyn Host) -> Result<Loaded, Vec<LoadError>> {
    let mut loader =
        Loader { settings, renames: Vec::new(), errors: Vec::new(), host, save_given: false, depth: 0 };
    loader.read(None, text);
    if !loader.errors.is_empty() {
        return Err(loader.errors);
    }
    let Loader { settings, renames, .. } = loader;
    let warnings = settings.warnings();
    Ok(Loaded { settings, renames, warnings })
}

impl Settings {
    /// What an operator should know of values that are accepted and not acted on.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if matches!(self.value("save"), Value::Save(points) if !points.is_empty()) {
            warnings.push(
                "WARNING: save points are set, but saving is not built yet in Handfast: nothing is written to disk, \
                 and all keys are lost when the process ends. 'save \"\"' silences this warning."
                    .to_owned(),
            );
        }
        for name in ["maxmemory", "maxmemory-clients"] {
            if !matches!(self.value(name), Value::Number(0)) {
                warnings.push(format!(
                    "WARNING: {name} is set, but nothing enforces it yet in Handfast: memory may grow beyond it."
                ));
            }
        }
        warnings
    }
}

struct Loader<'h> {
    settings: Settings,
    renames: Vec<Rename>,
    errors: Vec<LoadError>,
    host: &'h mut dyn Host,
    /// The first `save` replaces the defaults, later ones add.
    save_given: bool,
    depth: usize,
}

impl Loader<'_> {
    fn read(&mut self, file: Option<&str>, text: &[u8]) {
        for (i, line) in text.split(|b| *b == b'\n').enumerate() {
            let line = line.trim_ascii();
            if line.is_empty() || line[0] == b'#' {
                continue;
            }
            if let Err(why) = self.directive(line) {
                let file = file.map(str::to_owned);
                self.errors.push(LoadError { file, line: i + 1, text: line.to_vec(), why });
            }
        }
    }

    fn directive(&mut self, line: &[u8]) -> Result<(), String> {
        let mut args = base::tokens::split_args(line)
            .map_err(|_| "Unbalanced quotes in configuration line".to_owned())?;
        if args.is_empty() {
            return Ok(());
        }
        let name = args.remove(0).to_ascii_lowercase();
        match table::index_of(&name) {
            Some(index) => self.assign(index, &args),
            None => self.file_only(&name, &args),
        }
    }

    fn assign(&mut self, index: usize, args: &[Vec<u8>]) -> Result<(), String> {
        match (table::rows()[index].name, args) {
            ("save", _) => self.save(index, args),
            ("dir", [dir]) => {
                let dir = self.host.change_dir(dir)?;
                self.settings.assign(index, &[dir])
            }
            ("logfile", [path]) if !path.is_empty() => {
                self.host.check_log_file(path).map_err(|why| format!("Can't open the log file: {why}"))?;
                self.settings.assign(index, args)
            }
            _ => self.settings.assign(index, args),
        }
    }

    fn save(&mut self, index: usize, args: &[Vec<u8>]) -> Result<(), String> {
        let before = self.settings.at(index).clone();
        self.settings.assign(index, args)?;
        if let (Value::Save(old), Value::Save(new)) = (before, self.settings.at(index))
            && self.save_given
            && !new.is_empty()
        {
            let all = [old, new.clone()].concat();
            self.settings.put(index, Value::Save(all));
        }
        self.save_given = true;
        Ok(())
    }

    /// Directives that `CONFIG` does not know.
    fn file_only(&mut self, name: &[u8], args: &[Vec<u8>]) -> Result<(), String> {
        match (name, args) {
            (b"include", [pattern]) => self.include(pattern),
            (b"rename-command", [from, to]) => self.rename(from, to),
            (b"user", [_, ..]) => {
                self.settings.password_hashes = users::default_user(args)?;
                Ok(())
            }
            (b"loadmodule", [_, ..]) => Err("modules are not built in Handfast".to_owned()),
            (b"sentinel", [_, ..]) => Err("sentinel directive while not in sentinel mode".to_owned()),
            (name, [_]) if FORGOTTEN.iter().any(|old| old.as_bytes() == name) => Ok(()),
            (name, args) if name.contains(&b'.') => Err(match args {
                [] => "Module config specified without value".to_owned(),
                _ => "modules are not built in Handfast, so nothing takes this configuration".to_owned(),
            }),
            _ => Err("Bad directive or wrong number of arguments".to_owned()),
        }
    }

    fn include(&mut self, pattern: &[u8]) -> Result<(), String> {
        if self.depth == INCLUDE_DEPTH_MAX {
            return Err(format!("include files are nested more than {INCLUDE_DEPTH_MAX} deep"));
        }
        let files = self.host.include(pattern)?;
        self.depth += 1;
        for file in &files {
            self.read(Some(&file.path), &file.text);
        }
        self.depth -= 1;
        Ok(())
    }

    fn rename(&mut self, from: &[u8], to: &[u8]) -> Result<(), String> {
        let (from, to) = (from.to_ascii_lowercase(), to.to_vec());
        if !self.command_exists(&from) {
            return Err("No such command in rename-command".to_owned());
        }
        let same = from.eq_ignore_ascii_case(&to);
        if !to.is_empty() && !same && self.command_exists(&to) {
            return Err("Target command name already exists".to_owned());
        }
        self.renames.push(Rename { from, to: (!to.is_empty()).then_some(to) });
        Ok(())
    }

    /// With the renames up to here.
    fn command_exists(&self, name: &[u8]) -> bool {
        let mut exists = self.host.is_command(name);
        for rename in &self.renames {
            if rename.from.eq_ignore_ascii_case(name) {
                exists = false;
            }
            if rename.to.as_ref().is_some_and(|to| to.eq_ignore_ascii_case(name)) {
                exists = true;
            }
        }
        exists
    }
}
