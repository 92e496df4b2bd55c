use proptest::prelude::*;

use super::*;
use crate::key::{PublicKey, TransportKey};

fn pair() -> (Keypair, Keypair) {
    let keys = SessionKeys {
        role: Role::Initiator,
        local: SessionIndex(1),
        remote: SessionIndex(2),
        peer: PublicKey::from_bytes([3; 32]),
        send: TransportKey::from_bytes([4; 32]),
        receive: TransportKey::from_bytes([5; 32]),
    };
    let other = SessionKeys {
        role: Role::Responder,
        local: keys.remote,
        remote: keys.local,
        peer: keys.peer,
        send: keys.receive.clone(),
        receive: keys.send.clone(),
    };
    (Keypair::new(keys), Keypair::new(other))
}

fn sealed(keypair: &mut Keypair, packet: &[u8], mtu: usize) -> Vec<u8> {
    // Dirty, as a reused buffer is.
    let mut buffer = vec![0xee; message_len(packet.len(), mtu) + 7];
    buffer[16..16 + packet.len()].copy_from_slice(packet);
    keypair.seal(&mut buffer, packet.len(), mtu).unwrap().to_vec()
}

proptest! {
    #[test]
    fn what_one_end_seals_the_other_opens(packets in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..100), 1..8), mtu in 0_usize..120) {
        let (mut here, mut there) = pair();
        for packet in &packets {
            let mut message = sealed(&mut here, packet, mtu);
            let plain = there.open(&mut message).unwrap();
            prop_assert!(plain.starts_with(packet));
            prop_assert!(plain[packet.len()..].iter().all(|byte| *byte == 0));
            prop_assert_eq!(plain.len(), padded_len(packet.len(), mtu));
        }
        prop_assert_eq!(here.sent(), packets.len() as u64);
    }

    #[test]
    fn any_bytes_are_refused_without_moving_the_window(mut message: Vec<u8>, counter: u64) {
        let (_, mut there) = pair();
        prop_assert!(there.open(&mut message).is_err());
        let mut forged = vec![4, 0, 0, 0, 2, 0, 0, 0];
        forged.extend(counter.to_le_bytes());
        forged.extend([0; 16]);
        prop_assert!(there.open(&mut forged).is_err());
        prop_assert_eq!(there.window(), &ReplayWindow::new());
    }

    #[test]
    fn any_length_is_computed(len: usize, mtu: usize) {
        prop_assert!(padded_len(len, mtu) >= len);
        let (mut here, _) = pair();
        let mut buffer = [0; 64];
        let _ = here.seal(&mut buffer, len, mtu);
    }
}

#[test]
fn padding_stops_at_the_mtu() {
    assert_eq!([0, 1, 16, 1412, 1420, 1421].map(|len| padded_len(len, 1420)), [0, 16, 16, 1420, 1420, 1421]);
    assert_eq!(message_len(0, 1420), 32);
}

#[test]
fn replayed_counter_is_rejected_and_reordered_one_is_not() {
    let (mut here, mut there) = pair();
    let first = sealed(&mut here, b"first", 1420);
    let second = sealed(&mut here, b"second", 1420);
    there.open(&mut second.clone()).unwrap();
    there.open(&mut first.clone()).unwrap();
    assert_eq!(there.open(&mut first.clone()), Err(OpenError::Replayed(ReplayError::Duplicate)));
}

#[test]
fn message_of_another_session_is_rejected() {
    let (mut here, mut there) = pair();
    let mut message = sealed(&mut here, b"packet", 1420);
    message[4] = 9;
    assert_eq!(there.open(&mut message), Err(OpenError::OtherReceiver));
    message[4] = 2;
    message[20] ^= 1;
    assert_eq!(there.open(&mut message), Err(OpenError::Unauthentic));
}

#[test]
fn responder_is_confirmed_by_the_first_message() {
    let (mut here, mut there) = pair();
    assert!(here.is_confirmed() && !there.is_confirmed());
    there.open(&mut sealed(&mut here, b"", 1420)).unwrap();
    assert!(there.is_confirmed());
}

#[test]
fn last_counter_is_used_and_none_after_it() {
    let (mut here, mut there) = pair();
    here.sent = REJECT_AFTER_MESSAGES - 1;
    let mut last = sealed(&mut here, b"last", 1420);
    assert!(there.open(&mut last).is_ok());
    assert_eq!(here.seal(&mut [0; 64], 0, 1420), Err(SealError::Exhausted));
    let mut beyond = [4, 0, 0, 0, 2, 0, 0, 0].to_vec();
    beyond.extend(REJECT_AFTER_MESSAGES.to_le_bytes());
    beyond.extend([0; 16]);
    assert_eq!(there.open(&mut beyond), Err(OpenError::Exhausted));
}

#[test]
fn small_buffer_costs_no_counter() {
    let (mut here, _) = pair();
    let too_small = SealError::BufferTooSmall { need: 48, have: 47 };
    assert_eq!(here.seal(&mut [0; 47], 1, 1420), Err(too_small));
    assert_eq!(here.sent(), 0);
}
