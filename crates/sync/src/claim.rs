//! Who may end a wait: of all who try, exactly one.

use crate::sys::{AtomicU32, Ordering};

const WAITING: u32 = 0;
const SERVING: u32 = 1;
const ENDED: u32 = 2;

/// The state of one wait. Serving, timeout, cancellation and the end of the waiter each claim it; losers do nothing.
///
/// What a server did before [`Claim::finish`] is seen by whoever finds the wait ended.
pub struct Claim(AtomicU32);

impl Default for Claim {
    fn default() -> Claim {
        Claim::new()
    }
}

impl Claim {
    /// A wait that nobody has claimed.
    pub fn new() -> Claim {
        Claim(AtomicU32::new(WAITING))
    }

    /// Claims the wait in order to serve it. True: [`Claim::finish`] or [`Claim::give_back`] must follow.
    #[must_use]
    pub fn begin(&self) -> bool {
        self.change(WAITING, SERVING)
    }

    /// It was served.
    pub fn finish(&self) {
        let was = self.change(SERVING, ENDED);
        assert!(was, "only a server finishes");
    }

    /// There was nothing to serve it with: it waits on.
    pub fn give_back(&self) {
        let was = self.change(SERVING, WAITING);
        assert!(was, "only a server gives back");
    }

    /// Ends the wait without serving it. False if somebody else has ended it, or is serving it at this moment: a wait that may be given
    /// back must then be ended again later.
    #[must_use]
    pub fn end(&self) -> bool {
        self.change(WAITING, ENDED)
    }

    /// Whether it is over.
    pub fn has_ended(&self) -> bool {
        self.0.load(Ordering::Acquire) == ENDED
    }

    fn change(&self, from: u32, to: u32) -> bool {
        self.0.compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn one_claim_wins() {
        let wait = Claim::new();
        assert!(wait.begin());
        assert!(!wait.begin() && !wait.end() && !wait.has_ended());
        wait.give_back();
        assert!(wait.begin());
        wait.finish();
        assert!(wait.has_ended() && !wait.begin() && !wait.end());
    }

    #[test]
    fn an_ended_wait_is_not_served() {
        let wait = Claim::new();
        assert!(wait.end());
        assert!(!wait.end() && !wait.begin() && wait.has_ended());
    }
}
