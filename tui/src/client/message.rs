//! What a watch tells, in the form that its reader wants.

use prost::bytes::Bytes;
use wgtrace_api::v1::told::What;
use wgtrace_api::v1::{PacketsReply, Told};

/// What a reader of many daemons hears.
pub(crate) trait Message: From<Told> + Send + 'static {
    /// One reply of a stream of packets.
    type Packets: prost::Message + Default + 'static;

    /// What was told, when, and by whom.
    fn packets(from: String, time: i64, packets: Self::Packets) -> Self;
}

/// All of it is read: for those who look at every packet.
impl Message for Told {
    type Packets = PacketsReply;

    fn packets(from: String, time: i64, packets: PacketsReply) -> Self {
        Self { from, time, what: Some(What::Packets(packets)) }
    }
}

/// What is heard by one who looks at few of many packets.
#[derive(Debug)]
pub(crate) enum Heard {
    Told(Box<Told>),
    Packets { from: String, time: i64, packets: Packed },
}

impl From<Told> for Heard {
    fn from(told: Told) -> Self {
        Self::Told(Box::new(told))
    }
}

impl Message for Heard {
    type Packets = Packed;

    fn packets(from: String, time: i64, packets: Packed) -> Self {
        Self::Packets { from, time, packets }
    }
}

/// A [`PacketsReply`] whose packets are left as they came: parts of one buffer, each a `Packet` when it is decoded.
/// A message within a message looks as bytes do.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(crate) struct Packed {
    #[prost(bytes = "bytes", repeated, tag = "1")]
    pub(crate) packets: Vec<Bytes>,
    #[prost(uint64, tag = "2")]
    pub(crate) missed: u64,
    #[prost(uint64, tag = "3")]
    pub(crate) seen: u64,
}

/// For packets that were read elsewhere.
impl From<PacketsReply> for Packed {
    fn from(reply: PacketsReply) -> Self {
        use prost::Message as _;
        let packets = reply.packets.iter().map(|packet| packet.encode_to_vec().into()).collect();
        Self { packets, missed: reply.missed, seen: reply.seen }
    }
}

#[cfg(test)]
mod tests {
    use prost::Message as _;
    use wgtrace_api::v1::Packet;

    use super::*;

    #[test]
    fn packets_left_as_they_came_are_the_same_packets() {
        let packet = |sequence| Packet {
            node: "worker".into(),
            bytes: vec![0x45; 60],
            sequence,
            ..Default::default()
        };
        let reply = PacketsReply { packets: (0..3).map(packet).collect(), missed: 7, seen: 10 };
        let packed = Packed::decode(&*reply.encode_to_vec()).unwrap();
        assert_eq!((packed.missed, packed.seen), (7, 10));
        let read = packed.packets.iter().map(|bytes| Packet::decode(bytes.clone()).unwrap());
        assert_eq!(read.collect::<Vec<_>>(), reply.packets);
        assert_eq!(Packed::from(reply), packed);
    }
}
