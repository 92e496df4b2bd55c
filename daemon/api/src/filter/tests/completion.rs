//! What is offered where.

use crate::filter::{Filter, Key, Suggestion, complete, complete_with};

fn offered(text: &str) -> Vec<String> {
    complete(text, text.chars().count()).into_iter().map(|suggestion| suggestion.text).collect()
}

#[test]
fn words_begun_are_ended() {
    assert_eq!(offered("po"), ["pod=", "port="]);
    assert_eq!(offered("tcp and en"), ["encrypted"]);
    assert_eq!(offered("src "), ["pod=", "ip=", "port=", "node="]);
    assert_eq!(offered("(tcp or ic"), ["icmp", "icmp6"]);
    assert_eq!(offered("tcp ")[..2], ["and", "or"]);
    assert_eq!(offered("not wi"), ["wireguard"]);
    assert!(offered("").contains(&"pod=".to_owned()) && !offered("").contains(&"and".to_owned()));
}

#[test]
fn values_there_are_few_of_are_offered() {
    assert_eq!(offered("proto t"), ["tcp"]);
    assert_eq!(offered("hook=from-"), ["from-container", "from-host", "from-wireguard", "from-netdev"]);
    assert_eq!(offered("hook=wire"), ["from-wireguard", "to-wireguard"]);
    assert_eq!(offered("drop_reason=132"), ["\"Invalid source ip\""]);
    assert_eq!(offered("drop_reason=\"invalid s"), ["\"Invalid source ip\""]);
    assert_eq!(offered("state=est"), ["established"]);
}

#[test]
fn names_come_from_who_knows_them() {
    let names = |key| {
        let pods = ["default/net", "default/cni-6x2pk", "odd \"name\""];
        if key == Key::Pod { pods.map(String::from).to_vec() } else { Vec::new() }
    };
    let offered = |text: &str| complete_with(text, text.chars().count(), names);
    assert_eq!(
        offered("tcp and pod=ne"),
        [Suggestion { range: 12..14, text: "default/net".into(), about: String::new() }]
    );
    assert_eq!(offered("pod ").len(), 3);
    assert_eq!(offered("pod=odd").first().unwrap().text, r#""odd \"name\"""#);
    assert!(offered("node=").is_empty());
}

#[test]
fn the_cursor_may_be_inside() {
    let found = complete("é po and tcp", 4);
    assert!(found.is_empty(), "what is before is wrong: {found:?}");
    let found = complete("tcp po and tcp", 6);
    assert_eq!(found.first().map(|suggestion| suggestion.range.clone()), Some(4..6));
}

#[test]
fn what_is_wrong_or_too_long_has_no_suggestions() {
    for text in ["prot ", "port=x ", "tcp) ", &"tcp ".repeat(100_000)] {
        assert!(offered(text).is_empty(), "{text:.20}");
    }
}

#[test]
fn every_suggestion_can_be_read() {
    for text in [
        "", "tcp ", "tcp and ", "src ", "proto ", "hook=", "verdict ", "state=", "message=", "reason=",
        "tcp or ",
    ] {
        for suggestion in complete(text, text.chars().count()) {
            let whole: String =
                text.chars().take(suggestion.range.start).collect::<String>() + &suggestion.text;
            if let Err(error) = whole.parse::<Filter>() {
                assert_eq!(error.column, whole.chars().count() + 1, "{whole}: {error}");
            }
        }
    }
}
