//! Statements as expressions, the same ones that nft(8) makes of them.

use std::net::IpAddr;

use wgtrace_tunnel::Prefix;

use super::{Device, Is, Statement};
use crate::datapath::nat::expression::{Base, ConntrackKey, Expression, MetaKey, Operator, Register, Side};
use crate::datapath::nfnetlink::Family;

/// Adds what a statement is in the kernel.
pub(in super::super) fn lower(statement: &Statement, to: &mut Vec<Expression>) {
    match statement {
        Statement::Source(is, prefix) => network(Side::Source, *is, *prefix, to),
        Statement::Destination(is, prefix) => network(Side::Destination, *is, *prefix, to),
        Statement::DestinationIn(family, set) => {
            to.push(address(Side::Destination, *family == Family::IPV4));
            to.push(Expression::Lookup { register: Register::ONE, set: set.clone() });
        }
        Statement::DestinationIsLocal => {
            to.push(Expression::DestinationType { into: Register::ONE });
            to.push(compare(Is::Equal, &RTN_LOCAL.to_ne_bytes()));
        }
        Statement::Input(is, device) => name(MetaKey::InputName, *is, device, to),
        Statement::Output(is, device) => name(MetaKey::OutputName, *is, device, to),
        Statement::Protocol(transport) => protocol(transport.number(), to),
        Statement::DestinationPort(transport, port) => {
            protocol(transport.number(), to);
            // the same place in both headers
            to.push(Expression::Payload { base: Base::Transport, offset: 2, length: 2, into: Register::ONE });
            to.push(compare(Is::Equal, &port.to_be_bytes()));
        }
        Statement::Mark { is, mask, value } => {
            to.push(Expression::Meta { key: MetaKey::Mark, into: Register::ONE });
            to.push(bitwise(*mask, 0));
            to.push(compare(*is, &value.to_ne_bytes()));
        }
        Statement::DestinationTranslated => bits(ConntrackKey::Status, IPS_DST_NAT, to),
        Statement::StateInvalid => bits(ConntrackKey::State, STATE_INVALID, to),
        Statement::StateEstablished => bits(ConntrackKey::State, STATE_ESTABLISHED | STATE_RELATED, to),
        Statement::OnceIn(times) => {
            to.push(Expression::Random { modulus: *times, into: Register::ONE });
            to.push(compare(Is::Equal, &0_u32.to_ne_bytes()));
        }
        Statement::Counter => to.push(Expression::Counter),
        Statement::SetMark(bits) => mark(!bits, *bits, to),
        Statement::FlipMark(bits) => mark(u32::MAX, *bits, to),
        Statement::Verdict(verdict) => to.push(Expression::Verdict(verdict.clone())),
        Statement::Masquerade { fully_random } => {
            to.push(Expression::Masquerade { fully_random: *fully_random });
        }
        Statement::SourceTo(address) => translate(Side::Source, *address, None, to),
        Statement::DestinationTo(address) => {
            translate(Side::Destination, address.ip(), Some(address.port()), to);
        }
    }
}

/// Whole bytes are compared as such; otherwise the rest is masked away.
fn network(side: Side, is: Is, prefix: Prefix, to: &mut Vec<Expression>) {
    let mut load = address(side, prefix.addr().is_ipv4());
    let octets = octets(prefix.addr());
    let whole = usize::from(prefix.len() / 8);
    if prefix.len() > 0 && prefix.len().is_multiple_of(8) {
        if let Expression::Payload { length, .. } = &mut load {
            *length = u32::from(prefix.len() / 8);
        }
        to.push(load);
        to.push(compare(is, octets.get(..whole).unwrap_or_default()));
        return;
    }
    let mut mask = vec![0; octets.len()];
    mask.iter_mut().take(whole).for_each(|byte| *byte = 0xff);
    if let Some(byte) = mask.get_mut(whole) {
        *byte = !(0xff_u8 >> (prefix.len() % 8));
    }
    to.push(load);
    let xor = vec![0; octets.len()];
    to.push(Expression::Bitwise { register: Register::ONE, mask, xor });
    to.push(compare(is, &octets));
}

/// Where addresses are: RFC 791, RFC 8200.
fn address(side: Side, is_ipv4: bool) -> Expression {
    let (offset, length) = match (side, is_ipv4) {
        (Side::Source, true) => (12, 4),
        (Side::Destination, true) => (16, 4),
        (Side::Source, false) => (8, 16),
        (Side::Destination, false) => (24, 16),
    };
    Expression::Payload { base: Base::Network, offset, length, into: Register::ONE }
}

fn name(key: MetaKey, is: Is, device: &Device, to: &mut Vec<Expression>) {
    to.push(Expression::Meta { key, into: Register::ONE });
    to.push(match device {
        // with the zeros behind it, so that longer names differ
        Device::Named(name) => {
            let mut padded = name.as_bytes().to_vec();
            padded.resize(IFNAMSIZ, 0);
            compare(is, &padded)
        }
        Device::Prefixed(start) => compare(is, start.as_bytes()),
    });
}

fn protocol(number: u8, to: &mut Vec<Expression>) {
    to.push(Expression::Meta { key: MetaKey::Protocol, into: Register::ONE });
    to.push(compare(Is::Equal, &[number]));
}

/// Any of these bits.
fn bits(key: ConntrackKey, bits: u32, to: &mut Vec<Expression>) {
    to.push(Expression::Conntrack { key, into: Register::ONE });
    to.push(bitwise(bits, 0));
    to.push(compare(Is::Not, &0_u32.to_ne_bytes()));
}

fn mark(mask: u32, xor: u32, to: &mut Vec<Expression>) {
    to.push(Expression::Meta { key: MetaKey::Mark, into: Register::ONE });
    to.push(bitwise(mask, xor));
    to.push(Expression::SetMeta { key: MetaKey::Mark, from: Register::ONE });
}

fn translate(side: Side, address: IpAddr, port: Option<u16>, to: &mut Vec<Expression>) {
    let family = if address.is_ipv4() { Family::IPV4 } else { Family::IPV6 };
    to.push(Expression::Immediate { into: Register::ONE, value: octets(address) });
    if let Some(port) = port {
        to.push(Expression::Immediate { into: Register::TWO, value: port.to_be_bytes().to_vec() });
    }
    let port = port.map(|_| Register::TWO);
    to.push(Expression::Translate { side, family, address: Register::ONE, port });
}

fn bitwise(mask: u32, xor: u32) -> Expression {
    Expression::Bitwise {
        register: Register::ONE,
        mask: mask.to_ne_bytes().to_vec(),
        xor: xor.to_ne_bytes().to_vec(),
    }
}

fn compare(is: Is, value: &[u8]) -> Expression {
    let operator = match is {
        Is::Equal => Operator::Equal,
        Is::Not => Operator::NotEqual,
    };
    Expression::Compare { register: Register::ONE, operator, value: value.to_vec() }
}

fn octets(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    }
}

/// linux: uapi/linux/if.h
const IFNAMSIZ: usize = 16;
/// linux: uapi/linux/rtnetlink.h
const RTN_LOCAL: u32 = 2;
/// linux: `uapi/linux/netfilter/nf_conntrack_common.h`
const IPS_DST_NAT: u32 = 1 << 5;
/// linux: ibid., `NF_CT_STATE_INVALID_BIT`, `NF_CT_STATE_BIT(IP_CT_ESTABLISHED)`, `.. (IP_CT_RELATED)`
const STATE_INVALID: u32 = 1 << 0;
const STATE_ESTABLISHED: u32 = 1 << 1;
const STATE_RELATED: u32 = 1 << 2;
