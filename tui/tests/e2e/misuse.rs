//! Exit statuses and the one line that says what is wrong.

use crate::program::{finish, run, wgtrace};
use crate::scene::Scene;

#[test]
fn statuses_are_the_documented_ones() {
    let scene = Scene::new();
    let capture = scene.arg("eth0.pcap");
    run(scene.decrypt(&[])).exits(0);
    run(["decrypt", &scene.arg("missing.pcap")]).exits(1);
    run(["decrypt"]).exits(2);
    run(["decrypt", &capture, "--no-such-option"]).exits(2);
    run(["decrypt", &capture]).exits(3);
    run(["keys", "convert", &capture]).exits(3);
}

#[test]
fn output_is_written_even_when_nothing_was_decrypted() {
    let scene = Scene::new();
    run(["decrypt", &scene.arg("eth0.pcap"), "-w", &scene.arg("out.pcapng")]).exits(3);
    assert_eq!(crate::records::pcapng(&std::fs::read(scene.path("out.pcapng")).unwrap()), []);
    let empty = scene.arg("t.keys");
    run(["keys", "convert", &scene.arg("eth0.pcap"), "-w", &empty]).exits(3);
    assert!(!scene.path("t.keys").exists());
}

#[test]
fn contradictions_are_mistakes_on_the_command_line() {
    let scene = Scene::new();
    let classic = "classic pcap has room for neither outer frames nor keys: \
                   use --format pcapng or a name ending in .pcapng";
    let (pcap, pcapng) = (scene.arg("out.pcap"), scene.arg("out.pcapng"));
    for (more, message) in [
        (&["--json", "-w", "-"][..], "--json and -w - both want standard output"),
        (&["-w", &pcap, "--with-outer"], classic),
        (&["-w", &pcap, "--embed-keys", "session"], classic),
        (&["-w", &pcapng, "--format", "pcap", "--embed-keys", "wireshark"], classic),
        (&["-k", "-", "-k", "-"], "standard input can be only one of the files"),
    ] {
        let ran = run(scene.decrypt(more)).exits(2);
        assert_eq!(ran.stderr, format!("wgtrace: {message}\n"));
        assert_eq!(ran.stdout, b"");
    }
    let ran = finish(&mut wgtrace(["decrypt", "-", "-k", "-"]), &scene.capture).exits(2);
    assert_eq!(ran.stderr, "wgtrace: standard input can be only one of the files\n");
    let ran = finish(&mut wgtrace(["keys", "convert", "-", "-k", "-"]), &scene.capture).exits(2);
    assert_eq!(ran.stderr, "wgtrace: standard input can be only one of the files\n");
    for more in [&["--with-outer"][..], &["--embed-keys", "session"], &["--format", "pcap"], &["-j", "0"]] {
        run(scene.decrypt(more)).exits(2);
    }
    run(scene.decrypt(&["--json", "--quiet"])).exits(2);
    assert_eq!(scene.names(), ["eth0.pcap", "keys.log"]);
}

#[test]
fn each_fault_has_its_line() {
    let scene = Scene::new();
    let [missing, folder, empty] = [scene.arg("missing"), scene.arg(""), scene.put("empty", b"")];
    let text = scene.put("text", b"hello, this is not a capture at all");
    let capture = scene.arg("eth0.pcap");
    for (args, message) in [
        (vec![&missing], format!("cannot open {missing}: No such file or directory (os error 2)")),
        (vec![&folder], format!("{folder} is a directory, not a capture")),
        (vec![&empty], format!("{empty}: the file is empty")),
        (vec![&text], format!("{text}: not a pcap or pcapng capture (it is text, starting with \"hell\")")),
    ] {
        for command in [&["decrypt"][..], &["keys", "convert"]] {
            let ran = run(command.iter().map(|arg| (*arg).to_owned()).chain(args.iter().copied().cloned()));
            assert_eq!(ran.exits(1).stderr, format!("wgtrace: {message}\n"));
        }
    }
    for (keys, message) in [
        (&missing, format!("cannot read keys from {missing}: No such file or directory (os error 2)")),
        (&folder, format!("cannot read keys from {folder}: Is a directory (os error 21)")),
    ] {
        let ran = run(["decrypt", &capture, "-k", keys]).exits(1);
        assert_eq!(ran.stderr, format!("wgtrace: {message}\n"));
    }
}

#[test]
fn quiet_is_silent() {
    let scene = Scene::new();
    for (args, code) in [
        (scene.decrypt(&["-q"]), 0),
        (scene.decrypt(&["-q", "-w", &scene.arg("out.pcapng")]), 0),
        (["decrypt", &scene.arg("eth0.pcap"), "--quiet"].map(str::to_owned).to_vec(), 3),
    ] {
        let ran = run(args).exits(code);
        assert_eq!((ran.text(), ran.stderr.as_str()), ("", ""));
    }
}

#[test]
fn names_from_hostile_hands_keep_to_one_line() {
    let scene = Scene::new();
    let ran = run(["decrypt", "no\nsuch\u{1b}[2Jfile"]).exits(1);
    assert_eq!(ran.stderr.lines().count(), 1, "{:?}", ran.stderr);
    assert!(!ran.stderr.contains('\u{1b}'), "{:?}", ran.stderr);
    drop(scene);
}
