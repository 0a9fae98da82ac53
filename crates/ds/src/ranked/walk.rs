//! Walking elements in order, from either end of a range of ranks.

use super::member::{MemberRef, prefetch};
use super::node::{Branch, Leaf, Node};
use super::tree::{HEIGHT_MAX, PREFETCH_AHEAD, Tree};
use std::ptr::NonNull;

/// Elements of a range of ranks, in order; `rev` turns it around.
#[derive(Clone)]
pub struct Walk<'a> {
    tree: &'a Tree,
    /// Ranks that are left.
    start: usize,
    end: usize,
    front: Option<Cursor>,
    back: Option<Cursor>,
}

/// A place in a leaf, and the way to it.
#[derive(Clone)]
struct Cursor {
    /// Branches from the lowest up, and which child of each.
    path: [Option<(Branch, usize)>; HEIGHT_MAX],
    height: usize,
    leaf: Leaf,
    /// May be one past the last.
    at: usize,
}

impl Cursor {
    /// At the element of a rank, which exists.
    fn new(tree: &Tree, mut rank: usize) -> Cursor {
        assert!(rank < tree.len());
        let mut path = [None; HEIGHT_MAX];
        let mut at = tree.root().expect("a tree that is not empty has a root");
        for level in (0..tree.height()).rev() {
            // SAFETY: nodes of the tree, which is borrowed, are branches above the leaves.
            let branch = unsafe { Branch::at(at) };
            let (i, before) = branch.find_rank(rank);
            rank -= before;
            path[level] = Some((branch, i));
            at = branch.child(i);
        }
        // SAFETY: what is below the branches is a leaf.
        Cursor { path, height: tree.height(), leaf: unsafe { Leaf::at(at) }, at: rank }
    }

    /// Goes to the next leaf. There is one.
    fn next_leaf(&mut self) {
        let level = self.climb(|branch, i| (i + 1 < branch.len()).then_some(i + 1));
        self.descend(level, |_| 0);
        self.at = 0;
    }

    /// Goes to the leaf before, behind its last element. There is one.
    fn previous_leaf(&mut self) {
        let level = self.climb(|_, i| i.checked_sub(1));
        self.descend(level, |branch| branch.len() - 1);
        self.at = self.leaf.len();
    }

    /// Steps sideways in the lowest branch that can; returns its level.
    fn climb(&mut self, step: impl Fn(Branch, usize) -> Option<usize>) -> usize {
        for level in 0..self.height {
            let (branch, i) = self.path[level].expect("written up to the height");
            if let Some(to) = step(branch, i) {
                self.path[level] = Some((branch, to));
                return level;
            }
        }
        unreachable!("a walk ends with its last element");
    }

    /// Goes down from the child that the branch at a level points to.
    fn descend(&mut self, level: usize, choose: impl Fn(Branch) -> usize) {
        let (branch, i) = self.path[level].expect("written up to the height");
        let mut at = branch.child(i);
        for level in (0..level).rev() {
            // SAFETY: nodes of the tree, which is borrowed, are branches above the leaves.
            let branch = unsafe { Branch::at(at) };
            let i = choose(branch);
            self.path[level] = Some((branch, i));
            at = branch.child(i);
        }
        // SAFETY: what is below the branches is a leaf.
        self.leaf = unsafe { Leaf::at(at) };
    }
}

impl Tree {
    /// The first element.
    pub fn first(&self) -> Option<NonNull<u8>> {
        let mut at = self.root()?;
        // SAFETY: nodes of the tree are alive and not empty, those above the leaves are branches.
        unsafe {
            for _ in 0..self.height() {
                at = Branch::at(at).child(0);
            }
            Some(Leaf::at(at).get(0))
        }
    }

    /// All elements.
    ///
    /// # Safety
    /// They live, and stay as they are as long as the walk.
    pub unsafe fn walk(&self) -> Walk<'_> {
        // SAFETY: as the caller says.
        unsafe { Walk::new(self, 0, self.len()) }
    }
}

impl<'a> Walk<'a> {
    /// Elements of the ranks from `start` to before `end`, which the tree has.
    ///
    /// # Safety
    /// Members stay as they are during `'a`.
    pub(super) unsafe fn new(tree: &'a Tree, start: usize, end: usize) -> Walk<'a> {
        assert!(start <= end && end <= tree.len());
        Walk { tree, start, end, front: None, back: None }
    }
}

impl<'a> Iterator for Walk<'a> {
    type Item = MemberRef<'a>;

    #[inline]
    fn next(&mut self) -> Option<MemberRef<'a>> {
        if self.start == self.end {
            return None;
        }
        let cursor = self.front.get_or_insert_with(|| {
            let cursor = Cursor::new(self.tree, self.start);
            let ahead = PREFETCH_AHEAD.min(self.end - self.start).min(cursor.leaf.len() - cursor.at);
            (0..ahead).for_each(|i| prefetch(cursor.leaf.get(cursor.at + i)));
            cursor
        });
        if cursor.at == cursor.leaf.len() {
            cursor.next_leaf();
        }
        if cursor.at + PREFETCH_AHEAD < cursor.leaf.len() {
            prefetch(cursor.leaf.get(cursor.at + PREFETCH_AHEAD));
        }
        // SAFETY: an element of the tree, which stays as it is during `'a`.
        let member = unsafe { cursor.leaf.member(cursor.at) };
        cursor.at += 1;
        self.start += 1;
        Some(member)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.end - self.start;
        (left, Some(left))
    }
}

impl<'a> DoubleEndedIterator for Walk<'a> {
    #[inline]
    fn next_back(&mut self) -> Option<MemberRef<'a>> {
        if self.start == self.end {
            return None;
        }
        // Stands behind the element that comes next.
        let cursor = self.back.get_or_insert_with(|| {
            let mut cursor = Cursor::new(self.tree, self.end - 1);
            cursor.at += 1;
            let ahead = PREFETCH_AHEAD.min(self.end - self.start).min(cursor.at);
            (1..=ahead).for_each(|i| prefetch(cursor.leaf.get(cursor.at - i)));
            cursor
        });
        if cursor.at == 0 {
            cursor.previous_leaf();
        }
        cursor.at -= 1;
        if let Some(ahead) = cursor.at.checked_sub(PREFETCH_AHEAD) {
            prefetch(cursor.leaf.get(ahead));
        }
        self.end -= 1;
        // SAFETY: an element of the tree, which stays as it is during `'a`.
        Some(unsafe { cursor.leaf.member(cursor.at) })
    }
}

impl ExactSizeIterator for Walk<'_> {}
