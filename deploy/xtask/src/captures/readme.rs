//! The folder's README, from what the scenarios say of themselves.

use std::fmt::Write as _;

use anyhow::Result;

use super::scenario::Scenario;

const HEAD: &str = "\
# Captures

One folder a scenario, all but the first written by `cargo xtask captures` with the project's own initiator and
responder (`wgtrace_decrypt::noise`, `keypair`). Do not edit them: change `deploy/xtask/src/captures/` and run it
again. Keys, indices and times are fixed, so the bytes come out the same every time;
`cargo xtask captures --check` compares, and so does `cargo test`. The keys were made for these files and are
used nowhere else.

`walkthrough` is from three nodes that ran: `cargo lab walkthrough decryption --write-captures captures/walkthrough`
takes it anew, with other keys, times and numbers. Beside `eth0.pcapng` it has the same packets as `cilium_wg0.pcapng`
and `pod-eth0.pcapng` saw them, and what has to come out is told from the former.

In each folder:

- `capture.pcapng` (`.pcap` where the container is the point; `eth0.pcapng` in those of the walkthrough),
- `keys.log`: node a's key log as Wireshark reads it; `responder.keys`: node b's, where that matters,
- `transport.keys`: node a's session keys, which open these sessions and nothing else,
- `expect.json`: every transport message in the order of the capture (frame, sender, receiver index, counter,
  length and SHA-256 of the inner packet; length 0 is a keepalive), and for each set of key files what has to
  come out: sessions (frames of initiation and response, `null` where the keys were given), counters by
  direction (what is left out is 0), and for everything that does not open the reason in the words of
  `wgtrace decrypt --json` (`messages` are positions from 0). The generator knows these from making the
  packets; the decrypting pipeline has no part in it. `inside` has the messages that inner packets carry, with
  the frame and the receiver index of the message that they come in.

`decrypt/tests/captures.rs` holds the pipeline against every one of them.

| Scenario | How it was made | What it proves |
|---|---|---|
| `walkthrough` | The lab's worker and worker2: a ping from the pod net to 10.0.2.194, then its requests to 10.96.142.173 \
and 172.18.0.3:32000 that the pod there answers; taken amid a session | What nodes with the real daemon put on the wire, \
translated addresses and replies included, opens to what cilium_wg0 had |
";

pub(super) fn text(scenarios: &[Scenario]) -> Result<String> {
    let mut text = String::from(HEAD);
    for Scenario { name, made, proves, .. } in scenarios {
        writeln!(text, "| `{name}` | {made} | {proves} |")?;
    }
    Ok(text)
}
