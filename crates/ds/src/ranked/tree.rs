//! A counted B+tree of pointers to members, ordered by score, then by bytes.
//!
//! Nodes on the way down are made ready before they are entered: a full one gives slots to a neighbour, or two full
//! ones become three; a thin one is merged. So nothing is ever repaired on the way up, and one operation moves a few
//! hundred pointers at most, whatever the size of the tree.

use super::member::{MemberRef, compare_scores, prefetch};
use super::node::{BRANCH_SLOTS, Branch, LEAF_SLOTS, Leaf, Node};
use std::cmp::Ordering;
use std::ptr::NonNull;

/// Most branches between root and leaf: inner ones have nine children or more, leaves of 2^32 elements fifteen.
pub(super) const HEIGHT_MAX: usize = 12;

/// A neighbour with less room than one slot in so many does not help a full node.
const ROOM_PART: usize = 8;
/// Slots of the smaller half when the tree grows at an end only: the other half stays full.
const EDGE_SLOTS: usize = 2;

/// Elements before one in score, then bytes.
#[derive(Clone, Copy)]
struct Place<'a> {
    score: f64,
    bytes: &'a [u8],
}

impl Place<'_> {
    /// How an element compares to this place.
    ///
    /// # Safety
    /// `raw` is a live member with this score.
    #[inline]
    unsafe fn compare(&self, score: f64, raw: NonNull<u8>) -> Ordering {
        // SAFETY: as the caller says.
        compare_scores(score, self.score).then_with(|| unsafe { MemberRef::new(raw) }.bytes().cmp(self.bytes))
    }
}

/// What is to be removed.
#[derive(Clone, Copy)]
enum Target<'a> {
    Element(NonNull<u8>, Place<'a>),
    Rank(usize),
}

/// Owns its nodes, but not the members. Every pointer in it is that of a live member: callers of the unsafe methods
/// see to it, and that nobody else changes scores.
#[derive(Default)]
pub(crate) struct Tree {
    root: Option<NonNull<u8>>,
    /// Branches above each leaf.
    height: usize,
    len: usize,
    /// Bytes of all nodes.
    allocated: usize,
}

impl Tree {
    pub fn len(&self) -> usize {
        self.len
    }

    pub fn allocated(&self) -> usize {
        self.allocated
    }

    pub(super) fn root(&self) -> Option<NonNull<u8>> {
        self.root
    }

    pub(super) fn height(&self) -> usize {
        self.height
    }

    /// Adds a member.
    ///
    /// # Safety
    /// It is alive, not in the tree, and stays alive until it is removed.
    pub unsafe fn insert(&mut self, new: NonNull<u8>) {
        // SAFETY: the caller vouches for the member, and the tree for its nodes and what they point to.
        unsafe {
            let member = MemberRef::new(new);
            let place = Place { score: member.score(), bytes: member.bytes() };
            let mut at = self.root_with_room();
            for level in (1..=self.height).rev() {
                let branch = Branch::at(at);
                let mut i = child_of(branch, &place);
                if is_full(branch, i, level) {
                    self.make_room(branch, i, level, &place);
                    i = child_of(branch, &place);
                }
                branch.set_count(i, branch.count_of(i) + 1);
                if i == 0 && place.compare(branch.score(0), branch.least_of(0)) == Ordering::Greater {
                    branch.set_least(0, new);
                }
                at = branch.child(i);
            }
            let leaf = Leaf::at(at);
            let i = lower_bound(leaf, |score, raw| place.compare(score, raw) == Ordering::Less);
            leaf.open(i);
            leaf.set(i, new);
            self.len += 1;
        }
    }

    /// Takes a member out, which the caller owns from then on.
    ///
    /// # Safety
    /// It is in the tree.
    pub unsafe fn remove(&mut self, raw: NonNull<u8>) {
        // SAFETY: a member of the tree is alive.
        let member = unsafe { MemberRef::new(raw) };
        let place = Place { score: member.score(), bytes: member.bytes() };
        self.take(Target::Element(raw, place));
    }

    /// Takes the element of a rank below `len` out.
    pub fn remove_at(&mut self, rank: usize) -> NonNull<u8> {
        assert!(rank < self.len);
        self.take(Target::Rank(rank))
    }

