//! Expressions as attributes.

use super::{Base, ConntrackKey, Expression, MetaKey, Operator, Register, Side, Verdict, uapi};
use crate::datapath::nfnetlink::Attributes;

/// Adds an expression to a list of them.
pub(in super::super) fn encode(expression: &Expression, list: &mut Attributes) {
    list.nest(uapi::NFTA_LIST_ELEM, |element| {
        element.text(uapi::NFTA_EXPR_NAME, name(expression));
        element.nest(uapi::NFTA_EXPR_DATA, |data| self::data(expression, data));
    });
}

fn name(expression: &Expression) -> &str {
    match expression {
        Expression::Payload { .. } => "payload",
        Expression::Meta { .. } | Expression::SetMeta { .. } => "meta",
        Expression::Conntrack { .. } => "ct",
        Expression::DestinationType { .. } => "fib",
        Expression::Random { .. } => "numgen",
        Expression::Bitwise { .. } => "bitwise",
        Expression::Compare { .. } => "cmp",
        Expression::Lookup { .. } => "lookup",
        Expression::Immediate { .. } | Expression::Verdict(_) => "immediate",
        Expression::Translate { .. } => "nat",
        Expression::Masquerade { .. } => "masq",
        Expression::Counter => "counter",
        Expression::Other { name, .. } => name,
    }
}

fn data(expression: &Expression, to: &mut Attributes) {
    match expression {
        Expression::Payload { base, offset, length, into } => {
            let base = match base {
                Base::Network => uapi::NFT_PAYLOAD_NETWORK_HEADER,
                Base::Transport => uapi::NFT_PAYLOAD_TRANSPORT_HEADER,
            };
            to.u32(uapi::NFTA_PAYLOAD_DREG, into.0).u32(uapi::NFTA_PAYLOAD_BASE, base);
            to.u32(uapi::NFTA_PAYLOAD_OFFSET, *offset).u32(uapi::NFTA_PAYLOAD_LEN, *length);
        }
        Expression::Meta { key, into } => {
            to.u32(uapi::NFTA_META_DREG, into.0).u32(uapi::NFTA_META_KEY, meta_key(*key));
        }
        Expression::SetMeta { key, from } => {
            to.u32(uapi::NFTA_META_KEY, meta_key(*key)).u32(uapi::NFTA_META_SREG, from.0);
        }
        Expression::Conntrack { key, into } => {
            let key = match key {
                ConntrackKey::State => uapi::NFT_CT_STATE,
                ConntrackKey::Status => uapi::NFT_CT_STATUS,
            };
            to.u32(uapi::NFTA_CT_DREG, into.0).u32(uapi::NFTA_CT_KEY, key);
        }
        Expression::DestinationType { into } => {
            to.u32(uapi::NFTA_FIB_DREG, into.0);
            to.u32(uapi::NFTA_FIB_RESULT, uapi::NFT_FIB_RESULT_ADDRTYPE)
                .u32(uapi::NFTA_FIB_FLAGS, uapi::NFTA_FIB_F_DADDR);
        }
        Expression::Random { modulus, into } => {
            to.u32(uapi::NFTA_NG_DREG, into.0).u32(uapi::NFTA_NG_MODULUS, *modulus);
            to.u32(uapi::NFTA_NG_TYPE, uapi::NFT_NG_RANDOM).u32(uapi::NFTA_NG_OFFSET, 0);
        }
        Expression::Bitwise { register, mask, xor } => {
            let length = u32::try_from(mask.len()).unwrap_or(u32::MAX);
            to.u32(uapi::NFTA_BITWISE_SREG, register.0).u32(uapi::NFTA_BITWISE_DREG, register.0);
            to.u32(uapi::NFTA_BITWISE_LEN, length);
            value(to, uapi::NFTA_BITWISE_MASK, mask);
            value(to, uapi::NFTA_BITWISE_XOR, xor);
        }
        Expression::Compare { register, operator, value } => {
            let operator = match operator {
                Operator::Equal => uapi::NFT_CMP_EQ,
                Operator::NotEqual => uapi::NFT_CMP_NEQ,
            };
            to.u32(uapi::NFTA_CMP_SREG, register.0).u32(uapi::NFTA_CMP_OP, operator);
            self::value(to, uapi::NFTA_CMP_DATA, value);
        }
        Expression::Lookup { register, set } => {
            to.text(uapi::NFTA_LOOKUP_SET, set).u32(uapi::NFTA_LOOKUP_SREG, register.0);
        }
        Expression::Immediate { into, value } => {
            to.u32(uapi::NFTA_IMMEDIATE_DREG, into.0);
            self::value(to, uapi::NFTA_IMMEDIATE_DATA, value);
        }
        Expression::Verdict(verdict) => self::verdict(verdict, to),
        Expression::Translate { side, family, address, port } => {
            let side = match side {
                Side::Source => uapi::NFT_NAT_SNAT,
                Side::Destination => uapi::NFT_NAT_DNAT,
            };
            to.u32(uapi::NFTA_NAT_TYPE, side).u32(uapi::NFTA_NAT_FAMILY, family.number().into());
            to.u32(uapi::NFTA_NAT_REG_ADDR_MIN, address.0);
            if let Some(Register(port)) = port {
                to.u32(uapi::NFTA_NAT_REG_PROTO_MIN, *port)
                    .u32(uapi::NFTA_NAT_FLAGS, uapi::NF_NAT_RANGE_PROTO_SPECIFIED);
            }
        }
        Expression::Masquerade { fully_random } => {
            if *fully_random {
                to.u32(uapi::NFTA_MASQ_FLAGS, uapi::NF_NAT_RANGE_PROTO_RANDOM_FULLY);
            }
        }
        Expression::Counter => {}
        Expression::Other { attributes, .. } => to.raw(attributes),
    }
}

fn verdict(verdict: &Verdict, to: &mut Attributes) {
    let (code, chain) = match verdict {
        Verdict::Drop => (uapi::NF_DROP, None),
        Verdict::Accept => (uapi::NF_ACCEPT, None),
        Verdict::Return => (uapi::NFT_RETURN, None),
        Verdict::Jump(chain) => (uapi::NFT_JUMP, Some(chain)),
    };
    to.u32(uapi::NFTA_IMMEDIATE_DREG, uapi::NFT_REG_VERDICT);
    to.nest(uapi::NFTA_IMMEDIATE_DATA, |data| {
        data.nest(uapi::NFTA_DATA_VERDICT, |verdict| {
            verdict.bytes(uapi::NFTA_VERDICT_CODE, &code.to_be_bytes());
            if let Some(chain) = chain {
                verdict.text(uapi::NFTA_VERDICT_CHAIN, chain);
            }
        });
    });
}

fn value(to: &mut Attributes, kind: u16, value: &[u8]) {
    to.nest(kind, |data| {
        data.bytes(uapi::NFTA_DATA_VALUE, value);
    });
}

const fn meta_key(key: MetaKey) -> u32 {
    match key {
        MetaKey::Mark => uapi::NFT_META_MARK,
        MetaKey::InputName => uapi::NFT_META_IIFNAME,
        MetaKey::OutputName => uapi::NFT_META_OIFNAME,
        MetaKey::Protocol => uapi::NFT_META_L4PROTO,
    }
}
