//! Attributes as expressions.
//!
//! What the kernel adds when it lists them (the upper end of a range, flags that follow from registers) is read over;
//! what would make an expression another one makes it [`Expression::Other`].

use super::{Base, ConntrackKey, Expression, MetaKey, Operator, Register, Side, Verdict, uapi};
use crate::datapath::nat::found::Counts;
use crate::datapath::nfnetlink::{Family, Malformed, Value, attributes};

/// A rule's expressions, and what its counter shows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in super::super) struct Decoded {
    pub(in super::super) expressions: Vec<Expression>,
    pub(in super::super) counts: Option<Counts>,
}

/// Reads a list of expressions.
pub(in super::super) fn decode(list: &[u8]) -> Result<Decoded, Malformed> {
    let mut decoded = Decoded::default();
    attributes(list, |_, element| {
        let (mut name, mut data) = (String::new(), &[][..]);
        attributes(element.0, |kind, value| {
            match kind {
                uapi::NFTA_EXPR_NAME => name = value.text(),
                uapi::NFTA_EXPR_DATA => data = value.0,
                _ => {}
            }
            Ok(())
        })?;
        let fields = Fields::read(data)?;
        if name == "counter" {
            decoded.counts = Some(Counts {
                packets: fields.u64(uapi::NFTA_COUNTER_PACKETS).unwrap_or_default(),
                bytes: fields.u64(uapi::NFTA_COUNTER_BYTES).unwrap_or_default(),
            });
        }
        let known = known(&name, &fields)?;
        decoded.expressions.push(known.unwrap_or(Expression::Other { name, attributes: data.to_vec() }));
        Ok(())
    })?;
    Ok(decoded)
}

/// The expression, if it is one that this program writes.
fn known(name: &str, fields: &Fields<'_>) -> Result<Option<Expression>, Malformed> {
    let register = |kind| fields.u32(kind).map(Register);
    Ok(match name {
        "payload" => payload(fields),
        "meta" => meta(fields),
        "ct" => conntrack(fields),
        "fib" => match (fields.u32(uapi::NFTA_FIB_RESULT), fields.u32(uapi::NFTA_FIB_FLAGS)) {
            (Some(uapi::NFT_FIB_RESULT_ADDRTYPE), Some(uapi::NFTA_FIB_F_DADDR)) => {
                register(uapi::NFTA_FIB_DREG).map(|into| Expression::DestinationType { into })
            }
            _ => None,
        },
        "numgen" => random(fields),
        "bitwise" => bitwise(fields)?,
        "cmp" => compare(fields)?,
        "lookup" => lookup(fields),
        "immediate" => immediate(fields)?,
        "nat" => translate(fields),
        "masq" => masquerade(fields),
        "counter" => Some(Expression::Counter),
        _ => None,
    })
}

fn payload(fields: &Fields<'_>) -> Option<Expression> {
    let base = match fields.u32(uapi::NFTA_PAYLOAD_BASE)? {
        uapi::NFT_PAYLOAD_NETWORK_HEADER => Base::Network,
        uapi::NFT_PAYLOAD_TRANSPORT_HEADER => Base::Transport,
        _ => return None,
    };
    let offset = fields.u32(uapi::NFTA_PAYLOAD_OFFSET)?;
    let length = fields.u32(uapi::NFTA_PAYLOAD_LEN)?;
    let into = Register(fields.u32(uapi::NFTA_PAYLOAD_DREG)?);
    Some(Expression::Payload { base, offset, length, into })
}

fn meta(fields: &Fields<'_>) -> Option<Expression> {
    let key = match fields.u32(uapi::NFTA_META_KEY)? {
        uapi::NFT_META_MARK => MetaKey::Mark,
        uapi::NFT_META_IIFNAME => MetaKey::InputName,
        uapi::NFT_META_OIFNAME => MetaKey::OutputName,
        uapi::NFT_META_L4PROTO => MetaKey::Protocol,
        _ => return None,
    };
    match (fields.u32(uapi::NFTA_META_DREG), fields.u32(uapi::NFTA_META_SREG)) {
        (Some(into), None) => Some(Expression::Meta { key, into: Register(into) }),
        (None, Some(from)) => Some(Expression::SetMeta { key, from: Register(from) }),
        (Some(_), Some(_)) | (None, None) => None,
    }
}

fn conntrack(fields: &Fields<'_>) -> Option<Expression> {
    let key = match fields.u32(uapi::NFTA_CT_KEY)? {
        uapi::NFT_CT_STATE => ConntrackKey::State,
        uapi::NFT_CT_STATUS => ConntrackKey::Status,
        _ => return None,
    };
    Some(Expression::Conntrack { key, into: Register(fields.u32(uapi::NFTA_CT_DREG)?) })
}

fn random(fields: &Fields<'_>) -> Option<Expression> {
    let random = fields.u32(uapi::NFTA_NG_TYPE)? == uapi::NFT_NG_RANDOM;
    if !random || fields.u32(uapi::NFTA_NG_OFFSET).unwrap_or_default() != 0 {
        return None;
    }
    let into = Register(fields.u32(uapi::NFTA_NG_DREG)?);
    Some(Expression::Random { modulus: fields.u32(uapi::NFTA_NG_MODULUS)?, into })
}

fn bitwise(fields: &Fields<'_>) -> Result<Option<Expression>, Malformed> {
    let (Some(mask), Some(xor)) =
        (fields.data(uapi::NFTA_BITWISE_MASK)?, fields.data(uapi::NFTA_BITWISE_XOR)?)
    else {
        return Ok(None);
    };
    let masks =
        fields.u32(uapi::NFTA_BITWISE_OP).unwrap_or(uapi::NFT_BITWISE_MASK_XOR) == uapi::NFT_BITWISE_MASK_XOR;
    let (from, to) = (fields.u32(uapi::NFTA_BITWISE_SREG), fields.u32(uapi::NFTA_BITWISE_DREG));
    Ok(from.filter(|_| masks && from == to).map(|register| Expression::Bitwise {
        register: Register(register),
        mask: mask.to_vec(),
        xor: xor.to_vec(),
    }))
}

