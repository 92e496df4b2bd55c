//! The summary for people.

use std::fmt::Write as _;

use wgtrace_decrypt::key::PublicKey;
use wgtrace_decrypt::keypair::Role;
use wgtrace_decrypt::pipeline::DirectionReport;
use wgtrace_decrypt::session::{Origin, Session, SessionId, Side};

use super::depth::Depth;
use super::{Summary, time};

/// Sessions and reasons listed before "and n more": a screenful.
const LISTED: usize = 40;

impl Summary<'_> {
    /// Several lines, each ended.
    pub(crate) fn text(&self) -> String {
        let mut out = String::new();
        // Writing to a string cannot fail.
        let _ = self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) -> std::fmt::Result {
        for at in &self.depths {
            at.write(out)?;
        }
        for warning in &self.warnings {
            writeln!(out, "warning: {warning}")?;
        }
        self.total(out)
    }

    fn total(&self, out: &mut String) -> std::fmt::Result {
        let seen = self.front.counts();
        let handshakes = self.front.sessions().counts();
        let totals = self.report.totals();
        writeln!(
            out,
            "{}, {}: {} ({}), {}, {}",
            count(seen.frames, "frame"),
            count(seen.datagrams, "UDP datagram"),
            count(handshakes.initiations + handshakes.responses, "handshake message"),
            count(handshakes.duplicates, "duplicate"),
            cookies(handshakes),
            count(seen.transport, "transport datagram"),
        )?;
        writeln!(
            out,
            "decrypted {} ({} bytes) and {}; {} not decrypted",
            count(totals.opened.packets, "packet"),
            totals.opened.bytes,
            count(totals.opened.keepalives, "keepalive"),
            count(totals.failed, "message"),
        )?;
        if self.inside().is_empty() {
            return Ok(());
        }
        writeln!(
            out,
            "inside: decrypted {} ({} bytes) and {}; {} not decrypted",
            count(self.sum_inside(|at| at.ledger.totals().opened.packets), "packet"),
            self.sum_inside(|at| at.ledger.totals().opened.bytes),
            count(self.sum_inside(|at| at.ledger.totals().opened.keepalives), "keepalive"),
            count(self.sum_inside(|at| at.ledger.totals().failed), "message"),
        )
    }
}

impl Depth<'_> {
    fn write(&self, out: &mut String) -> std::fmt::Result {
        let prefix = self.prefix();
        for (id, session, rekeys) in self.sessions.iter().take(LISTED) {
            self.session(out, *id, session, *rekeys)?;
        }
        more(out, self.sessions.len(), &format!("{prefix}and"), "sessions")?;
        for (group, reason) in self.failures.iter().take(LISTED) {
            let frame = group.first.frame;
            writeln!(
                out,
                "{prefix}not decrypted: {} for {}, first in frame {frame}: {reason}",
                count(group.messages, "message"),
                group.receiver
            )?;
        }
        more(out, self.failures.len(), &format!("{prefix}and"), "reasons")?;
        for (at, fault) in self.table.failed_handshakes().take(LISTED) {
            writeln!(out, "{prefix}no session from the handshake ({at}): {fault}")?;
        }
        Ok(())
    }

    /// Tells lines about tunnels inside others from those about the outermost.
    fn prefix(&self) -> String {
        match self.tunnels {
            0 => String::new(),
            1 => "inside: ".to_owned(),
            tunnels => format!("inside {tunnels} tunnels: "),
        }
    }

    fn session(&self, out: &mut String, id: SessionId, session: &Session, rekeys: usize) -> std::fmt::Result {
        let rekey = if rekeys > 0 { format!(" (rekey {rekeys})") } else { String::new() };
        writeln!(
            out,
            "{}session {}{rekey}: {} -> {}",
            self.prefix(),
            id.0 + 1,
            name(&session.initiator),
            name(&session.responder)
        )?;
        match &session.origin {
            Origin::Handshake { initiation, response, psk, .. } => writeln!(
                out,
                "  handshake {}, frames {} and {}, {}",
                time(initiation.time),
                initiation.frame,
                response.frame,
                if psk.is_zero() { "no PSK" } else { "with PSK" }
            )?,
            Origin::TransportKeys { time: Some(at) } => writeln!(out, "  transport keys of {}", time(*at))?,
            Origin::TransportKeys { time: None } => writeln!(out, "  transport keys")?,
        }
        for (sender, arrow) in [(Role::Initiator, "->"), (Role::Responder, "<-")] {
            let index = session.side(sender.other()).index;
            let (Some(index), Some(sent)) = (index, self.ledger.of(id, sender)) else { continue };
            if sent.span.is_some() {
                writeln!(out, "  {arrow} {index}: {}", direction(sent))?;
            }
        }
        Ok(())
    }
}

fn cookies(counts: wgtrace_decrypt::sessions::Counts) -> String {
    let replies = count(counts.cookie_replies, "cookie reply");
    if counts.cookie_replies == 0 {
        return replies;
    }
    format!("{replies} ({} opened, {} mac2 verified)", counts.cookies_opened, counts.mac2_verified)
}

fn direction(sent: &DirectionReport) -> String {
    let mut text = format!(
        "{}, {} bytes, {}; {} lost, {} reordered, {} duplicated",
        count(sent.tally.packets, "packet"),
        sent.tally.bytes,
        count(sent.tally.keepalives, "keepalive"),
        sent.counters.lost(),
        sent.counters.reordered(),
        sent.counters.duplicated(),
    );
    if sent.counters.late() > 0 {
        let _ = write!(text, ", {} too late to tell", sent.counters.late());
    }
    if let Some(endpoint) = sent.endpoint {
        let _ = write!(text, "; from {endpoint}");
    }
    if sent.roamed > 0 {
        let _ = write!(text, ", {}", count(sent.roamed, "address change"));
    }
    text
}

fn name(side: &Side) -> String {
    side.public.as_ref().map_or_else(|| "?".to_owned(), PublicKey::to_string)
}

/// `1 message`, `2 messages`, `2 replies`.
fn count(number: u64, noun: &str) -> String {
    match (number, noun.strip_suffix('y')) {
        (1, _) => format!("1 {noun}"),
        (_, Some(stem)) => format!("{number} {stem}ies"),
        (_, None) => format!("{number} {noun}s"),
    }
}

fn more(out: &mut String, total: usize, and: &str, what: &str) -> std::fmt::Result {
    match total.checked_sub(LISTED) {
        None | Some(0) => Ok(()),
        Some(rest) => writeln!(out, "{and} {rest} more {what} (--json lists all)"),
    }
}
