//! Numbers of attributes and values, by their names in the kernel (linux: `uapi/linux/netfilter/nf_tables.h`).

pub(in crate::datapath::nat) const NFTA_LIST_ELEM: u16 = 1;
pub(in crate::datapath::nat) const NFTA_EXPR_NAME: u16 = 1;
pub(in crate::datapath::nat) const NFTA_EXPR_DATA: u16 = 2;
pub(in crate::datapath::nat) const NFTA_DATA_VALUE: u16 = 1;
pub(in crate::datapath::nat) const NFTA_DATA_VERDICT: u16 = 2;

pub(in crate::datapath::nat) const NFTA_PAYLOAD_DREG: u16 = 1;
pub(in crate::datapath::nat) const NFTA_PAYLOAD_BASE: u16 = 2;
pub(in crate::datapath::nat) const NFTA_PAYLOAD_OFFSET: u16 = 3;
pub(in crate::datapath::nat) const NFTA_PAYLOAD_LEN: u16 = 4;
pub(in crate::datapath::nat) const NFT_PAYLOAD_NETWORK_HEADER: u32 = 1;
pub(in crate::datapath::nat) const NFT_PAYLOAD_TRANSPORT_HEADER: u32 = 2;

pub(in crate::datapath::nat) const NFTA_META_DREG: u16 = 1;
pub(in crate::datapath::nat) const NFTA_META_KEY: u16 = 2;
pub(in crate::datapath::nat) const NFTA_META_SREG: u16 = 3;
pub(in crate::datapath::nat) const NFT_META_MARK: u32 = 3;
pub(in crate::datapath::nat) const NFT_META_IIFNAME: u32 = 6;
pub(in crate::datapath::nat) const NFT_META_OIFNAME: u32 = 7;
pub(in crate::datapath::nat) const NFT_META_L4PROTO: u32 = 16;

pub(in crate::datapath::nat) const NFTA_CT_DREG: u16 = 1;
pub(in crate::datapath::nat) const NFTA_CT_KEY: u16 = 2;
pub(in crate::datapath::nat) const NFT_CT_STATE: u32 = 0;
pub(in crate::datapath::nat) const NFT_CT_STATUS: u32 = 2;

pub(in crate::datapath::nat) const NFTA_FIB_DREG: u16 = 1;
pub(in crate::datapath::nat) const NFTA_FIB_RESULT: u16 = 2;
pub(in crate::datapath::nat) const NFTA_FIB_FLAGS: u16 = 3;
pub(in crate::datapath::nat) const NFT_FIB_RESULT_ADDRTYPE: u32 = 3;
pub(in crate::datapath::nat) const NFTA_FIB_F_DADDR: u32 = 1 << 1;

pub(in crate::datapath::nat) const NFTA_NG_DREG: u16 = 1;
pub(in crate::datapath::nat) const NFTA_NG_MODULUS: u16 = 2;
pub(in crate::datapath::nat) const NFTA_NG_TYPE: u16 = 3;
pub(in crate::datapath::nat) const NFTA_NG_OFFSET: u16 = 4;
pub(in crate::datapath::nat) const NFT_NG_RANDOM: u32 = 1;

pub(in crate::datapath::nat) const NFTA_BITWISE_SREG: u16 = 1;
pub(in crate::datapath::nat) const NFTA_BITWISE_DREG: u16 = 2;
pub(in crate::datapath::nat) const NFTA_BITWISE_LEN: u16 = 3;
pub(in crate::datapath::nat) const NFTA_BITWISE_MASK: u16 = 4;
pub(in crate::datapath::nat) const NFTA_BITWISE_XOR: u16 = 5;
pub(in crate::datapath::nat) const NFTA_BITWISE_OP: u16 = 6;
pub(in crate::datapath::nat) const NFT_BITWISE_MASK_XOR: u32 = 0;

pub(in crate::datapath::nat) const NFTA_CMP_SREG: u16 = 1;
pub(in crate::datapath::nat) const NFTA_CMP_OP: u16 = 2;
pub(in crate::datapath::nat) const NFTA_CMP_DATA: u16 = 3;
pub(in crate::datapath::nat) const NFT_CMP_EQ: u32 = 0;
pub(in crate::datapath::nat) const NFT_CMP_NEQ: u32 = 1;

pub(in crate::datapath::nat) const NFTA_LOOKUP_SET: u16 = 1;
pub(in crate::datapath::nat) const NFTA_LOOKUP_SREG: u16 = 2;
pub(in crate::datapath::nat) const NFTA_LOOKUP_DREG: u16 = 3;
pub(in crate::datapath::nat) const NFTA_LOOKUP_FLAGS: u16 = 5;

pub(in crate::datapath::nat) const NFTA_IMMEDIATE_DREG: u16 = 1;
pub(in crate::datapath::nat) const NFTA_IMMEDIATE_DATA: u16 = 2;
pub(in crate::datapath::nat) const NFT_REG_VERDICT: u32 = 0;
pub(in crate::datapath::nat) const NFTA_VERDICT_CODE: u16 = 1;
pub(in crate::datapath::nat) const NFTA_VERDICT_CHAIN: u16 = 2;
pub(in crate::datapath::nat) const NF_DROP: i32 = 0;
pub(in crate::datapath::nat) const NF_ACCEPT: i32 = 1;
pub(in crate::datapath::nat) const NFT_JUMP: i32 = -3;
pub(in crate::datapath::nat) const NFT_RETURN: i32 = -5;

