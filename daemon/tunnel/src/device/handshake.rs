use std::net::SocketAddr;
use std::sync::Arc;

use rand_core::CryptoRng;
use wgtrace_decrypt::noise::{HandshakeError, Responder};
use wgtrace_wire::wireguard::{CookieReply, Initiation, Response, SessionIndex};

use super::Device;
use crate::cookies::HandshakeMessage;
use crate::drops::DropCause;
use crate::gate::Refusal;
use crate::hub::{Payload, Transmit};
use crate::session::PeerId;
use crate::time::Now;

impl Device {
    pub(super) fn initiation(
        &mut self,
        now: Now,
        rng: &mut dyn CryptoRng,
        source: SocketAddr,
        message: &Initiation,
    ) -> Result<(), DropCause> {
        self.admit(now, rng, source, message)?;
        let private = Arc::clone(&self.hub.private);
        let drops = |cause| self.hub.path.drops().count(cause);
        let responder = Responder::receive(&private, message).map_err(|error| {
            let is_point = matches!(error, HandshakeError::LowOrderPoint(_));
            drops(if is_point { DropCause::LowOrderPoint } else { DropCause::InitiationUndecryptable })
        })?;
        let peer = self.by_key.get(responder.initiator()).copied();
        let peer = peer.ok_or_else(|| drops(DropCause::UnknownPeer))?;
        self.step(now, rng, peer, |peer, step| peer.handle_initiation(step, responder, source))
            .unwrap_or(Ok(()))
    }

    pub(super) fn response(
        &mut self,
        now: Now,
        rng: &mut dyn CryptoRng,
        source: SocketAddr,
        message: &Response,
    ) -> Result<(), DropCause> {
        self.admit(now, rng, source, message)?;
        let peer = self.owner(SessionIndex(message.receiver.get()), DropCause::UnexpectedResponse)?;
        self.step(now, rng, peer, |peer, step| peer.handle_response(step, message, source)).unwrap_or(Ok(()))
    }

    pub(super) fn cookie_reply(
        &mut self,
        now: Now,
        rng: &mut dyn CryptoRng,
        message: &CookieReply,
    ) -> Result<(), DropCause> {
        let peer = self.owner(SessionIndex(message.receiver.get()), DropCause::UnexpectedCookie)?;
        self.step(now, rng, peer, |peer, step| peer.handle_cookie(step, message)).unwrap_or(Ok(()))
    }

    fn admit<M: HandshakeMessage>(
        &mut self,
        now: Now,
        rng: &mut dyn CryptoRng,
        source: SocketAddr,
        message: &M,
    ) -> Result<(), DropCause> {
        let refusal = self.gate.admit(now.monotonic, rng, source, message);
        let cause = match refusal {
            Ok(()) => return Ok(()),
            Err(Refusal::Drop(cause)) => cause,
            Err(Refusal::Answer(reply)) => {
                let payload = Payload::CookieReply(reply);
                self.hub.send(Transmit { peer: None, destination: source, payload });
                DropCause::AnsweredWithCookie
            }
        };
        Err(self.hub.path.drops().count(cause))
    }

    fn owner(&self, index: SessionIndex, or: DropCause) -> Result<PeerId, DropCause> {
        self.hub.indices.owner(index).ok_or_else(|| self.hub.path.drops().count(or))
    }
}
