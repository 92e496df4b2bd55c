use super::prefix::mask;

/// A binary trie with paths compressed: a node for each prefix, and for each point where two part.
#[derive(Debug, Clone)]
pub(super) struct Trie<T>(Link<T>);

type Link<T> = Option<Box<Node<T>>>;

#[derive(Debug, Clone)]
struct Node<T> {
    /// The path so far, left-aligned; zero behind `len`.
    bits: u128,
    len: u8,
    /// `None` where two prefixes merely part.
    owner: Option<T>,
    children: [Link<T>; 2],
}

impl<T> Trie<T> {
    pub(super) const fn new() -> Self {
        Self(None)
    }

    pub(super) fn insert(&mut self, bits: u128, len: u8, owner: T) -> Option<T> {
        insert(&mut self.0, bits, len, owner)
    }

    pub(super) fn remove(&mut self, bits: u128, len: u8) -> Option<T> {
        remove(&mut self.0, bits, len)
    }

    pub(super) fn retain(&mut self, keep: &mut impl FnMut(&T) -> bool) {
        retain(&mut self.0, keep);
    }

    #[inline]
    pub(super) fn lookup(&self, bits: u128) -> Option<&T> {
        let (mut link, mut best) = (self.0.as_deref(), None);
        while let Some(node) = link {
            if common(node.bits, bits) < node.len {
                break;
            }
            best = node.owner.as_ref().or(best);
            let [zero, one] = &node.children;
            link = if bit(bits, node.len) { one.as_deref() } else { zero.as_deref() };
        }
        best
    }

    /// Every prefix in order of address, then of length.
    pub(super) fn entries(&self) -> Vec<(u128, u8, &T)> {
        let (mut entries, mut open) = (Vec::new(), vec![self.0.as_deref()]);
        while let Some(link) = open.pop() {
            let Some(node) = link else { continue };
            entries.extend(node.owner.as_ref().map(|owner| (node.bits, node.len, owner)));
            let [zero, one] = &node.children;
            open.extend([one.as_deref(), zero.as_deref()]);
        }
        entries
    }
}

impl<T> Node<T> {
    fn leaf(bits: u128, len: u8, owner: T) -> Self {
        Self { bits, len, owner: Some(owner), children: [None, None] }
    }

    fn child(&mut self, bits: u128) -> &mut Link<T> {
        let [zero, one] = &mut self.children;
        if bit(bits, self.len) { one } else { zero }
    }
}

// Recursion is as deep as prefixes nest, 128 at most.
fn insert<T>(link: &mut Link<T>, bits: u128, len: u8, owner: T) -> Option<T> {
    let Some(node) = link else {
        *link = Some(Box::new(Node::leaf(bits, len, owner)));
        return None;
    };
    let common = common(node.bits, bits).min(node.len).min(len);
    if common == node.len {
        if len == node.len {
            return node.owner.replace(owner);
        }
        return insert(node.child(bits), bits, len, owner);
    }
    // They part inside the node's path, or the new prefix ends there.
    let mut upper = Node { bits: bits & mask(common), len: common, owner: None, children: [None, None] };
    let below = node.bits;
    *upper.child(below) = link.take();
    if common == len {
        upper.owner = Some(owner);
    } else {
        *upper.child(bits) = Some(Box::new(Node::leaf(bits, len, owner)));
    }
    *link = Some(Box::new(upper));
    None
}

fn remove<T>(link: &mut Link<T>, bits: u128, len: u8) -> Option<T> {
    let node = link.as_mut()?;
    if node.len > len || (node.bits ^ bits) & mask(node.len) != 0 {
        return None;
    }
    let owner = if node.len == len { node.owner.take()? } else { remove(node.child(bits), bits, len)? };
    prune(link);
    Some(owner)
}

fn retain<T>(link: &mut Link<T>, keep: &mut impl FnMut(&T) -> bool) {
    let Some(node) = link else { return };
    node.owner = node.owner.take().filter(&mut *keep);
    for child in &mut node.children {
        retain(child, keep);
    }
    prune(link);
}

/// Drops a node that owns nothing and parts nothing.
fn prune<T>(link: &mut Link<T>) {
    let Some(node) = link else { return };
    if node.owner.is_some() || node.children.iter().all(Option::is_some) {
        return;
    }
    let [zero, one] = &mut node.children;
    *link = zero.take().or_else(|| one.take());
}

/// The bit behind the first `len`; false behind the last.
#[inline]
fn bit(bits: u128, len: u8) -> bool {
    bits.checked_shl(u32::from(len)).is_some_and(|rest| rest >> 127 == 1)
}

/// How many bits from the left agree.
#[inline]
fn common(a: u128, b: u128) -> u8 {
    u8::try_from((a ^ b).leading_zeros()).unwrap_or(128)
}
