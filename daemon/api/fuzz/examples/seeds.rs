//! Writes the first inputs of the corpora: `cargo run --example seeds DIRECTORY`.

use std::path::Path;

use wgtrace_api::recording::{MAGIC, append};
use wgtrace_api::v1::told::What;
use wgtrace_api::v1::{FlowsReply, Told};

fn main() -> std::io::Result<()> {
    let directory = std::env::args().nth(1).unwrap_or_else(|| "corpus".to_owned());
    for (target, seeds) in [("filter", filters()), ("recording", recordings())] {
        let directory = Path::new(&directory).join(target);
        std::fs::create_dir_all(&directory)?;
        for (name, seed) in seeds {
            std::fs::write(directory.join(name), seed)?;
        }
    }
    Ok(())
}

type Seeds = Vec<(&'static str, Vec<u8>)>;

fn filters() -> Seeds {
    [
        ("issue", "pod=net and port 32000 and not icmp"),
        ("network", "ip 10.0.2.0/24 or src ip fd00::/8"),
        ("peer", "peer=IKwg\u{2026} && encrypted || clear !leak"),
        ("places", "iface cilium_wg0 hook from-container node=worker2"),
        ("drops", "drop or drop_reason='Invalid source ip' or verdict!=dropped"),
        ("nested", "((tcp or (udp and dst port=53)) and not (state=established))"),
        ("quotes", "pod=\"a\\\"b\\\\\" message 'initiation'"),
        ("unclosed", "(pod=\"x"),
        ("unknown", "tcp prot 80"),
        ("host-bits", "10.0.2.7/24"),
    ]
    .map(|(name, text)| (name, text.as_bytes().to_vec()))
    .to_vec()
}

fn recordings() -> Seeds {
    let what = Some(What::Flows(FlowsReply { snapshot: true, known: 3, ..Default::default() }));
    let told = Told { from: "worker".into(), time: 1_720_255_828_000_000_000, what };
    let mut whole = [&[5][..], &MAGIC].concat();
    for _ in 0..3 {
        append(&told, &mut whole).expect("a short message");
    }
    let cut = whole[..whole.len() - 3].to_vec();
    let hostile = [&whole[..], &[0xff, 0xff, 0xff, 0xff, 0x0f]].concat();
    let endless = [&whole[..], &[0xff; 12]].concat();
    let other = [&[1][..], b"\x0a\x0d\x0d\x0a"].concat();
    vec![("whole", whole), ("cut", cut), ("hostile", hostile), ("endless", endless), ("other", other)]
}
