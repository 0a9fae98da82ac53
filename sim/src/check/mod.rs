//! What must hold. The checkers know the world's nodes and clients by what they show, and nothing of how the
//! world works.

pub mod agreement;
pub mod owners;
pub mod promises;

/// What went wrong.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Broken {
    /// Something happened that must never happen.
    Safety(String),
    /// Something did not happen that must happen in the end.
    Liveness(String),
}

impl Broken {
    /// The exit code of a run that ends so.
    pub fn exit_code(&self) -> u8 {
        match self {
            Broken::Safety(_) => 2,
            Broken::Liveness(_) => 3,
        }
    }
}

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Broken::Safety(what) => write!(f, "safety: {what}"),
            Broken::Liveness(what) => write!(f, "liveness: {what}"),
        }
    }
}