pub(in crate::datapath::nat) const NFTA_NAT_TYPE: u16 = 1;
pub(in crate::datapath::nat) const NFTA_NAT_FAMILY: u16 = 2;
pub(in crate::datapath::nat) const NFTA_NAT_REG_ADDR_MIN: u16 = 3;
pub(in crate::datapath::nat) const NFTA_NAT_REG_ADDR_MAX: u16 = 4;
pub(in crate::datapath::nat) const NFTA_NAT_REG_PROTO_MIN: u16 = 5;
pub(in crate::datapath::nat) const NFTA_NAT_REG_PROTO_MAX: u16 = 6;
pub(in crate::datapath::nat) const NFTA_NAT_FLAGS: u16 = 7;
pub(in crate::datapath::nat) const NFT_NAT_SNAT: u32 = 0;
pub(in crate::datapath::nat) const NFT_NAT_DNAT: u32 = 1;
/// linux: `uapi/linux/netfilter/nf_nat.h`
pub(in crate::datapath::nat) const NF_NAT_RANGE_MAP_IPS: u32 = 1 << 0;
pub(in crate::datapath::nat) const NF_NAT_RANGE_PROTO_SPECIFIED: u32 = 1 << 1;
pub(in crate::datapath::nat) const NF_NAT_RANGE_PROTO_RANDOM_FULLY: u32 = 1 << 4;

pub(in crate::datapath::nat) const NFTA_MASQ_FLAGS: u16 = 1;
pub(in crate::datapath::nat) const NFTA_MASQ_REG_PROTO_MIN: u16 = 2;

pub(in crate::datapath::nat) const NFTA_COUNTER_BYTES: u16 = 1;
pub(in crate::datapath::nat) const NFTA_COUNTER_PACKETS: u16 = 2;

pub(in crate::datapath::nat) const NFTA_TABLE_NAME: u16 = 1;
pub(in crate::datapath::nat) const NFTA_TABLE_FLAGS: u16 = 2;
pub(in crate::datapath::nat) const NFT_TABLE_F_DORMANT: u32 = 1 << 0;

pub(in crate::datapath::nat) const NFTA_CHAIN_TABLE: u16 = 1;
pub(in crate::datapath::nat) const NFTA_CHAIN_NAME: u16 = 3;
pub(in crate::datapath::nat) const NFTA_CHAIN_HOOK: u16 = 4;
pub(in crate::datapath::nat) const NFTA_CHAIN_POLICY: u16 = 5;
pub(in crate::datapath::nat) const NFTA_CHAIN_TYPE: u16 = 7;
pub(in crate::datapath::nat) const NFTA_HOOK_HOOKNUM: u16 = 1;
pub(in crate::datapath::nat) const NFTA_HOOK_PRIORITY: u16 = 2;
/// linux: uapi/linux/netfilter.h
pub(in crate::datapath::nat) const NF_INET_PRE_ROUTING: u32 = 0;
pub(in crate::datapath::nat) const NF_INET_LOCAL_IN: u32 = 1;
pub(in crate::datapath::nat) const NF_INET_FORWARD: u32 = 2;
pub(in crate::datapath::nat) const NF_INET_LOCAL_OUT: u32 = 3;
pub(in crate::datapath::nat) const NF_INET_POST_ROUTING: u32 = 4;
/// linux: `NF_DROP`, `NF_ACCEPT`
pub(in crate::datapath::nat) const POLICY_DROP: u32 = 0;
pub(in crate::datapath::nat) const POLICY_ACCEPT: u32 = 1;

pub(in crate::datapath::nat) const NFTA_RULE_TABLE: u16 = 1;
pub(in crate::datapath::nat) const NFTA_RULE_CHAIN: u16 = 2;
pub(in crate::datapath::nat) const NFTA_RULE_HANDLE: u16 = 3;
pub(in crate::datapath::nat) const NFTA_RULE_EXPRESSIONS: u16 = 4;
pub(in crate::datapath::nat) const NFTA_RULE_USERDATA: u16 = 7;
/// libnftnl: include/libnftnl/udata.h
pub(in crate::datapath::nat) const NFTNL_UDATA_RULE_COMMENT: u8 = 0;

pub(in crate::datapath::nat) const NFTA_SET_TABLE: u16 = 1;
pub(in crate::datapath::nat) const NFTA_SET_NAME: u16 = 2;
pub(in crate::datapath::nat) const NFTA_SET_FLAGS: u16 = 3;
pub(in crate::datapath::nat) const NFTA_SET_KEY_TYPE: u16 = 4;
pub(in crate::datapath::nat) const NFTA_SET_KEY_LEN: u16 = 5;
pub(in crate::datapath::nat) const NFTA_SET_ID: u16 = 10;
pub(in crate::datapath::nat) const NFTA_SET_ELEM_LIST_TABLE: u16 = 1;
pub(in crate::datapath::nat) const NFTA_SET_ELEM_LIST_SET: u16 = 2;
pub(in crate::datapath::nat) const NFTA_SET_ELEM_LIST_ELEMENTS: u16 = 3;
pub(in crate::datapath::nat) const NFTA_SET_ELEM_KEY: u16 = 1;
