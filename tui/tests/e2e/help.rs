//! Help as people see it, word for word. `WGTRACE_BLESS=1` writes down what it says now.

use std::path::Path;

use crate::program::{finish, wgtrace};

#[test]
fn help_says_what_is_written_down() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e/help");
    for (name, args) in [
        ("wgtrace", &[][..]),
        ("decrypt", &["decrypt"]),
        ("keys", &["keys"]),
        ("keys-convert", &["keys", "convert"]),
        ("peers", &["peers"]),
        ("observe", &["observe"]),
        ("capture", &["capture"]),
        ("record", &["record"]),
        ("completions", &["completions"]),
        ("man", &["man"]),
        ("status", &["status"]),
        ("tui", &["tui"]),
    ] {
        for (suffix, flag) in [("short", "-h"), ("long", "--help")] {
            let file = folder.join(format!("{name}.{suffix}.txt"));
            let mut command = wgtrace(args.iter().copied().chain([flag]));
            let ran = finish(command.env("COLUMNS", "100"), &[]).exits(0);
            if std::env::var_os("WGTRACE_BLESS").is_some() {
                std::fs::write(&file, &ran.stdout).unwrap();
            }
            let written = std::fs::read_to_string(&file).unwrap_or_default();
            assert_eq!(ran.text(), written, "{} (WGTRACE_BLESS=1 to accept)", file.display());
        }
    }
}

#[test]
fn without_a_daemon_it_is_said_where_it_was_looked_for() {
    for command in ["status", "peers"] {
        let ran = finish(&mut wgtrace([command, "--server", "/nowhere/wgtraced.sock"]), &[]).exits(1);
        assert!(ran.stderr.contains("no wgtraced answers at /nowhere/wgtraced.sock"), "{}", ran.stderr);
    }
}

#[test]
fn the_version_is_the_packages() {
    let ran = finish(&mut wgtrace(["--version"]), &[]).exits(0);
    assert_eq!(ran.text(), concat!("wgtrace ", env!("CARGO_PKG_VERSION"), "\n"));
}
