mod kind;

use std::io::Write as _;

use super::*;

const ROW: &str = "[[row]]\nlines = \"1-2\"\nstep = \"s\"\nsaid = '''\n a\nb\n'''\n";

#[test]
fn the_committed_table_is_one_whose_steps_exist() {
    let table = Table::committed().unwrap();
    for row in &table.rows {
        if let What::Compared(compared) = &row.what {
            let step = &compared.step;
            assert!(crate::walkthrough::STEPS.iter().any(|known| known.name == step), "no step `{step}`");
        }
    }
}

/// The document, which is beside the captures from elsewhere; `None` where nobody says where these are.
fn document() -> Option<String> {
    let Some(captures) = std::env::var_os("WGTRACE_CONFORMANCE").map(std::path::PathBuf::from) else {
        // past the harness, which keeps what a passing test prints
        let _ = writeln!(
            std::io::stderr(),
            "wgtrace-lab: WGTRACE_CONFORMANCE is not set: nothing was held against the document"
        );
        return None;
    };
    let path = captures.join("../walkthrough.txt");
    Some(std::fs::read_to_string(&path).unwrap_or_else(|error| {
        panic!("{}: {error}: WGTRACE_CONFORMANCE names the directory beside which it is", path.display())
    }))
}

#[test]
fn every_line_of_the_document_has_its_row() {
    if let Some(document) = document() {
        Table::committed().unwrap().covers(&document).unwrap();
    }
}

#[test]
fn every_line_has_to_be_spoken_of_once_and_as_it_is() {
    let passed = "[[row]]\nlines = \"3\"\nbecause = \"no\"\n";
    let table = Table::parse(&[ROW, passed]).unwrap();
    table.covers("a\n b \nc").unwrap();
    let missing = TableError::Missing { line: 4, text: "d".into() };
    assert_eq!(table.covers("a\nb\nc\nd"), Err(missing));
    assert_eq!(table.covers("a\nb"), Err(TableError::Beyond { line: 3, have: 2 }));
    let misquoted = TableError::Misquoted { line: 2, said: "x".into(), quoted: "b".into() };
    assert_eq!(table.covers("a\nx\nc"), Err(misquoted));
    assert_eq!(
        Table::parse(&[passed]).unwrap().covers("a\nb\nc").unwrap_err(),
        TableError::Missing { line: 1, text: "a".into() }
    );
    assert_eq!(Table::parse(&[ROW, ROW]), Err(TableError::Twice { line: 1 }));
}

#[test]
fn rows_that_say_too_little_are_refused() {
    let of =
        |fields: &str| Table::parse(&[&format!("[[row]]\nlines = \"1\"\n{fields}")]).unwrap_err().to_string();
    assert!(of("").ends_with("says neither what the lines are nor why they are passed over"));
    assert!(of("said = 'a'").ends_with("names no step that compares its lines"));
    assert!(of("step = 's'\nsaid = '''a\nb'''").ends_with("does not quote as many lines as it speaks of"));
    assert!(of("step = 's'\nsaid = 'a'\nhere = 'b'").ends_with("does not say why the lab differs"));
    assert!(of("step = 's'\nsaid = 'a'\nbecause = 'b'").ends_with("does not say what the lab has instead"));
    assert!(of("up-to = [\"weather\"]").contains("unknown variant `weather`"));
    for lines in ["0", "2-1", "x"] {
        let table = format!("[[row]]\nlines = \"{lines}\"\nbecause = 'a'");
        assert_eq!(Table::parse(&[&table]), Err(TableError::NoRange(lines.into())));
    }
}
