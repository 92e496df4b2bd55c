use wgtrace_wire::wireguard::{
    CookieReply, Counter, Initiation, Response, SessionIndex, TAG_LEN, TransportHeader, reserved_is_zero,
};
use zerocopy::FromBytes;

/// What the clear bytes of a WireGuard message tell, which a short capture still holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WireGuard {
    /// Type 1.
    Initiation {
        /// Index under which the initiator will receive.
        sender: SessionIndex,
    },
    /// Type 2.
    Response {
        /// Index under which the responder will receive.
        sender: SessionIndex,
        /// The initiation's sender index.
        receiver: SessionIndex,
    },
    /// Type 3.
    CookieReply {
        /// Sender index of the message that is answered.
        receiver: SessionIndex,
    },
    /// Type 4.
    TransportData {
        /// Index of the receiving side.
        receiver: SessionIndex,
        /// Nonce counter of the sending key.
        counter: Counter,
        /// Length of the sealed packet without its tag, in bytes; 0 is a keepalive.
        sealed_len: usize,
    },
}

impl WireGuard {
    /// The message at the start of `payload`, which on the wire has `len` bytes.
    ///
    /// By shape alone, whatever the port: type, three zero bytes and the length that the type has. Messages
    /// of deployments that fill the reserved bytes are plain UDP here: without keys nothing tells them apart.
    pub fn recognise(payload: &[u8], len: usize) -> Option<Self> {
        let kind = *payload.first()?;
        if !reserved_is_zero(payload) {
            return None;
        }
        match (kind, len) {
            (Initiation::TYPE, Initiation::LEN) => Some(Self::Initiation { sender: index(payload, 4)? }),
            (Response::TYPE, Response::LEN) => {
                Some(Self::Response { sender: index(payload, 4)?, receiver: index(payload, 8)? })
            }
            (CookieReply::TYPE, CookieReply::LEN) => Some(Self::CookieReply { receiver: index(payload, 4)? }),
            (TransportHeader::TYPE, _) => {
                let sealed_len = len.checked_sub(TransportHeader::LEN + TAG_LEN)?;
                let (header, _) = TransportHeader::ref_from_prefix(payload).ok()?;
                Some(Self::TransportData {
                    receiver: SessionIndex(header.receiver.get()),
                    counter: Counter(header.counter.get()),
                    sealed_len,
                })
            }
            _ => None,
        }
    }
}

fn index(payload: &[u8], at: usize) -> Option<SessionIndex> {
    let bytes = payload.get(at..)?.first_chunk()?;
    Some(SessionIndex(u32::from_le_bytes(*bytes)))
}
