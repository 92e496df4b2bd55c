//! The files in deploy/kind are what the document has.

use std::collections::BTreeMap;
use std::path::Path;

use super::document;

fn committed(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../kind").join(name)).unwrap()
}

/// Lines without blanks in front and without comments: the document has lost its own.
fn lines(text: &str) -> Vec<String> {
    let bare = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    bare.map(str::to_owned).collect()
}

/// What is between two lines of the document.
fn between<'a>(document: &'a str, first: &str, last: &str) -> &'a str {
    let behind = document.split_once(first).unwrap_or_else(|| panic!("no `{first}`")).1;
    behind.split_once(last).unwrap_or_else(|| panic!("no `{last}`")).0
}

/// `encryption.type` and its like, of a file of maps in maps.
fn flattened(yaml: &str) -> BTreeMap<String, String> {
    let mut path: Vec<(usize, &str)> = Vec::new();
    let mut values = BTreeMap::new();
    for line in yaml.lines().filter(|line| !line.trim().is_empty() && !line.trim().starts_with('#')) {
        let indent = line.len() - line.trim_start().len();
        let (key, value) = line.trim().split_once(':').unwrap();
        path.retain(|(of, _)| *of < indent);
        path.push((indent, key));
        if !value.trim().is_empty() {
            let key = path.iter().map(|(_, key)| *key).collect::<Vec<_>>().join(".");
            values.insert(key, value.trim().to_owned());
        }
    }
    values
}

#[test]
fn cilium_gets_the_documents_values() {
    let Some(document) = document() else { return };
    let install = between(&document, "helm install cilium cilium/cilium", "# 4.install");
    let sets = install.lines().filter_map(|line| line.trim().strip_prefix("--set "));
    let mut said: BTreeMap<String, String> = sets
        .map(|set| {
            let (key, value) = set.trim_end_matches('\\').trim().split_once('=').unwrap();
            (key.to_owned(), value.trim_matches('"').to_owned())
        })
        .collect();
    // of one machine
    assert_eq!(said.remove("k8sServiceHost").as_deref(), Some("$controller_node_ip"));
    assert_eq!(flattened(&committed("cilium-values.yaml")), said);
}

#[test]
fn the_cluster_and_its_pods_are_the_documents() {
    let Some(document) = document() else { return };
    let cluster = between(&document, "--config=-\n", "containerdConfigPatches:");
    assert_eq!(lines(&committed("cluster.yaml")), lines(cluster));
    let pods = between(&document, "# cat cni.yaml\n", "# kubectl apply");
    assert_eq!(lines(&committed("pods.yaml")), lines(pods));
}
