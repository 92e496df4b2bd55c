//! What nodes say to each other.

use anyhow::{Context as _, Result, ensure};
use wgtrace_decrypt::key::{PresharedKey, PrivateKey};
use wgtrace_decrypt::keypair::{Keypair, message_len};
use wgtrace_decrypt::noise::cookie::{Cookie, CookieKey};
use wgtrace_decrypt::noise::mac::Mac1Key;
use wgtrace_decrypt::noise::{Initiator, Responder, Tai64n};
use wgtrace_wire::wireguard::{Initiation, SessionIndex, TransportHeader};
use zerocopy::IntoBytes as _;

use super::{Kind, Node, Sent, Stage};

/// An initiation that was not answered yet.
pub(in crate::captures) struct Asked {
    initiator: Initiator,
    message: Initiation,
    by: Node,
    to: Node,
    psk: PresharedKey,
    frame: usize,
}

/// Both ends of a session.
pub(in crate::captures) struct Session {
    number: usize,
    ends: [(Node, Keypair); 2],
}

const MTU: usize = 1420;

impl Stage {
    /// Initiation and response, both captured.
    pub(in crate::captures) fn handshake(
        &mut self,
        by: Node,
        to: Node,
        psk: &PresharedKey,
    ) -> Result<Session> {
        let asked = self.initiate(by, to, psk, None)?;
        let index = self.draw_index();
        self.respond(&asked, index)
    }

    /// Sends an initiation, with a mac2 when a cookie is at hand.
    pub(in crate::captures) fn initiate(
        &mut self,
        by: Node,
        to: Node,
        psk: &PresharedKey,
        cookie: Option<&Cookie>,
    ) -> Result<Asked> {
        let (index, ephemeral) = (self.draw_index(), PrivateKey::from_bytes(self.draw()));
        let (time, remote) = (Tai64n::from_unix_nanos(self.clock), self.public(to)?);
        let actor = self.actor(by)?;
        let (initiator, mut message) =
            Initiator::start(&actor.key, &remote, psk, index, ephemeral, time, &actor.log)?;
        if let Some(cookie) = cookie {
            cookie.seal(&mut message);
        }
        let (from, at) = (actor.at, self.actor(to)?.at);
        let frame = self.frames.len();
        self.datagram(from, at, message.as_bytes(), Kind::Initiation(None), Vec::new());
        Ok(Asked { initiator, message, by, to, psk: psk.clone(), frame })
    }

    /// Sends a cookie reply instead of a response.
    pub(in crate::captures) fn refuse(&mut self, asked: &Asked) -> Result<Cookie> {
        let (secret, nonce) = (self.draw(), self.draw());
        let source = self.actor(asked.by)?.at;
        let cookie = Cookie::new(&secret, source.to_string().as_bytes());
        let [nonce @ .., _, _, _, _, _, _, _, _] = nonce;
        let key = CookieKey::new(&self.public(asked.to)?);
        let reply = key.reply(&cookie, asked.initiator.index(), &asked.message.mac1, nonce)?;
        // The initiator opens it, as it would.
        let cookie = key.open(&reply, &asked.message.mac1)?;
        let from = self.actor(asked.to)?.at;
        self.datagram(from, source, reply.as_bytes(), Kind::CookieReply, Vec::new());
        Ok(cookie)
    }

    /// Sends the response, whose sender is `index`.
    pub(in crate::captures) fn respond(&mut self, asked: &Asked, index: SessionIndex) -> Result<Session> {
        let ephemeral = PrivateKey::from_bytes(self.draw());
        let (initiator, responder) = (self.actor(asked.by)?, self.actor(asked.to)?);
        initiator.log.set_time(self.clock);
        responder.log.set_time(self.clock);
        ensure!(Mac1Key::new(&responder.key.public()).verify(&asked.message), "mac1 does not verify");
        let received = Responder::receive(&responder.key, &asked.message)?;
        let (response, theirs) = received.respond(&asked.psk, index, &ephemeral, &responder.log)?;
        let mine = asked.initiator.finish(&response, &initiator.log)?;
        let (from, to) = (responder.at, initiator.at);
        let number = self.sessions;
        self.sessions += 1;
        if let Some(frame) = self.frames.get_mut(asked.frame) {
            frame.kind = Kind::Initiation(Some(number));
        }
        self.datagram(from, to, response.as_bytes(), Kind::Response(number), Vec::new());
        Ok(Session { number, ends: [(asked.by, mine), (asked.to, theirs)] })
    }

    /// Sends an inner packet, or a keepalive when it is empty.
    pub(in crate::captures) fn send(&mut self, session: &mut Session, by: Node, inner: &[u8]) -> Result<()> {
        let sent = self.seal(session, by, inner)?;
        self.transmit(vec![sent]);
        Ok(())
    }

    /// A message that is not sent yet: its counter is used up.
    pub(in crate::captures) fn seal(&self, session: &mut Session, by: Node, inner: &[u8]) -> Result<Sent> {
        let [one, two] = &mut session.ends;
        let ((_, pair), other) = if one.0 == by { (one, two.0) } else { (two, one.0) };
        let counter = pair.sent();
        let mut buffer = vec![0; message_len(inner.len(), MTU)];
        buffer
            .get_mut(TransportHeader::LEN..TransportHeader::LEN + inner.len())
            .context("no room")?
            .copy_from_slice(inner);
        let bytes = pair.seal(&mut buffer, inner.len(), MTU)?.to_vec();
        Ok(Sent {
            by,
            from: self.actor(by)?.at,
            to: self.actor(other)?.at,
            receiver: pair.remote(),
            counter,
            content: Some((session.number, inner.to_vec())),
            bytes,
        })
    }
}