    /// Gives a member another score and puts it where that belongs.
    ///
    /// # Safety
    /// It is in the tree.
    pub unsafe fn rescore(&mut self, raw: NonNull<u8>, score: f64) {
        // SAFETY: the caller vouches for the member, of which nobody reads the score meanwhile.
        unsafe {
            if !self.rescore_in_place(raw, score) {
                self.remove(raw);
                MemberRef::new(raw).set_score(score);
                self.insert(raw);
            }
        }
    }

    /// Gives a member another score if it stays between the same two neighbours of its leaf.
    ///
    /// # Safety
    /// As `rescore`.
    unsafe fn rescore_in_place(&mut self, raw: NonNull<u8>, score: f64) -> bool {
        // SAFETY: members of the tree are alive.
        unsafe {
            let member = MemberRef::new(raw);
            let (_, leaf) = self.leaf_of(&Place { score: member.score(), bytes: member.bytes() });
            let at = leaf.position(raw).expect("a member is where its score puts it");
            let place = Place { score, bytes: member.bytes() };
            let compare = |i: usize| place.compare(leaf.member(i).score(), leaf.get(i));
            // The first of a leaf is known to the branches above.
            let fits = at > 0
                && at + 1 < leaf.len()
                && compare(at - 1) == Ordering::Less
                && compare(at + 1) == Ordering::Greater;
            if fits {
                member.set_score(score);
            }
            fits
        }
    }

    /// Number of elements before a member.
    ///
    /// # Safety
    /// It is in the tree.
    pub unsafe fn rank(&self, raw: NonNull<u8>) -> usize {
        // SAFETY: members of the tree are alive.
        let member = unsafe { MemberRef::new(raw) };
        let (before, leaf) = self.leaf_of(&Place { score: member.score(), bytes: member.bytes() });
        before + leaf.position(raw).expect("a member is where its score puts it")
    }

    /// Number of elements that `is_before` says yes to: it must say so to all elements before one of which it does.
    pub fn partition_point(&self, is_before: impl Fn(f64, NonNull<u8>) -> bool) -> usize {
        let Some(mut at) = self.root else { return 0 };
        let mut before = 0;
        for _ in 0..self.height {
            // SAFETY: nodes of the tree are alive, those above the leaves are branches.
            let branch = unsafe { Branch::at(at) };
            let children = partition(branch, &is_before);
            if children == 0 {
                return before;
            }
            before += branch.count_before(children - 1);
            at = branch.child(children - 1);
        }
        // SAFETY: what is below the branches is a leaf, whose elements are alive.
        before + unsafe { lower_bound(Leaf::at(at), is_before) }
    }

    /// The leaf in which an element is, or would be, and the number of elements before the leaf. The tree is not empty.
    fn leaf_of(&self, place: &Place<'_>) -> (usize, Leaf) {
        let mut at = self.root.expect("a tree with a member has a root");
        let mut before = 0;
        for _ in 0..self.height {
            // SAFETY: nodes of the tree are alive, those above the leaves are branches.
            unsafe {
                let branch = Branch::at(at);
                let i = child_of(branch, place);
                before += branch.count_before(i);
                at = branch.child(i);
            }
        }
        // SAFETY: what is below the branches is a leaf.
        (before, unsafe { Leaf::at(at) })
    }

    fn take(&mut self, target: Target<'_>) -> NonNull<u8> {
        let mut at = self.root.expect("a tree with a member has a root");
        let mut path: [Option<(Branch, usize)>; HEIGHT_MAX] = [None; HEIGHT_MAX];
        let mut rank = match target {
            Target::Rank(rank) => rank,
            Target::Element(..) => 0,
        };
        // SAFETY: nodes of the tree are alive, those above the leaves are branches; elements are alive.
        unsafe {
            for level in (1..=self.height).rev() {
                let branch = Branch::at(at);
                let mut found = find_child(branch, target, rank);
                if self.thicken(branch, found.0, level) {
                    found = find_child(branch, target, rank);
                }
                let (i, before) = found;
                rank = rank.wrapping_sub(before);
                branch.set_count(i, branch.count_of(i) - 1);
                path[level - 1] = Some((branch, i));
                at = branch.child(i);
            }
            let leaf = Leaf::at(at);
            let i = match target {
                Target::Element(raw, _) => leaf.position(raw).expect("a member is where its score puts it"),
                Target::Rank(_) => rank,
            };
            let raw = leaf.get(i);
            leaf.close(i, 1);
            self.len -= 1;
            if i == 0 && self.len > 0 {
                let least = leaf.get(0);
                for (branch, i) in path.into_iter().flatten() {
                    branch.set_least(i, least);
                    if i > 0 {
                        break;
                    }
                }
            }
            self.lower_root();
            raw
        }
    }

