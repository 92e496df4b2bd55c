//! Files written: whole or not at all, private, in the place that was named.

use std::os::unix::fs::{FileTypeExt as _, PermissionsExt, symlink};
use std::process::Stdio;

use crate::program::{run, wgtrace};
use crate::records;
use crate::scene::{Scene, Way, time_of};

#[test]
fn packets_come_out_with_time_comment_and_direction() {
    let scene = Scene::new();
    run(scene.decrypt(&["-w", &scene.arg("out.pcapng")])).exits(0);
    let records = records::pcapng(&std::fs::read(scene.path("out.pcapng")).unwrap());
    assert_eq!(records::data(&records), scene.packets());
    for (record, (frame, way, packet)) in records.iter().zip(&scene.inner) {
        assert_eq!(record.time, time_of(*frame));
        assert_eq!(record.original_len as usize, packet.len());
        // The keys are the initiator's: what it sends goes out.
        assert_eq!(record.flags, Some(if *way == Way::Forward { 2 } else { 1 }));
        assert!(record.comment.as_ref().unwrap().starts_with(&format!("frame {frame}, ")));
    }
}

#[test]
fn classic_output_has_the_same_packets_and_times() {
    let scene = Scene::new();
    run(scene.decrypt(&["-w", &scene.arg("out.pcap")])).exits(0);
    let records = records::pcap(&std::fs::read(scene.path("out.pcap")).unwrap());
    assert_eq!(records::data(&records), scene.packets());
    assert!(records.iter().zip(&scene.inner).all(|(record, (frame, ..))| record.time == time_of(*frame)));
}

#[test]
fn captured_frames_are_kept_as_they_were() {
    let scene = Scene::new();
    run(scene.decrypt(&["-w", &scene.arg("out.pcapng"), "--with-outer"])).exits(0);
    let records = records::pcapng(&std::fs::read(scene.path("out.pcapng")).unwrap());
    let (inner, outer): (Vec<_>, Vec<_>) = records.into_iter().partition(|record| record.interface == 0);
    assert_eq!(records::data(&inner), scene.packets());
    let captured = records::pcap(&scene.capture);
    assert_eq!(records::data(&outer), records::data(&captured));
    for (kept, frame) in outer.iter().zip(&captured) {
        assert_eq!((kept.time, kept.original_len, kept.link), (frame.time, frame.original_len, frame.link));
    }
}

#[test]
fn output_is_readable_by_its_owner_only() {
    let scene = Scene::new();
    scene.put("there.pcapng", b"before");
    std::fs::set_permissions(scene.path("there.pcapng"), PermissionsExt::from_mode(0o644)).unwrap();
    for name in ["new.pcapng", "there.pcapng"] {
        run(scene.decrypt(&["-w", &scene.arg(name)])).exits(0);
        assert_eq!(mode(&scene, name), 0o600, "{name}");
    }
    run([
        "keys",
        "convert",
        &scene.arg("eth0.pcap"),
        "-k",
        &scene.arg("keys.log"),
        "-w",
        &scene.arg("t.keys"),
    ])
    .exits(0);
    assert_eq!(mode(&scene, "t.keys"), 0o600);
    assert_eq!(scene.names(), ["eth0.pcap", "keys.log", "new.pcapng", "t.keys", "there.pcapng"]);
}

#[test]
fn a_job_that_fails_leaves_everything_as_it_was() {
    let scene = Scene::new();
    let out = scene.put("out.pcapng", b"precious");
    scene.put("garbage.pcap", &[0xa5; 4096]);
    scene.put("empty.pcap", b"");
    let (capture, keys) = (scene.arg("eth0.pcap"), scene.arg("keys.log"));
    let before = scene.names();
    for [capture, keys] in [
        [scene.arg("garbage.pcap"), keys.clone()],
        [scene.arg("empty.pcap"), keys.clone()],
        [scene.arg("missing.pcap"), keys.clone()],
        [capture, scene.arg("missing.log")],
    ] {
        let ran = run(["decrypt", &capture, "-k", &keys, "-w", &out]).exits(1);
        assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
        assert_eq!(ran.stdout, b"");
    }
    assert_eq!(std::fs::read(&out).unwrap(), b"precious");
    assert_eq!(scene.names(), before);
}

