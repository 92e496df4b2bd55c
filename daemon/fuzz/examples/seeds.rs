//! Writes the first inputs of the corpus: `cargo run --example seeds DIRECTORY`.

use std::path::Path;

fn main() -> std::io::Result<()> {
    let dir = std::env::args().nth(1).unwrap_or_else(|| "corpus/config".to_owned());
    let dir = Path::new(&dir);
    std::fs::create_dir_all(dir)?;
    for (name, seed) in config() {
        std::fs::write(dir.join(name), seed)?;
    }
    Ok(())
}

type Seeds = Vec<(String, Vec<u8>)>;

fn config() -> Seeds {
    let key = |n: u8| {
        let keys =
            ["AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=", "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI="];
        keys[usize::from(n)]
    };
    let [one, two] = [key(0), key(1)];
    let whole = format!(
        "[Interface] # here\nPrivateKey = {one}\nListenPort = 51820\nFwMark = 0x600\nAddress = 10.0.0.1/24, fd00::1/64\nMTU = 1420\n\n\
         [Peer]\nPublicKey = {two}\nPresharedKey = {one}\nAllowedIPs = 10.0.0.2/32, fd00::/8\nEndpoint = [2001:db8::1]:51820\nPersistentKeepalive = 25\n\n\
         [Peer]\nPublicKey = {one}\nAllowedIPs =\nEndpoint = vpn.example.org:51820\nPersistentKeepalive = off\n"
    );
    let texts = [
        ("whole", whole.clone()),
        ("windows", whole.replace('\n', "\r\n")),
        ("cut-key", whole.replace("AQE=", "AQF")),
        ("twice", format!("[Peer]\nPublicKey={one}\n[Peer]\nPublicKey={one}\n")),
        ("quick", format!("\u{feff}[Interface]\nPrivateKey={one}\nDNS=1.1.1.1\nPostUp=iptables\n")),
        ("keyless", "[peer]\nallowedips=::/0,0.0.0.0/0\n[PEER]\n".to_owned()),
        ("numbers", "[Interface]\nFwMark=off\nListenPort=65535\nMTU=1280\nFwMark=4294967295".to_owned()),
        (
            "zone",
            format!(
                "[Peer]\nPublicKey={one}\nEndpoint=[fe80::1%1]:7\nPresharedKey=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
            ),
        ),
    ];
    texts.into_iter().map(|(name, text)| (name.to_owned(), text.into_bytes())).collect()
}
