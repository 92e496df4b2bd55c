//! What the kernel refuses, and how that is told.

use rustix::io::Errno;
use rustix::thread::{CapabilitySet, CapabilitySets, set_capabilities};
use wgtrace_testbed::Namespace;
use wgtraced::datapath::nat::{
    Chain, ChainKind, Family, Hook, HookPoint, Nat, Rule, Statement, Table, Verdict,
};

use crate::world::worker;

fn table(chains: Vec<Chain>) -> Table {
    Table { family: Family::IPV4, name: "wgtrace_test".into(), sets: vec![], chains }
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn a_refusal_names_table_chain_and_rule_and_leaves_nothing_behind() {
    let namespace = Namespace::new().unwrap();
    let jump = |to: &str| Rule::new([Statement::Counter, Statement::Verdict(Verdict::Jump(to.into()))]);
    let good = Chain { name: "good".into(), hook: None, rules: vec![] };
    let bad =
        Chain { name: "bad".into(), hook: None, rules: vec![jump("good"), jump("nowhere"), jump("gone")] };
    let table = table(vec![good, bad]);
    namespace
        .run(|| {
            let mut nat = Nat::open().unwrap();
            let error = nat.apply(&table).unwrap_err();
            assert_eq!(error.errno(), Some(Errno::NOENT));
            let said = error.to_string();
            let expected = "cannot add rule 2 of chain bad of table ip wgtrace_test (counter jump nowhere): \
                            No such file or directory";
            assert!(said.starts_with(expected), "{said}");
            assert!(said.contains("(the attribute at byte ") && said.contains("and one more"), "{said}");
            assert_eq!(nat.read(table.family, &table.name).unwrap(), None);
            // the socket is as good as new
            nat.apply(&worker().table().unwrap()).unwrap();
        })
        .unwrap();
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn a_chain_that_cannot_be_is_refused() {
    let namespace = Namespace::new().unwrap();
    let hook = Hook { kind: ChainKind::Nat, point: HookPoint::Forward, priority: 0 };
    let table = table(vec![Chain { name: "forward".into(), hook: Some(hook), rules: vec![] }]);
    let said = namespace.run(|| Nat::open().unwrap().apply(&table).unwrap_err().to_string()).unwrap();
    assert!(
        said.starts_with("cannot add chain forward of table ip wgtrace_test: Operation not supported"),
        "{said}"
    );
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn without_the_right_to_it_the_way_out_is_told() {
    let namespace = Namespace::new().unwrap();
    let error = namespace
        .run(|| {
            let none = CapabilitySet::empty();
            // of this thread only, which ends here
            set_capabilities(None, CapabilitySets { effective: none, permitted: none, inheritable: none })
                .unwrap();
            Nat::open().and_then(|mut nat| nat.apply(&worker().table().unwrap())).unwrap_err()
        })
        .unwrap();
    assert_eq!(error.errno(), Some(Errno::PERM));
    assert!(
        error.to_string().ends_with("; this needs root or CAP_NET_ADMIN in the network namespace"),
        "{error}"
    );
}
