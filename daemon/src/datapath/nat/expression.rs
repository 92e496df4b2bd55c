//! What rules are made of in the kernel: expressions that load, compare and store registers.
//!
//! Values that come from the packet are in network order, all others (marks, states) in the machine's.

mod decode;
mod encode;
pub(super) mod uapi;

use std::fmt;

use crate::datapath::nfnetlink::Family;

pub(super) use self::decode::{Decoded, decode};
pub(super) use self::encode::encode;

/// One step of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Expression {
    /// Loads bytes of the packet.
    Payload {
        /// Which header.
        base: Base,
        /// Where in it.
        offset: u32,
        /// How many bytes.
        length: u32,
        /// To here.
        into: Register,
    },
    /// Loads what the kernel knows beside the packet.
    Meta {
        /// What.
        key: MetaKey,
        /// To here.
        into: Register,
    },
    /// Changes it.
    SetMeta {
        /// What.
        key: MetaKey,
        /// From here.
        from: Register,
    },
    /// Loads what conntrack knows of the packet's connection.
    Conntrack {
        /// What.
        key: ConntrackKey,
        /// To here.
        into: Register,
    },
    /// Loads what routing makes of the destination: `RTN_LOCAL` and so on.
    DestinationType {
        /// To here.
        into: Register,
    },
    /// Loads a random number below `modulus`.
    Random {
        /// One more than the greatest.
        modulus: u32,
        /// To here.
        into: Register,
    },
    /// `register & mask ^ xor`, in place.
    Bitwise {
        /// Which register.
        register: Register,
        /// Bits to keep.
        mask: Vec<u8>,
        /// Bits to flip then.
        xor: Vec<u8>,
    },
    /// Ends the rule unless the comparison holds.
    Compare {
        /// Which register.
        register: Register,
        /// How.
        operator: Operator,
        /// Against what; its length is how much of the register counts.
        value: Vec<u8>,
    },
    /// Ends the rule unless the value is in a set.
    Lookup {
        /// Which register.
        register: Register,
        /// The set's name.
        set: String,
    },
    /// Loads a constant.
    Immediate {
        /// To here.
        into: Register,
        /// The constant.
        value: Vec<u8>,
    },
    /// What becomes of the packet.
    Verdict(Verdict),
    /// Translates an address, for the whole connection.
    Translate {
        /// Which address.
        side: Side,
        /// Of which family.
        family: Family,
        /// The new address.
        address: Register,
        /// The new port.
        port: Option<Register>,
    },
    /// Translates the source to the outgoing device's address.
    Masquerade {
        /// With a port that cannot be guessed, instead of keeping it where possible.
        fully_random: bool,
    },
    /// Counts packets and bytes.
    Counter,
    /// One that this program does not write.
    Other {
        /// Its name.
        name: String,
        /// What is in it.
        attributes: Vec<u8>,
    },
}

/// A register of 16 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Register(u32);

impl Register {
    /// The first.
    pub const ONE: Self = Self(1);
    /// The second.
    pub const TWO: Self = Self(2);
}

/// A header of the packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Base {
    /// IPv4's or IPv6's.
    Network,
    /// TCP's, UDP's.
    Transport,
}

/// What the kernel knows beside the packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetaKey {
    /// The packet's mark.
    Mark,
    /// Name of the device it came in by.
    InputName,
    /// Name of the device it goes out by.
    OutputName,
    /// The transport protocol's number.
    Protocol,
}

/// What conntrack knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConntrackKey {
    /// New, established and so on, one bit each.
    State,
    /// What was done to it (`IPS_*`), one bit each.
    Status,
}

/// How to compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// Equal.
    Equal,
    /// Not equal.
    NotEqual,
}

/// Which address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Of the sender.
    Source,
    /// Of the receiver.
    Destination,
}

/// What becomes of the packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It goes on, to the next chain at the hook.
    Accept,
    /// It ends here.
    Drop,
    /// Back to the chain that jumped here; from a base chain, its policy.
    Return,
    /// Through another chain, and on here.
    Jump(String),
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accept => f.write_str("accept"),
            Self::Drop => f.write_str("drop"),
            Self::Return => f.write_str("return"),
            Self::Jump(chain) => write!(f, "jump {chain}"),
        }
    }
}

/// As `nft --debug=netlink` shows it.
impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[ ")?;
        match self {
            Self::Payload { base, offset, length, into } => {
                let base = match base {
                    Base::Network => "network",
                    Base::Transport => "transport",
                };
                write!(f, "payload load {length}b @ {base} header + {offset} => {into}")?;
            }
            Self::Meta { key, into } => write!(f, "meta load {key} => {into}")?,
            Self::SetMeta { key, from } => write!(f, "meta set {key} with {from}")?,
            Self::Conntrack { key: ConntrackKey::State, into } => write!(f, "ct load state => {into}")?,
            Self::Conntrack { key: ConntrackKey::Status, into } => write!(f, "ct load status => {into}")?,
            Self::DestinationType { into } => write!(f, "fib daddr type => {into}")?,
            Self::Random { modulus, into } => write!(f, "numgen {into} = random mod {modulus}")?,
            Self::Bitwise { register, mask, xor } => {
                write!(f, "bitwise {register} = ( {register} &{} ) ^{}", Words(mask), Words(xor))?;
            }
            Self::Compare { register, operator, value } => {
                let operator = if *operator == Operator::Equal { "eq" } else { "neq" };
                write!(f, "cmp {operator} {register}{}", Words(value))?;
            }
            Self::Lookup { register, set } => write!(f, "lookup {register} set {set}")?,
            Self::Immediate { into, value } => write!(f, "immediate {into}{}", Words(value))?,
            Self::Verdict(Verdict::Jump(chain)) => write!(f, "immediate reg 0 jump -> {chain}")?,
            Self::Verdict(verdict) => write!(f, "immediate reg 0 {verdict}")?,
            Self::Translate { side, family, address, port } => {
                let side = if *side == Side::Source { "snat" } else { "dnat" };
                write!(f, "nat {side} {family} addr_min {address}")?;
                if let Some(port) = port {
                    write!(f, " proto_min {port}")?;
                }
            }
            Self::Masquerade { fully_random: false } => f.write_str("masq")?,
            Self::Masquerade { fully_random: true } => f.write_str("masq flags 0x10")?,
            Self::Counter => f.write_str("counter")?,
            Self::Other { name, attributes } => write!(f, "{name}: {} bytes", attributes.len())?,
        }
        f.write_str(" ]")
    }
}

impl fmt::Display for Register {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "reg {}", self.0)
    }
}

impl fmt::Display for MetaKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mark => "mark",
            Self::InputName => "iifname",
            Self::OutputName => "oifname",
            Self::Protocol => "l4proto",
        })
    }
}

/// A register's content as the machine's words, the last one filled with zeros.
struct Words<'a>(&'a [u8]);

impl fmt::Display for Words<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.chunks(4) {
            let mut word = [0; 4];
            word.iter_mut().zip(chunk).for_each(|(to, byte)| *to = *byte);
            write!(f, " {:#010x}", u32::from_ne_bytes(word))?;
        }
        Ok(())
    }
}