    /// The root, which has room for one slot more.
    fn root_with_room(&mut self) -> NonNull<u8> {
        let Some(root) = self.root else {
            let leaf = self.obtain::<Leaf>();
            self.root = Some(leaf.raw());
            return leaf.raw();
        };
        // SAFETY: the root is a leaf or a branch by the height; it is full, so not empty, where it becomes a child.
        unsafe {
            let full = if self.height == 0 {
                Leaf::at(root).len() == LEAF_SLOTS
            } else {
                Branch::at(root).len() == BRANCH_SLOTS
            };
            if !full {
                return root;
            }
            assert!(self.height < HEIGHT_MAX);
            let above = self.obtain::<Branch>();
            above.set_len(1);
            if self.height == 0 {
                above.set_child(0, Leaf::at(root));
            } else {
                above.set_child(0, Branch::at(root));
            }
            self.root = Some(above.raw());
            self.height += 1;
            above.raw()
        }
    }

    /// Drops roots with one child, and the leaf of an empty tree.
    ///
    /// # Safety
    /// Nobody uses the nodes meanwhile.
    unsafe fn lower_root(&mut self) {
        // SAFETY: a root that is released is the tree's no more.
        unsafe {
            while let (Some(root), true) = (self.root, self.height > 0) {
                let branch = Branch::at(root);
                if branch.len() > 1 {
                    return;
                }
                self.root = Some(branch.child(0));
                self.height -= 1;
                self.release(branch);
            }
            if let (Some(root), 0) = (self.root, self.len) {
                self.root = None;
                self.release(Leaf::at(root));
            }
        }
    }

    /// Makes room in the full child `i` of a branch that has room itself.
    ///
    /// # Safety
    /// The branch is of this tree, at this level.
    unsafe fn make_room(&mut self, branch: Branch, i: usize, level: usize, place: &Place<'_>) {
        // SAFETY: level 1 is that of the parents of leaves.
        unsafe {
            let edge = self.edge_of(place);
            if level == 1 {
                self.spread::<Leaf>(branch, i, edge);
            } else {
                self.spread::<Branch>(branch, i, edge);
            }
        }
    }

    /// Whether a new element will be the last of all, or the first.
    fn edge_of(&self, place: &Place<'_>) -> Edge {
        let (Some(mut first), Some(mut last)) = (self.root, self.root) else { return Edge::Inner };
        // SAFETY: nodes of the tree are alive and not empty, those above the leaves are branches.
        unsafe {
            for _ in 0..self.height {
                first = Branch::at(first).child(0);
                last = Branch::at(last).child(Branch::at(last).len() - 1);
            }
            let (first, last) = (Leaf::at(first), Leaf::at(last));
            let compare = |leaf: Leaf, i| place.compare(leaf.member(i).score(), leaf.get(i));
            if compare(last, last.len() - 1) == Ordering::Less {
                Edge::Last
            } else if compare(first, 0) == Ordering::Greater {
                Edge::First
            } else {
                Edge::Inner
            }
        }
    }

