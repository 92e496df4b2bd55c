use super::*;
use crate::walkthrough::Table;

/// How rows of a table relate to texts.
fn relations(table: &str, texts: &[&str], order: Order) -> Vec<Relation> {
    let table = Table::parse(&[table]).unwrap();
    let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
    compare(&table.of("s"), &texts, order).into_iter().map(|pair| pair.relation).collect()
}

const ROUTES: &str = r#"
[[row]]
lines = "1"
step = "s"
said = 'default via 172.18.0.1 dev eth0'

[[row]]
lines = "2"
step = "s"
said = '10.0.0.0/24 via 172.18.0.2 dev eth0'
here = '10.0.0.0/24 via 172.18.0.2 dev eth0 proto 200'
because = "known by it"

[[row]]
lines = "3"
step = "s"
said = 'gone'
here = ''
because = "not here"
"#;

#[test]
fn listed_differences_are_none() {
    let other = |because: &str| Relation::Other { because: because.into() };
    let texts = ["10.0.0.0/24 via 172.18.0.2 dev eth0 proto 200", "default via 172.18.0.1 dev eth0"];
    assert_eq!(
        relations(ROUTES, &texts, Order::Any),
        [Relation::Equal, other("known by it"), other("not here")]
    );
}

#[test]
fn what_is_missing_and_what_is_too_much_are_told() {
    let texts = ["default via 172.18.0.1 dev eth0", "10.0.0.0/24 via 172.18.0.2 dev eth0"];
    let found = relations(ROUTES, &texts, Order::Any);
    let wanted = vec!["10.0.0.0/24 via 172.18.0.2 dev eth0 proto 200".to_owned()];
    assert_eq!(found[1], Relation::Missing { wanted });
    assert_eq!(found[3], Relation::Unlisted);
    assert!(found.iter().filter(|relation| !relation.is_listed()).count() == 2);
    // what is expected not to be there
    assert_eq!(relations(ROUTES, &["gone"], Order::Any).last(), Some(&Relation::Unlisted));
}

const PACKETS: &str = r#"
[[row]]
lines = "1"
step = "s"
said = '42:bf:e8:df:0c:99 > ee:cf:c0:71:b2:58 request'
up-to = ["mac"]

[[row]]
lines = "2"
step = "s"
said = 'ee:cf:c0:71:b2:58 > 42:bf:e8:df:0c:99 reply'
up-to = ["mac"]
"#;

#[test]
fn in_an_order_packets_have_to_be_between_the_same_two() {
    let there = "02:00:00:00:00:01 > 02:00:00:00:00:02 request";
    let back = "02:00:00:00:00:02 > 02:00:00:00:00:01 reply";
    let astray = "02:00:00:00:00:03 > 02:00:00:00:00:01 reply";
    let is_listed = |texts: &[&str], order| relations(PACKETS, texts, order).iter().all(Relation::is_listed);
    assert!(is_listed(&[there, back], Order::Same));
    assert!(!is_listed(&[back, there], Order::Same));
    assert!(!is_listed(&[there, astray], Order::Same));
    assert!(!is_listed(&[there], Order::Same));
    assert!(is_listed(&[there, back, back], Order::AnyNumber));
    assert!(!is_listed(&[there, back, back], Order::Same));
    assert!(!is_listed(&[there, astray], Order::AnyNumber));
    assert!(!is_listed(&[there, there], Order::AnyNumber));
}
