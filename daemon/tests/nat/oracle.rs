//! The stock tools, in a namespace.

use std::process::Command;

use wgtrace_testbed::Namespace;

/// What a tool prints; it must be there and succeed, unless `WGTRACE_SKIP` names it.
pub(crate) fn ask(namespace: &Namespace, tool: &str, arguments: &[&str]) -> Option<String> {
    let skip = std::env::var("WGTRACE_SKIP").unwrap_or_default();
    if skip.split(',').any(|name| name == tool) {
        eprintln!("skipped by WGTRACE_SKIP: {tool}");
        return None;
    }
    let output = namespace.run(|| Command::new(tool).args(arguments).output()).unwrap();
    let output = output.unwrap_or_else(|error| {
        let package = if tool == "nft" { "nftables" } else { tool };
        panic!("{tool}: {error}: install Debian's {package}, or leave it out with WGTRACE_SKIP={tool}")
    });
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{tool} {arguments:?}: {said}");
    Some(String::from_utf8(output.stdout).unwrap())
}