#[test]
fn a_link_is_followed_and_stays_a_link() {
    let scene = Scene::new();
    std::fs::create_dir(scene.path("elsewhere")).unwrap();
    scene.put("elsewhere/there.pcapng", b"before");
    for name in ["there.pcapng", "new.pcapng"] {
        let link = format!("link-{name}");
        symlink(format!("elsewhere/{name}"), scene.path(&link)).unwrap();
        run(scene.decrypt(&["-w", &scene.arg(&link)])).exits(0);
        assert!(scene.path(&link).symlink_metadata().unwrap().is_symlink(), "{link}");
        let bytes = std::fs::read(scene.path("elsewhere").join(name)).unwrap();
        assert_eq!(records::pcapng(&bytes).len(), 7, "{link}");
    }
    assert_eq!(std::fs::read_dir(scene.path("elsewhere")).unwrap().count(), 2);
}

#[test]
fn devices_are_written_in_place() {
    let scene = Scene::new();
    run(scene.decrypt(&["-w", "/dev/null"])).exits(0);
    assert!(std::fs::metadata("/dev/null").unwrap().file_type().is_char_device());
    let ran = run(scene.decrypt(&["-w", "/dev/full", "-q"])).exits(1);
    let capture = scene.arg("eth0.pcap");
    assert_eq!(
        ran.stderr,
        format!(
            "wgtrace: decrypting {capture}: cannot write the output: No space left on device (os error 28)\n"
        )
    );
}

#[test]
fn the_input_is_never_overwritten() {
    let scene = Scene::new();
    symlink("eth0.pcap", scene.path("alias.pcapng")).unwrap();
    std::fs::hard_link(scene.path("eth0.pcap"), scene.path("twin.pcapng")).unwrap();
    for name in ["eth0.pcap", "alias.pcapng", "twin.pcapng"] {
        let out = scene.arg(name);
        let ran = run(scene.decrypt(&["-w", &out])).exits(1);
        assert_eq!(ran.stderr, format!("wgtrace: {out} is an input: it would be lost\n"));
        let ran = run(["keys", "convert", &scene.arg("eth0.pcap"), "-k", &scene.arg("keys.log"), "-w", &out]);
        assert_eq!(ran.exits(1).stderr, format!("wgtrace: {out} is an input: it would be lost\n"));
    }
    // Redirected, it is the same file.
    let capture = scene.arg("eth0.pcap");
    let mut command = wgtrace(["decrypt", "-", "-k", &scene.arg("keys.log"), "-w", &capture]);
    let redirected = std::fs::File::open(&capture).unwrap();
    assert_eq!(command.stdin(redirected).stderr(Stdio::null()).status().unwrap().code(), Some(1));
    assert_eq!(std::fs::read(scene.path("eth0.pcap")).unwrap(), scene.capture);
}

#[test]
fn the_key_file_is_never_overwritten() {
    let scene = Scene::new();
    let keys = scene.arg("keys.log");
    for args in [
        scene.decrypt(&["-w", &keys, "--format", "pcapng"]),
        ["keys", "convert", &scene.arg("eth0.pcap"), "-k", &keys, "-w", &keys].map(str::to_owned).to_vec(),
    ] {
        let ran = run(args).exits(1);
        assert_eq!(ran.stderr, format!("wgtrace: {keys} is an input: it would be lost\n"));
    }
    assert_eq!(std::fs::read_to_string(scene.path("keys.log")).unwrap(), scene.tunnel.key_log());
}

#[test]
fn places_that_cannot_be_written_are_named() {
    let scene = Scene::new();
    let (folder, nowhere, around) = (scene.arg(""), scene.arg("no/out.pcapng"), scene.arg("around"));
    let slash = scene.arg("new/");
    symlink("around", scene.path("around")).unwrap();
    for (out, message) in [
        (&folder, format!("{folder} is a directory")),
        (&slash, format!("{slash} names a directory, not a file")),
        (&nowhere, format!("cannot write {nowhere}: No such file or directory (os error 2)")),
        (&around, format!("cannot write {around}: Too many levels of symbolic links (os error 40)")),
    ] {
        let ran = run(scene.decrypt(&["-w", out])).exits(1);
        assert_eq!(ran.stderr, format!("wgtrace: {message}\n"));
    }
}

#[test]
fn a_name_without_a_folder_is_written_here() {
    let scene = Scene::new();
    let mut command = wgtrace(["decrypt", "eth0.pcap", "-k", "keys.log", "-w", "out.pcapng", "-q"]);
    assert!(command.current_dir(scene.path("")).status().unwrap().success());
    assert_eq!(scene.names(), ["eth0.pcap", "keys.log", "out.pcapng"]);
}

fn mode(scene: &Scene, name: &str) -> u32 {
    scene.path(name).metadata().unwrap().permissions().mode() & 0o7777
}
