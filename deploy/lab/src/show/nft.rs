//! Rules in force, in the words of nft(8).

use anyhow::Result;
use wgtraced::datapath::nat::{FoundTable, Nat, Table};

/// The tables of the calling thread's namespace that are meant to be there, as they are.
///
/// # Errors
/// When the kernel does not answer.
pub fn read_tables(meant: Vec<Table>) -> Result<Vec<(Table, Option<FoundTable>)>> {
    let mut nat = Nat::open()?;
    let mut tables = Vec::new();
    for table in meant {
        let found = nat.read(table.family, &table.name)?;
        tables.push((table, found));
    }
    Ok(tables)
}

/// The rules in force that a text is in, as commands that would add them.
///
/// The kernel has rules as programs for a small machine. What is meant is the dictionary: a program that none of its
/// rules becomes is shown as it is.
pub fn rules(tables: &[(Table, Option<FoundTable>)], text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for (meant, found) in tables {
        let dictionary: Vec<_> = meant
            .chains
            .iter()
            .flat_map(|chain| &chain.rules)
            .map(|rule| (rule.expressions(), rule))
            .collect();
        for chain in found.iter().flat_map(|found| &found.chains) {
            for rule in &chain.rules {
                let same = dictionary.iter().find(|(expressions, meant)| {
                    *expressions == rule.expressions && meant.commented() == rule.comment.as_deref()
                });
                let words = same.map_or_else(|| rule.to_string(), |(_, meant)| meant.to_string());
                lines.push(format!("add rule {} {} {} {words}", meant.family, meant.name, chain.name));
            }
        }
    }
    lines.retain(|line| line.contains(text));
    lines
}

#[cfg(test)]
mod tests {
    use wgtraced::datapath::nat::{FoundChain, FoundRule, kube_proxy};

    use super::*;

    /// The kernel's view of a table that is in force.
    fn in_force(table: &Table) -> FoundTable {
        let rule = |rule: &wgtraced::datapath::nat::Rule| FoundRule {
            handle: 1,
            expressions: rule.expressions(),
            comment: rule.commented().map(str::to_owned),
            counts: None,
        };
        let chain = |chain: &wgtraced::datapath::nat::Chain| FoundChain {
            name: chain.name.clone(),
            hook: None,
            rules: chain.rules.iter().map(rule).collect(),
        };
        FoundTable { chains: table.chains.iter().map(chain).collect(), ..FoundTable::default() }
    }

    /// The chain's name is that of the walkthrough's iptables-save.
    #[test]
    fn the_node_ports_rules_are_found_by_its_number() {
        let table = kube_proxy::table("kube_proxy", None, &kube_proxy::walkthrough());
        let found = in_force(&table);
        assert_eq!(
            rules(&[(table, Some(found))], "32000"),
            [
                "add rule ip kube_proxy KUBE-SVC-CU7F3MNN62CF4ANP tcp dport 32000 counter jump KUBE-MARK-MASQ \
             comment \"default/serversvc:cni\"",
                "add rule ip kube_proxy KUBE-NODEPORTS tcp dport 32000 counter jump KUBE-SVC-CU7F3MNN62CF4ANP \
             comment \"default/serversvc:cni\"",
            ]
        );
    }

    #[test]
    fn no_table_has_no_rules() {
        let table = kube_proxy::table("kube_proxy", None, &kube_proxy::walkthrough());
        assert_eq!(rules(&[(table, None)], "32000"), Vec::<String>::new());
    }
}
