//! What must hold in a tree.

use super::member::MemberRef;
use super::node::{BRANCH_SLOTS, Branch, LEAF_SLOTS, Leaf, Node};
use super::tree::Tree;
use std::ptr::NonNull;

/// What a subtree holds.
struct Found {
    least: NonNull<u8>,
    elements: usize,
    allocated: usize,
}

impl Tree {
    /// Panics if counts, least elements or sizes are not those of the nodes. The order is for the caller to check.
    pub fn check_invariants(&self) {
        let Some(root) = self.root() else {
            assert_eq!((self.len(), self.height(), self.allocated()), (0, 0, 0));
            return;
        };
        // SAFETY: nodes of the tree, which is borrowed, by its height.
        let found = unsafe { check(root, self.height()) };
        assert_eq!((found.elements, found.allocated), (self.len(), self.allocated()));
    }
}

/// # Safety
/// A live subtree of this height.
unsafe fn check(at: NonNull<u8>, height: usize) -> Found {
    // SAFETY: branches are above leaves.
    unsafe {
        if height == 0 {
            let leaf = Leaf::at(at);
            assert!((1..=LEAF_SLOTS).contains(&leaf.len()));
            return Found { least: leaf.get(0), elements: leaf.len(), allocated: Leaf::BYTES };
        }
        let branch = Branch::at(at);
        assert!((2..=BRANCH_SLOTS).contains(&branch.len()), "{} children", branch.len());
        let mut sum = Found { least: branch.least_of(0), elements: 0, allocated: Branch::BYTES };
        for i in 0..branch.len() {
            let child = check(branch.child(i), height - 1);
            assert_eq!(child.least, branch.least_of(i));
            assert_eq!(child.elements, branch.count_of(i));
            let score = MemberRef::new(child.least).score();
            assert!(score == branch.score(i), "{score} is not {}", branch.score(i));
            sum.elements += child.elements;
            sum.allocated += child.allocated;
        }
        sum
    }
}
