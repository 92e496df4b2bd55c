//! Cookie replies opened, and the mac2 made with them recognised.

use std::collections::VecDeque;

use wgtrace_wire::wireguard::{CookieReply, Initiation, Response, SessionIndex};

use super::Sessions;
use crate::noise::cookie::{Cookie, CookieKey};

/// Cookies live for two minutes; a loaded node hands out few to any one peer.
const KEPT: usize = 64;

/// The cookies opened last.
#[derive(Debug, Default)]
pub(super) struct Cookies(VecDeque<Cookie>);

impl Cookies {
    fn push(&mut self, cookie: Cookie) {
        if self.0.len() == KEPT {
            self.0.pop_front();
        }
        self.0.push_back(cookie);
    }

    pub(super) fn made_mac2_of_initiation(&self, message: &Initiation) -> bool {
        message.mac2 != [0; 16] && self.0.iter().any(|cookie| cookie.verify(message))
    }

    pub(super) fn made_mac2_of_response(&self, message: &Response) -> bool {
        message.mac2 != [0; 16] && self.0.iter().any(|cookie| cookie.verify(message))
    }
}

impl Sessions {
    /// A cookie reply is sealed with the answering side's public key and the answered message's mac1.
    pub(super) fn learn_cookie(&mut self, reply: &CookieReply) {
        self.counts.cookie_replies += 1;
        let receiver = SessionIndex(reply.receiver.get());
        let mut answered = self.initiations.under(receiver).map(|seen| seen.message.mac1).chain(
            // A response is answered at once or not at all: only the latest can be meant.
            (self.responses.newest(KEPT).filter(|r| r.message.sender.get() == receiver.0))
                .map(|r| r.message.mac1),
        );
        let opened = answered.find_map(|mac1| {
            self.responders.iter().find_map(|(public, _)| CookieKey::new(public).open(reply, &mac1).ok())
        });
        if let Some(cookie) = opened {
            self.counts.cookies_opened += 1;
            self.cookies.push(cookie);
        }
    }
}
