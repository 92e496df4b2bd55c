//! Keys that are not enough, or not the right ones, and the reasons given.

use anyhow::{Result, bail};
use wgtrace_decrypt::key::{PresharedKey, PrivateKey};

use super::{ping, pong};
use crate::captures::scenario::{Fail, KEYS, Known, Run, Scenario, TRANSPORT, public_line};
use crate::captures::stage::{A, B, Stage};

/// Frame of the response.
const RESPONSE: usize = 2;

pub(super) fn insufficient() -> Result<Scenario> {
    let mut stage = Stage::pair("insufficient-keys");
    let psk = PresharedKey::from_bytes(stage.draw());
    let mut session = stage.handshake(A, B, &psk)?;
    stage.send(&mut session, A, &ping(0))?;
    stage.send(&mut session, B, &pong(0))?;
    let stranger = PrivateKey::from_bytes(stage.draw()).public();
    let other_psk = PresharedKey::from_bytes(stage.draw());

    let log = stage.actor(A)?.log.wireshark();
    let [a, b] = [stage.public(A)?, stage.public(B)?];
    let lines =
        |keep: fn(&str) -> bool| -> String { log.split_inclusive('\n').filter(|line| keep(line)).collect() };
    let wrong_psk = log.replace(psk.expose_base64().as_str(), other_psk.expose_base64().as_str());
    let no_psk = lines(|line| !line.starts_with("PRESHARED_KEY"));
    let statics = lines(|line| line.starts_with("LOCAL_STATIC"))
        + &format!("LOCAL_STATIC_PRIVATE_KEY = {}\n", *stage.actor(B)?.key.expose_base64());
    let one_static = lines(|line| line.contains("_STATIC_"));
    let ephemeral_only = public_line(&b) + &lines(|line| line.starts_with("LOCAL_EPHEMERAL"));
    let no_responder = lines(|line| !line.starts_with("REMOTE_STATIC"));
    let strangers = public_line(&stranger);

    let psk_reason = format!("it matches initiator {a} and responder {b}, but the PSK is wrong or missing");
    let cases = [
        ("wrong-psk.keys", wrong_psk, psk_reason.clone()),
        ("no-psk.keys", no_psk, psk_reason),
        (
            "both-statics.keys",
            statics,
            "both static keys are known, but WireGuard is forward-secret: an ephemeral or \
             transport key is needed"
                .to_owned(),
        ),
        (
            "one-static.keys",
            one_static,
            format!("responder {b}: the initiator's ephemeral or responder's static private key is needed"),
        ),
        (
            "ephemeral-only.keys",
            ephemeral_only,
            format!("responder {b}: the initiator's or responder's static private key is needed"),
        ),
        ("no-responder.keys", no_responder, UNKNOWN_RESPONDER.to_owned()),
        ("stranger.keys", strangers, UNKNOWN_RESPONDER.to_owned()),
    ];
    let mut scenario = Scenario::new(
        "insufficient-keys",
        stage,
        "A session with a preshared key; beside the full key log others that lack something: \
         wrong PSK, no PSK, both static keys and no ephemeral, one static key, no static private \
         key, no responder's public key, a stranger's key",
        "Each says what is wrong or missing, in full",
    );
    for (name, text, reason) in cases {
        let message_reason = format!("handshake (frame {RESPONSE}): {reason}");
        let run = Run::nothing(&[name], move |_| Fail::no_key(message_reason.clone()));
        scenario.runs.push(run.without_session(RESPONSE, reason));
        scenario.files.push((name, text));
    }
    Ok(scenario)
}

const UNKNOWN_RESPONDER: &str =
    "its mac1 fits no static public key that is known: the responder's public key is needed";

pub(super) fn wrong_transport() -> Result<Scenario> {
    let mut stage = Stage::pair("wrong-transport-keys");
    let mut session = stage.handshake(A, B, &PresharedKey::NONE)?;
    stage.frames.clear();
    stage.send(&mut session, A, &ping(0))?;
    stage.send(&mut session, B, &pong(0))?;
    let log = stage.actor(A)?.log.session();
    let mut lines = log.lines();
    let (Some(to_b), Some(to_a)) = (lines.next(), lines.next()) else {
        bail!("two lines, one for each direction")
    };
    let half = format!("{to_b}\n");
    // The second direction's line with the first one's key.
    let key = |line: &str| line.split(' ').nth(1).unwrap_or_default().to_owned();
    let wrong = format!("{half}{}\n", to_a.replace(&key(to_a), &key(to_b)));
    let half_run = Run {
        fails: Box::new(|_, sent| (sent.by == B).then(|| Fail::nothing_known(sent))),
        ..Run::all(&["half.keys"], A, Known::TransportKeys)
    };
    let wrong_run = Run {
        fails: Box::new(|_, sent| (sent.by == B).then(|| Fail::not_authentic(sent))),
        ..Run::all(&["wrong.keys"], A, Known::TransportKeys)
    };
    let runs = vec![
        Run::all(&[TRANSPORT], A, Known::TransportKeys),
        Run::nothing(&[KEYS], Fail::nothing_known),
        half_run,
        wrong_run,
    ];
    Ok(Scenario::new(
        "wrong-transport-keys",
        stage,
        "No handshake; besides the transport keys of both directions a file with one direction \
         only, and one with a wrong key for the other",
        "Directions open by themselves, and a wrong key is told from a missing one",
    )
    .with_file("half.keys", half)
    .with_file("wrong.keys", wrong)
    .with_runs(runs))
}
