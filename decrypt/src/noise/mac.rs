//! mac1, the first of the two MACs at the end of a handshake message (whitepaper 5.4.4).

use core::mem::offset_of;

use subtle::ConstantTimeEq as _;
use wgtrace_wire::wireguard::{Initiation, Response};
use zerocopy::IntoBytes as _;

use super::hash::{hash, mac};
use crate::key::PublicKey;

/// A message that ends in mac1 and mac2.
///
/// Its reserved bytes count as zero: Cloudflare WARP fills them in after the MACs were computed.
pub trait Maced: sealed::Maced {}

impl<M: sealed::Maced> Maced for M {}

/// The key of mac1 for messages to one peer; computed once.
#[derive(Clone)]
pub struct Mac1Key([u8; 32]);

impl Mac1Key {
    /// The key for messages to the holder of `receiver`.
    pub fn new(receiver: &PublicKey) -> Self {
        Self(hash([LABEL_MAC1, receiver.as_bytes()]))
    }

    /// Whether `message` was made for this receiver.
    pub fn verify<M: Maced>(&self, message: &M) -> bool {
        self.of(message).ct_eq(message.mac1()).into()
    }

    /// Writes mac1, after which only mac2 may change.
    pub fn seal<M: Maced>(&self, message: &mut M) {
        *message.mac1_mut() = self.of(message);
    }

    fn of<M: Maced>(&self, message: &M) -> [u8; 16] {
        mac(&self.0, [&[M::KIND, 0, 0, 0], message.body()])
    }
}

pub(super) mod sealed {
    /// The parts that the MACs cover, and the MACs.
    pub trait Maced {
        const KIND: u8;
        /// From behind the reserved bytes to mac1.
        fn body(&self) -> &[u8];
        fn mac1(&self) -> &[u8; 16];
        fn mac1_mut(&mut self) -> &mut [u8; 16];
        fn mac2(&self) -> &[u8; 16];
        fn mac2_mut(&mut self) -> &mut [u8; 16];
    }
}

macro_rules! maced {
    ($type:ident) => {
        impl sealed::Maced for $type {
            const KIND: u8 = Self::TYPE;

            fn body(&self) -> &[u8] {
                self.as_bytes().get(offset_of!(Self, sender)..offset_of!(Self, mac1)).unwrap_or_default()
            }

            fn mac1(&self) -> &[u8; 16] {
                &self.mac1
            }

            fn mac1_mut(&mut self) -> &mut [u8; 16] {
                &mut self.mac1
            }

            fn mac2(&self) -> &[u8; 16] {
                &self.mac2
            }

            fn mac2_mut(&mut self) -> &mut [u8; 16] {
                &mut self.mac2
            }
        }
    };
}

maced!(Initiation);
maced!(Response);

const LABEL_MAC1: &[u8] = b"mac1----";
