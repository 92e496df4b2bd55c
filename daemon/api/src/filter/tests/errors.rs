//! What is said of what is wrong.

use crate::filter::Filter;

fn error(text: &str) -> String {
    match text.parse::<Filter>() {
        Ok(filter) => panic!("{text} is {filter}"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn errors_name_what_is_wrong_and_where() {
    for (text, said) in [
        ("tcp prot 80", "column 5: no such word \"prot\"; did you mean \"port\"?"),
        ("tcp and", "column 8: expected a condition here"),
        ("and tcp", "column 1: expected a condition before \"and\""),
        ("tcp or or udp", "column 8: expected a condition before \"or\""),
        ("not", "column 4: expected a condition here"),
        ("pod=", "column 5: \"pod\" needs the name of a pod behind it"),
        ("pod and tcp", "column 5: \"pod\" needs the name of a pod behind it"),
        ("pod=\"\"", "column 5: \"pod\" needs the name of a pod behind it"),
        ("(pod)", "column 5: \"pod\" needs the name of a pod behind it"),
        ("peer=…", "column 6: \"peer\" needs the start of a key or the name of a node behind it"),
        ("port 0", "column 6: \"0\" is not a port, 1 to 65535, or a range such as 8000-8080"),
        ("port 2-1", "column 6: \"2-1\" is not a port, 1 to 65535, or a range such as 8000-8080"),
        ("port +1", "column 6: \"+1\" is not a port, 1 to 65535, or a range such as 8000-8080"),
        ("ip 10.0.2", "column 4: \"10.0.2\" is not an address or a network such as 10.0.2.0/24"),
        (
            "10.0.2.7/24",
            "column 1: \"10.0.2.7/24\" has bits beyond its prefix length; did you mean \"10.0.2.0/24\"?",
        ),
        ("proto tpc", "column 7: no such protocol \"tpc\"; did you mean \"tcp\"?"),
        ("hook to-host1", "column 6: no such hook \"to-host1\"; did you mean \"to-host\"?"),
        ("verdict=drop", "column 9: no such verdict \"drop\"; did you mean \"dropped\"?"),
        (
            "state=xyzzy",
            "column 7: no such state \"xyzzy\": expected syn-sent, syn-received, established, closing, closed, reset",
        ),
        (
            "drop_reason Invalid source ip",
            "column 13: no such drop reason \"Invalid\"; did you mean \"Invalid source ip\"?",
        ),
        ("drop_reason=256", "column 13: no such drop reason \"256\": expected its number or its words"),
        ("src tcp", "column 5: \"tcp\" has no ends: expected ip, port, pod or node behind src or dst"),
        ("src", "column 4: expected a condition: ip, port, pod or node"),
        ("tcp=1", "column 4: \"tcp\" takes no value"),
        ("(tcp", "column 1: this parenthesis is not closed"),
        ("tcp)", "column 4: no parenthesis is open here"),
        ("()", "column 2: expected a condition before \")\""),
        ("pod=\"net", "column 5: this quote is not closed"),
        ("tcp \"x\"", "column 5: \"\\\"\" makes no sense here"),
        ("tcp & udp", "column 5: \"&\" makes no sense here"),
        ("pod=é tcp\u{a0}% x", "column 11: \"%\" makes no sense here"),
        ("pod='a\u{1b}[31m'", "column 5: \"a\\u{1b}[31m\" is not a name: it has control characters"),
        ("tcp \u{7}", "column 5: \"\\u{7}\" makes no sense here"),
    ] {
        assert_eq!(error(text), said, "{text}");
    }
}

#[test]
fn what_is_too_much_is_refused_at_once() {
    assert_eq!(
        error(&"tcp ".repeat(300_000)),
        "column 1: 1200000 bytes are too long: at most 65536 are read"
    );
    assert_eq!(error(&"tcp ".repeat(129)), "column 513: more than 128 conditions");
    assert_eq!(error(&"(".repeat(60_000)), "column 33: more than 32 parentheses within each other");
    assert_eq!(error(&"!".repeat(60_000)), "column 60001: expected a condition here");
    assert_eq!(error(&format!("pod={}", "x".repeat(129))), "column 5: this value is longer than 128 bytes");
    assert!(error(&"x".repeat(60_000)).len() < 200);
    assert!(format!("{}tcp{}", "(".repeat(32), ")".repeat(32)).parse::<Filter>().is_ok());
}