    /// Takes slots from the full child `i`.
    ///
    /// # Safety
    /// The branch has room, and children of this sort.
    unsafe fn spread<N: Node>(&mut self, branch: Branch, i: usize, edge: Edge) {
        // SAFETY: children below the length are live nodes; none is empty, before or after.
        unsafe {
            let child = |i| N::at(branch.child(i));
            let full = child(i);
            match edge {
                Edge::Last => return self.split(branch, i, full, EDGE_SLOTS),
                Edge::First => return self.split(branch, i, full, N::SLOTS - EDGE_SLOTS),
                Edge::Inner => {}
            }
            let neighbours = [Some(i + 1).filter(|n| *n < branch.len()), i.checked_sub(1)];
            for n in neighbours.into_iter().flatten() {
                if child(n).len() + N::SLOTS / ROOM_PART <= N::SLOTS {
                    return even_out::<N>(branch, i.min(n));
                }
            }
            let Some(n) = neighbours.into_iter().flatten().next() else {
                return self.split(branch, i, full, N::SLOTS / 2);
            };
            // Two full ones become three.
            let left = i.min(n);
            let third = (child(left).len() + child(left + 1).len()) / 3;
            self.split(branch, left + 1, child(left + 1), third);
            even_out::<N>(branch, left);
        }
    }

    /// Moves the last slots of child `i` into a new one behind it.
    ///
    /// # Safety
    /// As `spread`; both keep a slot or more.
    unsafe fn split<N: Node>(&mut self, branch: Branch, i: usize, child: N, slots: usize) {
        let new = self.obtain::<N>();
        child.shift_right(new, slots);
        branch.open(i + 1);
        // SAFETY: neither is empty.
        unsafe {
            branch.set_child(i + 1, new);
            branch.set_child(i, child);
        }
    }

    /// Merges the child `i` with a neighbour, or takes slots from one, if it is thin. True if children changed.
    ///
    /// # Safety
    /// The branch is of this tree, at this level.
    unsafe fn thicken(&mut self, branch: Branch, i: usize, level: usize) -> bool {
        // SAFETY: level 1 is that of the parents of leaves, whose counts are their lengths.
        unsafe {
            if level == 1 {
                branch.count_of(i) <= LEAF_SLOTS / 2
                    && self.thicken_child::<Leaf>(branch, i, |i| branch.count_of(i))
            } else {
                let len = |i| Branch::at(branch.child(i)).len();
                len(i) <= BRANCH_SLOTS / 2 && self.thicken_child::<Branch>(branch, i, len)
            }
        }
    }

    /// # Safety
    /// The branch has two children or more, of this sort and with these lengths.
    unsafe fn thicken_child<N: Node>(
        &mut self,
        branch: Branch,
        i: usize,
        len: impl Fn(usize) -> usize,
    ) -> bool {
        let neighbours = [Some(i + 1).filter(|n| *n < branch.len()), i.checked_sub(1)];
        for n in neighbours.into_iter().flatten() {
            if len(i) + len(n) <= N::SLOTS * 3 / 4 {
                // SAFETY: live children; the right one is released when it is empty and out of the branch.
                unsafe {
                    let left = i.min(n);
                    let (into, from) = (N::at(branch.child(left)), N::at(branch.child(left + 1)));
                    into.shift_left(from, from.len());
                    branch.close(left + 1, 1);
                    branch.set_child(left, into);
                    self.release(from);
                }
                return true;
            }
        }
        let Some(n) = neighbours.into_iter().flatten().next().filter(|_| len(i) <= N::SLOTS / 4) else {
            return false;
        };
        // SAFETY: both are children; together they have more slots than one.
        unsafe { even_out::<N>(branch, i.min(n)) };
        true
    }

    fn obtain<N: Node>(&mut self) -> N {
        self.allocated += N::BYTES;
        N::obtain()
    }

    /// # Safety
    /// The node is the tree's no more.
    unsafe fn release<N: Node>(&mut self, node: N) {
        self.allocated -= N::BYTES;
        // SAFETY: as the caller says.
        unsafe { node.release() }
    }

    /// Gives all nodes back, and the members to `each`. The tree is empty then.
    pub fn drain(&mut self, mut each: impl FnMut(NonNull<u8>)) {
        let Some(root) = self.root.take() else { return };
        // SAFETY: all nodes hang on the root, which is the tree's no more.
        unsafe { drain(root, self.height, &mut each) };
        *self = Tree::default();
    }
}

/// Where a new element will stand among all.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Edge {
    First,
    Inner,
    Last,
}

