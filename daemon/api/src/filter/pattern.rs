//! Names, as a whole or in part.

/// A name as it was asked for; `*` stands for anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern(pub(super) Box<str>);

impl Pattern {
    /// "namespace/name": the whole, or without the namespace; a workload's name is that of its pods.
    pub(super) fn is_pod(&self, pod: &str) -> bool {
        let name =
            if self.0.contains('/') { pod } else { pod.rsplit_once('/').map_or(pod, |(_, name)| name) };
        self.is_name(name)
            || (!self.has_star() && name.strip_prefix(&*self.0).is_some_and(|rest| rest.starts_with('-')))
    }

    /// The whole, or its last part: `worker2` is `cilium-wireguard-worker2`, too.
    pub(super) fn is_node(&self, node: &str) -> bool {
        self.is_name(node)
            || (!self.has_star() && node.strip_suffix(&*self.0).is_some_and(|rest| rest.ends_with('-')))
    }

    /// The start of a key in base64; `…` may say that there is more.
    pub(super) fn is_key(&self, key: &str) -> bool {
        key.starts_with(&*self.0) || (self.has_star() && self.is_name(key))
    }

    /// The same name.
    pub(super) fn is_name(&self, name: &str) -> bool {
        if self.has_star() { !name.is_empty() && glob(&self.0, name) } else { *self.0 == *name }
    }

    fn has_star(&self) -> bool {
        self.0.contains('*')
    }
}

/// In at most as many steps as both lengths' product.
fn glob(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(rest) = name.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    let Some(mut rest) = rest.strip_suffix(last) else { return false };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = rest.get(at.saturating_add(part.len())..).unwrap_or_default();
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Pattern {
        Pattern(text.into())
    }

    #[test]
    fn stars_stand_for_anything_and_nothing() {
        for (text, name) in [("*", "x"), ("a*", "a"), ("a*c", "abc"), ("a*b*c", "a-b-b-c"), ("*b*", "abc")] {
            assert!(pattern(text).is_name(name), "{text} {name}");
        }
        for (text, name) in [("*", ""), ("a*", "ba"), ("a*a", "a"), ("a*bc*c", "abc"), ("a**b", "a")] {
            assert!(!pattern(text).is_name(name), "{text} {name}");
        }
    }

    #[test]
    fn a_workload_is_its_pods_and_no_other() {
        assert!(pattern("cni").is_pod("default/cni-6x2pk"));
        assert!(pattern("default/cni").is_pod("default/cni-6x2pk"));
        assert!(!pattern("kube-system/cni").is_pod("default/cni-6x2pk"));
        assert!(!pattern("cn").is_pod("default/cni-6x2pk"));
        assert!(!pattern("default").is_pod("default/cni-6x2pk"));
    }

    #[test]
    fn a_node_is_its_last_part_and_no_other() {
        assert!(pattern("worker2").is_node("cilium-wireguard-worker2"));
        assert!(pattern("control-plane").is_node("cilium-wireguard-control-plane"));
        assert!(!pattern("worker").is_node("cilium-wireguard-worker2"));
        assert!(!pattern("orker2").is_node("cilium-wireguard-worker2"));
    }
}
