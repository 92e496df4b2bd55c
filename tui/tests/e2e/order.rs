//! Many threads write what one writes.

use zerocopy::IntoBytes as _;

use crate::program::run;
use crate::records;
use crate::scene::{Pcap, Scene, Tunnel, Way, packet};

/// About a dozen of the pipeline's chunks.
const PACKETS: u64 = 6_000;

#[test]
fn any_number_of_threads_writes_the_same_bytes() {
    let scene = Scene::new();
    let [mut early, mut late, mut stranger] = [2, 3, 4].map(Tunnel::new);
    scene.put("keys.log", [early.key_log(), late.key_log()].concat().as_bytes());
    let mut pcap = Pcap::new();
    let mut sent = Vec::new();
    pcap.frame(Way::Forward, early.initiation.as_bytes());
    pcap.frame(Way::Back, early.response.as_bytes());
    for number in 0..PACKETS {
        if number == PACKETS / 2 {
            // Half of its messages came before: known to a second pass only.
            pcap.frame(Way::Forward, late.initiation.as_bytes());
            pcap.frame(Way::Back, late.response.as_bytes());
        }
        let way = if number % 5 == 0 { Way::Back } else { Way::Forward };
        let len = [1420, 1420, 120, 800, 1419][usize::try_from(number % 5).unwrap()];
        let inner = packet(way, len, number);
        if number % 13 == 0 {
            pcap.frame(way, &stranger.seal(way, &inner));
            continue;
        }
        let tunnel = if number % 3 == 0 { &mut late } else { &mut early };
        pcap.frame(way, &tunnel.seal(way, &inner));
        sent.push(inner);
    }
    scene.put("eth0.pcap", &pcap.bytes);
    for more in [&[][..], &["--with-outer"], &["--format", "pcap"], &["--embed-keys", "session"]] {
        let [one, seven] = ["1", "7"].map(|jobs| {
            let out = scene.arg("out.pcapng");
            let ran = run(scene.decrypt(&[&["-w", &out, "-j", jobs, "--json"], more].concat())).exits(0);
            (std::fs::read(out).unwrap(), ran.stdout)
        });
        assert!(one.0 == seven.0, "{more:?}");
        assert_eq!(String::from_utf8(one.1).unwrap(), String::from_utf8(seven.1).unwrap(), "{more:?}");
        if more != ["--format", "pcap"] {
            let inner = records::inner(&one.0);
            assert!(records::data(&inner) == sent, "{more:?}");
        }
        let piped = run(scene.decrypt(&[&["-w", "-", "-j", "7", "-q"], more].concat())).exits(0);
        assert!(piped.stdout == one.0, "{more:?}");
    }
}

#[test]
fn more_threads_than_any_machine_has_are_no_failure() {
    let scene = Scene::new();
    let mut tunnel = Tunnel::new(2);
    scene.put("keys.log", tunnel.key_log().as_bytes());
    let mut pcap = Pcap::new();
    pcap.frame(Way::Forward, tunnel.initiation.as_bytes());
    pcap.frame(Way::Back, tunnel.response.as_bytes());
    pcap.frame(Way::Forward, &tunnel.seal(Way::Forward, &packet(Way::Forward, 120, 1)));
    scene.put("eth0.pcap", &pcap.bytes);
    let most = usize::MAX.to_string();
    run(scene.decrypt(&["-q", "-j", &most])).exits(0);
}
