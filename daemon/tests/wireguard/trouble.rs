use wgtrace_testbed::{Line, Namespace};

use crate::end::{End, try_ours};
use crate::settings::{Pair, Settings};

fn complaint(namespace: &Namespace, settings: &Settings, more: &[&str]) -> String {
    let output = try_ours(namespace, settings, more);
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8(output.stderr).unwrap()
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn what_cannot_be_had_is_named_with_the_way_out() {
    let line = Line::new().unwrap();
    let mut pair = Pair::new(false);
    let left = End::ours(&line.left, &pair.left);

    let text = complaint(&line.left, &pair.left, &["--name", "other"]);
    assert!(text.contains("UDP port 51001 is in use: choose another ListenPort"), "{text}");

    pair.left.text = pair.left.text.replace("51001", "51009");
    let text = complaint(&line.left, &pair.left, &["--name", left.name()]);
    assert!(text.contains("is in use by another program"), "{text}");
    let text = complaint(&line.left, &pair.left, &["--name", "eth0"]);
    assert!(text.contains("there is an interface eth0 of another kind"), "{text}");

    pair.left.text = pair.left.text.replace("ListenPort = 51009", "ListenPort = 99999");
    let text = complaint(&line.left, &pair.left, &[]);
    assert!(text.contains("line 5, column 14: ListenPort: not a port"), "{text}");
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn an_interface_that_somebody_removes_ends_the_program_with_a_word() {
    let line = Line::new().unwrap();
    let pair = Pair::new(false);
    let mut left = End::ours(&line.left, &pair.left);
    line.left.delete(left.name()).unwrap();
    crate::end::wait_for("the program to end", || left.has_ended());
}
