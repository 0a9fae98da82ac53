//! All libraries of a node: a value that does not change. Who changes it makes another.

use super::{Function, Library, LibraryError};
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What RESTORE does with the libraries that are there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Policy {
    /// They go.
    Flush,
    /// They stay; a name that comes again is an error.
    Append,
    /// They stay, but for those whose names come again.
    Replace,
}

/// Libraries, and where each function is.
#[derive(Clone, Default, Debug)]
pub struct Libraries {
    all: BTreeMap<String, Arc<Library>>,
    /// In the order of their names, upper and lower case being the same.
    functions: Vec<Place>,
}

/// Where a function is.
#[derive(Clone, Debug)]
struct Place {
    library: Arc<Library>,
    index: usize,
}

impl Place {
    fn function(&self) -> &Function {
        &self.library.functions[self.index]
    }
}

impl Libraries {
    /// A function, whatever case its name is written in, and the library that has it.
    pub fn find(&self, name: &[u8]) -> Option<(&Arc<Library>, &Function)> {
        let (library, index) = self.place_of(name)?;
        Some((library, &library.functions[index]))
    }

    /// The same: the library, and which of its functions it is.
    pub fn place_of(&self, name: &[u8]) -> Option<(&Arc<Library>, usize)> {
        let place = &self.functions[self.place(name).ok()?];
        Some((&place.library, place.index))
    }

