//! The values in force.

use std::sync::Arc;

use super::kind::Kind;
use super::status::{self, Status};
use super::table;
use super::users::PasswordHash;
use super::value::Value;

/// Defaults that depend on the machine or on how the process was started.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Defaults {
    /// Cores that the process may use: the default of `io-threads`.
    pub cores: usize,
    /// The directory that the process was started in: the default of `dir`.
    pub dir: Vec<u8>,
}

/// Every directive's value. Cloning is how a change stays atomic: it is made on a copy that takes the old
/// one's place when all of it was right.
#[derive(Clone, Debug)]
pub struct Settings {
    values: Vec<Value>,
    defaults: Arc<Vec<Value>>,
    /// SHA-256 of the default user's passwords, from a `user default` line.
    pub(super) password_hashes: Vec<PasswordHash>,
}

impl Settings {
    /// Every directive at its default.
    pub fn new(defaults: &Defaults) -> Settings {
        let values: Vec<Value> = table::rows()
            .iter()
            .map(|row| match row.name {
                "dir" => Value::Text(defaults.dir.clone()),
                "io-threads" => Value::Number(defaults.cores.clamp(1, 256) as i128),
                _ => match row.kind.parse(&[row.default.into()], None) {
                    Ok(value) => value,
                    Err(why) => unreachable!("the table's default of {} is wrong: {why}", row.name),
                },
            })
            .collect();
        Settings { defaults: Arc::new(values.clone()), values, password_hashes: Vec::new() }
    }

    /// The value of the directive called `name`, which must be in the table.
    pub fn value(&self, name: &str) -> &Value {
        match table::index_of(name.as_bytes()) {
            Some(i) => &self.values[i],
            None => unreachable!("no directive is called {name}"),
        }
    }

    /// The server's working directory after a change of directory, absolute.
    pub fn note_dir(&mut self, dir: &[u8]) {
        if let Some(i) = table::index_of(b"dir") {
            self.values[i] = Value::Text(dir.to_vec());
        }
    }

    pub(super) fn at(&self, index: usize) -> &Value {
        &self.values[index]
    }

    pub(super) fn default_at(&self, index: usize) -> &Value {
        &self.defaults[index]
    }

    pub(super) fn is_default(&self, index: usize) -> bool {
        self.values[index] == self.defaults[index]
    }

    pub(super) fn put(&mut self, index: usize, value: Value) {
        self.values[index] = value;
    }

    /// Reads a value for row `index` and takes it over. Errors are texts for the user.
    pub(super) fn assign(&mut self, index: usize, args: &[Vec<u8>]) -> Result<(), String> {
        let row = &table::rows()[index];
        let value = row.kind.parse(args, Some(&self.values[index])).map_err(|why| match row.kind {
            Kind::Text(rule) if rule.names_directive() => format!("{} {why}", row.name),
            _ => why,
        })?;
        if matches!(status::of(row.name), Status::Unbuilt(_)) && value != self.defaults[index] {
            return Err(self.unbuilt_text(index));
        }
        self.values[index] = value;
        Ok(())
    }

    fn unbuilt_text(&self, index: usize) -> String {
        let row = &table::rows()[index];
        let default = self.defaults[index].print(&row.kind);
        let why = match status::of(row.name) {
            Status::Unbuilt(why) => why,
            _ => unreachable!("asked of unbuilt directives only"),
        };
        format!(
            "{}: not built yet in Handfast ({why}); only '{}' is accepted",
            row.name,
            default.escape_ascii()
        )
    }
}
