use proptest::prelude::*;
use rustix::io::Errno;

use super::reply::{Content, replies};
use super::*;

fn read(bytes: &[u8]) -> Result<Vec<(u16, Vec<u8>)>, Malformed> {
    let mut read = Vec::new();
    attributes(bytes, |kind, value| {
        read.push((kind, value.0.to_vec()));
        Ok(())
    })?;
    Ok(read)
}

#[test]
fn what_is_written_is_read() {
    let mut written = Attributes::default();
    written.text(1, "nodes").u32(2, 7).nest(3, |nest| {
        nest.u8(1, 9).u16(2, 80);
    });
    let bytes = written.as_bytes().unwrap();
    assert_eq!(bytes.len() % 4, 0);
    let read_back = read(bytes).unwrap();
    assert_eq!(read_back[0], (1, b"nodes\0".to_vec()));
    assert_eq!(read_back[1], (2, vec![0, 0, 0, 7]));
    assert_eq!(read_back[2].0, 3);
    assert_eq!(read(&read_back[2].1).unwrap(), [(1, vec![9]), (2, vec![0, 80])]);
}

#[test]
fn an_attribute_longer_than_its_length_field_is_refused() {
    let mut attributes = Attributes::default();
    attributes.nest(1, |nest| {
        for _ in 0..9 {
            nest.bytes(2, &[0; 8000]);
        }
    });
    assert_eq!(attributes.as_bytes(), None);
    let message = Message {
        what: "add rule 1 of chain c of table ip t".into(),
        kind: 0,
        flags: 0,
        family: Family::IPV4,
        attributes,
    };
    let said = message.write(0, 0, 0, &mut Vec::new()).unwrap_err().to_string();
    assert!(said.starts_with("cannot add rule 1 of chain c of table ip t: more than 65535 bytes"), "{said}");
}

#[test]
fn a_torn_attribute_is_refused() {
    let mut written = Attributes::default();
    written.u32(1, 1).u32(2, 2);
    let bytes = written.as_bytes().unwrap();
    assert_eq!(read(&bytes[..14]), Err(Malformed::Attribute { kind: 2, length: 8, have: 6 }));
    assert_eq!(read(&[3, 0, 1, 0]), Err(Malformed::Attribute { kind: 1, length: 3, have: 4 }));
}

/// As a kernel answers with `NETLINK_EXT_ACK` and `NETLINK_CAP_ACK`.
fn refusal(errno: i32, extended: &Attributes) -> Vec<u8> {
    let extended = extended.as_bytes().unwrap();
    let length = u32::try_from(16 + 4 + 16 + extended.len()).unwrap();
    let mut bytes = Vec::new();
    bytes.extend(length.to_ne_bytes());
    bytes.extend(2_u16.to_ne_bytes());
    bytes.extend(0x300_u16.to_ne_bytes());
    bytes.extend(42_u32.to_ne_bytes());
    bytes.extend([0; 4]);
    bytes.extend((-errno).to_ne_bytes());
    bytes.extend([0xee; 16]);
    bytes.extend(extended);
    bytes
}

#[test]
fn a_refusal_is_told_in_the_kernels_words() {
    let mut extended = Attributes::default();
    extended.text(1, "Chain of type \"nat\" is not supported").bytes(2, &24_u32.to_ne_bytes());
    let mut said = None;
    replies(&refusal(95, &extended), |reply| {
        assert_eq!(reply.sequence, 42);
        if let Content::Refused { errno, kernel } = reply.content {
            said = Some((errno, kernel.unwrap()));
        }
        Ok(())
    })
    .unwrap();
    let (errno, kernel) = said.unwrap();
    assert_eq!(errno, Errno::OPNOTSUPP);
    assert_eq!(kernel, "Chain of type \"nat\" is not supported: the attribute at byte 24 of the request");
    let what = "add chain postrouting of table ip wgtrace_nat".to_owned();
    let error = NetfilterError::Refused { what, errno, kernel: Some(kernel), others: 1 }.to_string();
    assert!(error.contains("postrouting of table ip wgtrace_nat: Operation not supported"), "{error}");
    assert!(error.contains("and one more of the same transaction"), "{error}");
    assert!(error.contains("CONFIG_NF_TABLES"), "{error}");
}

proptest! {
    #[test]
    fn no_bytes_break_the_readers(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&bytes);
        let _ = replies(&bytes, |_| Ok(()));
    }

    #[test]
    fn any_tail_of_a_refusal_is_read_or_refused(cut in 0_usize..60, flip in 0_usize..60, to in any::<u8>()) {
        let mut extended = Attributes::default();
        extended.text(1, "no").bytes(2, &[1, 0, 0, 0]);
        let mut bytes = refusal(1, &extended);
        let at = flip % bytes.len();
        bytes[at] = to;
        bytes.truncate(cut.max(1));
        let _ = replies(&bytes, |_| Ok(()));
    }
}
