//! `CONFIG SET`.

use std::collections::HashSet;

use super::directive::Directive;
use super::settings::Settings;
use super::table;
use super::typed::Permission;
use super::value::Value;

/// Who asks, and when.
#[derive(Clone, Copy, Debug)]
pub struct SetContext {
    /// The client came over loopback or a Unix socket.
    pub local: bool,
    /// A data set is being loaded.
    pub loading: bool,
}

/// Why `CONFIG SET` changed nothing. `Display` is the error reply without `ERR `,
/// or with its own code behind a `-`.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SetError {
    /// A name without a value.
    #[error("syntax error")]
    Unpaired,
    /// A data set is being loaded. The text starts with the reply's own code.
    #[error("-LOADING Redis is loading the dataset in memory")]
    Loading,
    /// No such directive.
    #[error("Unknown option or number of arguments for CONFIG SET - '{0}'")]
    Unknown(String),
    /// The directive would not take the value, or the server could not act on it.
    #[error("CONFIG SET failed (possibly related to argument '{name}') - {why}")]
    Failed {
        /// As the client wrote it.
        name: String,
        /// Redis's text.
        why: String,
    },
}

impl SetError {
    /// The server could not act on the new value of `name`; the old settings stay.
    pub fn failed(name: &[u8], why: impl Into<String>) -> SetError {
        SetError::Failed { name: String::from_utf8_lossy(name).into_owned(), why: why.into() }
    }
}

impl Settings {
    /// Checks all of `pairs` (name, value, name, value, …) and gives the settings with them and the primary
    /// names of the directives that have other values now. The caller acts on the change and then puts the new
    /// settings in the place of these, or drops them.
    pub fn set(
        &self,
        pairs: &[&[u8]],
        context: SetContext,
    ) -> Result<(Settings, Vec<&'static str>), SetError> {
        if !pairs.len().is_multiple_of(2) {
            return Err(SetError::Unpaired);
        }
        let indexes = self.check_names(pairs, context)?;
        let mut new = self.clone();
        for (pair, index) in pairs.chunks_exact(2).zip(&indexes) {
            new.assign(*index, &[pair[1].to_vec()]).map_err(|why| SetError::failed(pair[0], why))?;
        }
        if indexes.iter().any(|i| table::rows()[*i].name == "requirepass") {
            new.password_hashes.clear();
        }
        let mut changed: Vec<usize> = indexes.into_iter().filter(|i| self.at(*i) != new.at(*i)).collect();
        changed.sort_unstable();
        changed.dedup();
        Ok((new, changed.into_iter().map(|i| table::rows()[i].name).collect()))
    }

    /// The rows that the pairs name, when all of them may be set now.
    fn check_names(&self, pairs: &[&[u8]], context: SetContext) -> Result<Vec<usize>, SetError> {
        let mut indexes = Vec::with_capacity(pairs.len() / 2);
        // A name beside its alias is no duplicate: the last one counts, as in the peers.
        let mut names: HashSet<Vec<u8>> = HashSet::new();
        for name in pairs.iter().step_by(2) {
            let unknown = || SetError::Unknown(String::from_utf8_lossy(name).into_owned());
            let index = table::index_of(name).ok_or_else(unknown)?;
            let row = &table::rows()[index];
            if let Some(why) = self.refusal(row, context) {
                return Err(SetError::failed(name, why));
            }
            if row.not_loading && context.loading {
                return Err(SetError::Loading);
            }
            if !names.insert(name.to_ascii_lowercase()) {
                return Err(SetError::failed(name, "duplicate parameter"));
            }
            indexes.push(index);
        }
        Ok(indexes)
    }

    fn refusal(&self, row: &Directive, context: SetContext) -> Option<&'static str> {
        if row.immutable {
            return Some("can't set immutable config");
        }
        if row.protected && !self.protected_allowed(context.local) {
            return Some("can't set protected config");
        }
        None
    }

    fn protected_allowed(&self, local: bool) -> bool {
        match self.value("enable-protected-configs") {
            Value::Choice(i) => Permission::from_choice(*i).allows(local),
            other => unreachable!("enable-protected-configs is a choice, not {other:?}"),
        }
    }
}