/// # Safety
/// A subtree that nobody uses any more.
unsafe fn drain(at: NonNull<u8>, height: usize, each: &mut impl FnMut(NonNull<u8>)) {
    // SAFETY: nodes are branches above the leaves, by the height.
    unsafe {
        if height == 0 {
            let leaf = Leaf::at(at);
            for i in 0..leaf.len() {
                if i + PREFETCH_AHEAD < leaf.len() {
                    prefetch(leaf.get(i + PREFETCH_AHEAD));
                }
                each(leaf.get(i));
            }
            return leaf.release();
        }
        let branch = Branch::at(at);
        (0..branch.len()).for_each(|i| drain(branch.child(i), height - 1, each));
        branch.release();
    }
}

/// Gives the children `left` and `left + 1` equal numbers of slots.
///
/// # Safety
/// They are children, of this sort.
unsafe fn even_out<N: Node>(branch: Branch, left: usize) {
    // SAFETY: both are alive and, together, have slots for both.
    unsafe {
        let (a, b) = (N::at(branch.child(left)), N::at(branch.child(left + 1)));
        a.balance(b, (a.len() + b.len()).div_ceil(2));
        branch.set_child(left, a);
        branch.set_child(left + 1, b);
    }
}

/// # Safety
/// The branch is alive, at this level, and has such a child.
unsafe fn is_full(branch: Branch, i: usize, level: usize) -> bool {
    // SAFETY: level 1 is that of the parents of leaves, whose counts are their lengths.
    unsafe {
        if level == 1 {
            branch.count_of(i) == LEAF_SLOTS
        } else {
            Branch::at(branch.child(i)).len() == BRANCH_SLOTS
        }
    }
}

/// The child in which an element is, or would be put.
///
/// # Safety
/// The branch's elements are alive.
unsafe fn child_of(branch: Branch, place: &Place<'_>) -> usize {
    // SAFETY: as the caller says.
    partition(branch, |score, raw| unsafe { place.compare(score, raw) } != Ordering::Greater)
        .saturating_sub(1)
}

/// The child in which a target is, and the elements before the child.
///
/// # Safety
/// The branch's elements are alive.
unsafe fn find_child(branch: Branch, target: Target<'_>, rank: usize) -> (usize, usize) {
    match target {
        // SAFETY: as the caller says.
        Target::Element(_, place) => (unsafe { child_of(branch, &place) }, 0),
        Target::Rank(_) => branch.find_rank(rank),
    }
}

/// Number of children whose least element `is_before` says yes to.
fn partition(branch: Branch, is_before: impl Fn(f64, NonNull<u8>) -> bool) -> usize {
    let (mut low, mut high) = (0, branch.len());
    while low < high {
        let mid = (low + high) / 2;
        if is_before(branch.score(mid), branch.least_of(mid)) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    low
}

/// Elements that are asked for at once while a leaf is searched: members lie anywhere in memory, and a search that
/// looks at one after the other waits for each.
const PROBES: usize = 7;
/// How far ahead elements are asked for when all are visited.
pub(super) const PREFETCH_AHEAD: usize = 8;

/// Number of elements of a leaf that `is_before` says yes to.
///
/// # Safety
/// The leaf's elements are alive.
unsafe fn lower_bound(leaf: Leaf, is_before: impl Fn(f64, NonNull<u8>) -> bool) -> usize {
    let (mut low, mut high) = (0, leaf.len());
    while low < high {
        // Divides the rest by eight: the points of three halvings, asked for together.
        let (base, step) = (low, (high - low).div_ceil(PROBES + 1));
        (1..=PROBES).map(|n| base + n * step).filter(|i| *i < high).for_each(|i| prefetch(leaf.get(i - 1)));
        let (mut first, mut last) = (0, (high - low).div_ceil(step));
        // Blocks of `step` elements: those whose last element is before are passed.
        while first + 1 < last {
            let mid = (first + last) / 2;
            let i = base + mid * step - 1;
            // SAFETY: as the caller says.
            if is_before(unsafe { leaf.member(i) }.score(), leaf.get(i)) {
                first = mid;
            } else {
                last = mid;
            }
        }
        (low, high) = (base + first * step, high.min(base + last * step));
        if step == 1 {
            // SAFETY: as the caller says.
            let passed = is_before(unsafe { leaf.member(low) }.score(), leaf.get(low));
            return low + usize::from(passed);
        }
    }
    low
}