fn compare(fields: &Fields<'_>) -> Result<Option<Expression>, Malformed> {
    let operator = match fields.u32(uapi::NFTA_CMP_OP) {
        Some(uapi::NFT_CMP_EQ) => Operator::Equal,
        Some(uapi::NFT_CMP_NEQ) => Operator::NotEqual,
        _ => return Ok(None),
    };
    let (register, value) = (fields.u32(uapi::NFTA_CMP_SREG), fields.data(uapi::NFTA_CMP_DATA)?);
    Ok(register.zip(value).map(|(register, value)| Expression::Compare {
        register: Register(register),
        operator,
        value: value.to_vec(),
    }))
}

fn lookup(fields: &Fields<'_>) -> Option<Expression> {
    if fields.u32(uapi::NFTA_LOOKUP_FLAGS).unwrap_or_default() != 0
        || fields.u32(uapi::NFTA_LOOKUP_DREG).is_some()
    {
        return None;
    }
    let set = fields.value(uapi::NFTA_LOOKUP_SET)?.text();
    Some(Expression::Lookup { register: Register(fields.u32(uapi::NFTA_LOOKUP_SREG)?), set })
}

fn immediate(fields: &Fields<'_>) -> Result<Option<Expression>, Malformed> {
    let (Some(into), Some(data)) =
        (fields.u32(uapi::NFTA_IMMEDIATE_DREG), fields.value(uapi::NFTA_IMMEDIATE_DATA))
    else {
        return Ok(None);
    };
    let data = Fields::read(data.0)?;
    if let Some(value) = data.value(uapi::NFTA_DATA_VALUE) {
        return Ok(Some(Expression::Immediate { into: Register(into), value: value.0.to_vec() }));
    }
    let Some(verdict) = data.value(uapi::NFTA_DATA_VERDICT) else { return Ok(None) };
    let verdict = Fields::read(verdict.0)?;
    let chain = || verdict.value(uapi::NFTA_VERDICT_CHAIN).map(Value::text);
    let code = verdict.value(uapi::NFTA_VERDICT_CODE).and_then(|code| code.exactly().ok());
    Ok(match code.map(i32::from_be_bytes) {
        Some(uapi::NF_DROP) => Some(Verdict::Drop),
        Some(uapi::NF_ACCEPT) => Some(Verdict::Accept),
        Some(uapi::NFT_RETURN) => Some(Verdict::Return),
        Some(uapi::NFT_JUMP) => chain().map(Verdict::Jump),
        _ => None,
    }
    .map(Expression::Verdict))
}

fn translate(fields: &Fields<'_>) -> Option<Expression> {
    let side = match fields.u32(uapi::NFTA_NAT_TYPE)? {
        uapi::NFT_NAT_SNAT => Side::Source,
        uapi::NFT_NAT_DNAT => Side::Destination,
        _ => return None,
    };
    let address = fields.u32(uapi::NFTA_NAT_REG_ADDR_MIN)?;
    let port = fields.u32(uapi::NFTA_NAT_REG_PROTO_MIN);
    let same = |upper, lower| fields.u32(upper).is_none_or(|upper| Some(upper) == lower);
    let implied = uapi::NF_NAT_RANGE_MAP_IPS | uapi::NF_NAT_RANGE_PROTO_SPECIFIED;
    if !same(uapi::NFTA_NAT_REG_ADDR_MAX, Some(address))
        || !same(uapi::NFTA_NAT_REG_PROTO_MAX, port)
        || fields.u32(uapi::NFTA_NAT_FLAGS).unwrap_or_default() & !implied != 0
    {
        return None;
    }
    let family = Family::new(u8::try_from(fields.u32(uapi::NFTA_NAT_FAMILY)?).ok()?);
    Some(Expression::Translate { side, family, address: Register(address), port: port.map(Register) })
}

fn masquerade(fields: &Fields<'_>) -> Option<Expression> {
    if fields.u32(uapi::NFTA_MASQ_REG_PROTO_MIN).is_some() {
        return None;
    }
    match fields.u32(uapi::NFTA_MASQ_FLAGS).unwrap_or_default() {
        0 => Some(Expression::Masquerade { fully_random: false }),
        uapi::NF_NAT_RANGE_PROTO_RANDOM_FULLY => Some(Expression::Masquerade { fully_random: true }),
        _ => None,
    }
}

/// An expression's attributes; each appears once.
struct Fields<'a>(Vec<(u16, Value<'a>)>);

impl<'a> Fields<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut fields = Vec::new();
        attributes(bytes, |kind, value| {
            fields.push((kind, value));
            Ok(())
        })?;
        Ok(Self(fields))
    }

    fn value(&self, kind: u16) -> Option<Value<'a>> {
        self.0.iter().find(|(is, _)| *is == kind).map(|(_, value)| *value)
    }

    fn u32(&self, kind: u16) -> Option<u32> {
        self.value(kind).and_then(|value| value.u32().ok())
    }

    fn u64(&self, kind: u16) -> Option<u64> {
        self.value(kind).and_then(|value| value.u64().ok())
    }

    /// A constant in its nest.
    fn data(&self, kind: u16) -> Result<Option<&'a [u8]>, Malformed> {
        let Some(nest) = self.value(kind) else { return Ok(None) };
        Ok(Fields::read(nest.0)?.value(uapi::NFTA_DATA_VALUE).map(|value| value.0))
    }
}
