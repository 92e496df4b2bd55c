use super::*;

#[test]
fn an_empty_table_holds_nothing() {
    let table = FlowTable::new(Limits::default(), 1);
    assert!(table.is_empty());
}