    /// A library by its name.
    pub fn get(&self, name: &str) -> Option<&Arc<Library>> {
        self.all.get(name)
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Library>> {
        self.all.values()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// How many functions they have.
    pub fn function_count(&self) -> usize {
        self.functions.len()
    }

    /// Bytes of the libraries and of what leads to them, without what interpreters made of them.
    pub fn memory(&self) -> usize {
        let places = self.functions.capacity() * size_of::<Place>();
        places + self.iter().map(|library| library.memory()).sum::<usize>()
    }

    /// These and one more. It takes the place of one of that name if `replace`.
    pub fn with(&self, library: Library, replace: bool) -> Result<Libraries, LibraryError> {
        if !replace && self.all.contains_key(&library.name) {
            return Err(LibraryError::LibraryExists(library.name));
        }
        let mut next = self.clone();
        next.remove(&library.name);
        next.add(Arc::new(library))?;
        Ok(next)
    }

    /// These without one.
    pub fn without(&self, name: &str) -> Result<Libraries, LibraryError> {
        let mut next = self.clone();
        if next.remove(name) { Ok(next) } else { Err(LibraryError::NoLibrary) }
    }

    /// These and those of a payload, or an error and nothing has changed.
    pub fn restored(&self, libraries: Vec<Library>, policy: Policy) -> Result<Libraries, LibraryError> {
        let mut loaded = Libraries::default();
        for library in libraries {
            loaded = loaded.with(library, false)?;
        }
        let mut next = if policy == Policy::Flush { Libraries::default() } else { self.clone() };
        // All that are replaced go first: their functions are in nobody's way.
        for name in loaded.all.keys() {
            if next.remove(name) && policy == Policy::Append {
                return Err(LibraryError::LibraryInTheWay(name.clone()));
            }
        }
        for library in loaded.all.into_values() {
            next.add(library)?;
        }
        Ok(next)
    }

    fn place(&self, name: &[u8]) -> Result<usize, usize> {
        self.functions.binary_search_by(|place| compare(place.function().name.as_bytes(), name))
    }

    fn add(&mut self, library: Arc<Library>) -> Result<(), LibraryError> {
        for (index, function) in library.functions.iter().enumerate() {
            match self.place(function.name.as_bytes()) {
                Ok(_) => return Err(LibraryError::FunctionExists(function.name.clone())),
                Err(at) => self.functions.insert(at, Place { library: Arc::clone(&library), index }),
            }
        }
        let before = self.all.insert(library.name.clone(), library);
        assert!(before.is_none(), "a library was to be removed first");
        Ok(())
    }

    fn remove(&mut self, name: &str) -> bool {
        self.functions.retain(|place| place.library.name != name);
        self.all.remove(name).is_some()
    }
}

fn compare(a: &[u8], b: &[u8]) -> Ordering {
    a.iter().map(u8::to_ascii_lowercase).cmp(b.iter().map(u8::to_ascii_lowercase))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::Flags;
    use proptest::prelude::*;

    fn library(name: &str, functions: &[&str]) -> Library {
        let function =
            |name: &&str| Function { name: (*name).into(), description: None, flags: Flags::default() };
        Library {
            name: name.into(),
            code: format!("#!lua name={name}\n").into_bytes(),
            functions: functions.iter().map(function).collect(),
        }
    }

    fn set(libraries: &[(&str, &[&str])]) -> Libraries {
        let add = |all: Libraries, (name, functions): &(&str, &[&str])| {
            all.with(library(name, functions), false).expect("no collision")
        };
        libraries.iter().fold(Libraries::default(), add)
    }

    /// What is there: every function with its library.
    fn content(libraries: &Libraries) -> Vec<(String, String)> {
        let of = |library: &Arc<Library>| -> Vec<_> {
            library.functions.iter().map(|f| (library.name.clone(), f.name.clone())).collect()
        };
        libraries.iter().flat_map(of).collect()
    }

    fn error<T>(result: Result<T, LibraryError>) -> String {
        result.err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn functions_are_found_whatever_their_case() {
        let all = set(&[("b", &["Zeta", "alpha"]), ("a", &["beta_2"])]);
        let library =
            |name: &[u8]| all.find(name).map(|(library, f)| (library.name.as_str(), f.name.as_str()));
        assert_eq!(library(b"zETA"), Some(("b", "Zeta")));
        assert_eq!(library(b"BETA_2"), Some(("a", "beta_2")));
        assert_eq!((library(b""), library(b"bet"), library(b"zeta\0")), (None, None, None));
    }

    #[test]
    fn names_collide() {
        let all = set(&[("a", &["f"]), ("A", &["g"])]);
        assert_eq!(error(all.with(library("a", &["h"]), false)), "Library 'a' already exists");
        assert_eq!(error(all.with(library("b", &["F"]), true)), "Function F already exists");
        assert_eq!(error(all.with(library("A", &["h", "f"]), true)), "Function f already exists");
        assert_eq!(error(all.without("b")), "Library not found");
        let replaced = all.with(library("a", &["F", "h"]), true).expect("its own function");
        assert_eq!(content(&replaced).len(), 3);
    }

    #[test]
    fn restoring_does_all_or_nothing() {
        let all = set(&[("a", &["fa"]), ("b", &["fb"])]);
        let restored = |list: &[(&str, &[&str])], policy| {
            let libraries = list.iter().map(|(name, functions)| library(name, functions)).collect();
            all.restored(libraries, policy)
        };
        assert_eq!(
            error(restored(&[("c", &["f"]), ("b", &["g"])], Policy::Append)),
            "Library b already exists"
        );
        assert_eq!(error(restored(&[("c", &["FA"])], Policy::Append)), "Function FA already exists");
        assert_eq!(error(restored(&[("b", &["fa"])], Policy::Replace)), "Function fa already exists");
        assert_eq!(
            error(restored(&[("c", &["f"]), ("c", &["g"])], Policy::Flush)),
            "Library 'c' already exists"
        );
        let replaced = restored(&[("b", &["f"]), ("c", &["g"])], Policy::Replace).expect("no collision");
        assert_eq!(replaced.len(), 3);
        let swapped = restored(&[("a", &["fb"]), ("b", &["fa"])], Policy::Replace);
        assert_eq!(swapped.expect("their functions go with them").len(), 2);
        let flushed = restored(&[("b", &["fa"])], Policy::Flush).expect("nothing in the way");
        assert_eq!(content(&flushed), [("b".to_owned(), "fa".to_owned())]);
    }

    proptest! {
        /// Every function leads to the library that has it, after any changes.
        #[test]
        fn places_follow_the_libraries(
            steps in prop::collection::vec(("[a-c]", prop::collection::vec("[f-iF-I]", 1..4), 0..4), 0..20),
        ) {
            let mut all = Libraries::default();
            for (name, mut functions, step) in steps {
                functions.sort_by_key(|name| name.to_ascii_lowercase());
                functions.dedup_by_key(|name| name.to_ascii_lowercase());
                let functions: Vec<&str> = functions.iter().map(String::as_str).collect();
                let library = library(&name, &functions);
                let next = match step {
                    0 => all.without(&name),
                    1 => all.with(library, true),
                    2 => all.with(library, false),
                    _ => all.restored(vec![library], Policy::Replace),
                };
                all = next.unwrap_or(all);
                let listed = content(&all);
                prop_assert_eq!(listed.len(), all.function_count());
                for (library, function) in listed {
                    let found = all.find(function.as_bytes());
                    prop_assert_eq!(found.map(|(l, f)| (&l.name, &f.name)), Some((&library, &function)));
                }
            }
        }
    }
}
