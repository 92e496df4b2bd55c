//! Rules as kube-proxy writes them for services, for labs without Kubernetes.
//!
//! Chains, their order and their names are those of its iptables mode as of Kubernetes 1.23, which the walkthrough shows: node
//! ports lead straight to the chain of the service (kubernetes: pkg/proxy/iptables/proxier.go).

use std::net::{IpAddr, SocketAddr};

use ring::digest::{SHA256, digest};
use wgtrace_tunnel::Prefix;

use super::Family;
use super::expression::Verdict;
use super::ruleset::{Chain, ChainKind, Hook, HookPoint, Rule, Table};
use super::statement::{Is, Statement, Transport};

/// One port of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Namespace, name and name of the port: `default/serversvc:cni`.
    pub name: String,
    /// Its protocol.
    pub transport: Transport,
    /// The service's own address and port.
    pub cluster: SocketAddr,
    /// The port that leads to it on every node.
    pub node_port: Option<u16>,
    /// The pods behind it.
    pub endpoints: Vec<SocketAddr>,
}

impl Service {
    /// Its chain: `KUBE-SVC-CU7F3MNN62CF4ANP`.
    pub fn chain(&self) -> String {
        format!("KUBE-SVC-{}", hash(&format!("{}{}", self.name, self.transport)))
    }

    /// The chain of an endpoint of it.
    pub fn endpoint_chain(&self, endpoint: SocketAddr) -> String {
        format!("KUBE-SEP-{}", hash(&format!("{}{}{endpoint}", self.name, self.transport)))
    }
}

/// The table of a node's kube-proxy, by a name of its own.
///
/// What comes from outside `cluster` (`--cluster-cidr`) to a service's own address is masqueraded; without one, nothing is.
pub fn table(name: &str, cluster: Option<Prefix>, services: &[Service]) -> Table {
    let is_ipv4 = services.first().is_none_or(|service| service.cluster.is_ipv4());
    let base = |name: &str, point, priority, to: &str, comment| Chain {
        name: name.to_owned(),
        hook: Some(Hook { kind: ChainKind::Nat, point, priority }),
        rules: vec![jump([], to).comment(comment)],
    };
    let portals = "kubernetes service portals";
    let mut portal_rules = Vec::new();
    let mut node_ports = Vec::new();
    let mut chains = vec![
        base("PREROUTING", HookPoint::Prerouting, DSTNAT, "KUBE-SERVICES", portals),
        base("OUTPUT", HookPoint::Output, DSTNAT, "KUBE-SERVICES", portals),
        base(
            "POSTROUTING",
            HookPoint::Postrouting,
            SRCNAT,
            "KUBE-POSTROUTING",
            "kubernetes postrouting rules",
        ),
        plain("KUBE-MARK-MASQ", [Rule::new([Statement::Counter, Statement::SetMark(MASQUERADE_MARK)])]),
        plain("KUBE-POSTROUTING", postrouting()),
    ];
    for service in services {
        let to_cluster = [
            Statement::Destination(Is::Equal, Prefix::host(service.cluster.ip())),
            Statement::DestinationPort(service.transport, service.cluster.port()),
        ];
        let comment = format!("{} cluster IP", service.name);
        portal_rules.push(jump(to_cluster.clone(), &service.chain()).comment(&comment));
        let mut rules = Vec::new();
        if let Some(cluster) = cluster {
            let outside = [Statement::Source(Is::Not, cluster)].into_iter().chain(to_cluster);
            rules.push(jump(outside, "KUBE-MARK-MASQ").comment(&comment));
        }
        if let Some(port) = service.node_port {
            let to_port = || [Statement::DestinationPort(service.transport, port)];
            node_ports.push(jump(to_port(), &service.chain()).comment(&service.name));
            rules.push(jump(to_port(), "KUBE-MARK-MASQ").comment(&service.name));
        }
        // each takes its share of what those before it left: 1/n, 1/(n-1), .., all
        let shares = (1_u32..).take(service.endpoints.len()).collect::<Vec<_>>().into_iter().rev();
        for (endpoint, left) in service.endpoints.iter().zip(shares) {
            let chance = (left > 1).then_some(Statement::OnceIn(left));
            rules.push(jump(chance, &service.endpoint_chain(*endpoint)).comment(&service.name));
        }
        chains.push(plain(&service.chain(), rules));
        chains.extend(service.endpoints.iter().map(|endpoint| self::endpoint(service, *endpoint)));
    }
    let note = "kubernetes service nodeports; NOTE: this must be the last rule in this chain";
    portal_rules.push(jump([Statement::DestinationIsLocal], "KUBE-NODEPORTS").comment(note));
    chains.push(plain("KUBE-NODEPORTS", node_ports));
    chains.push(plain("KUBE-SERVICES", portal_rules));
    Table {
        family: if is_ipv4 { Family::IPV4 } else { Family::IPV6 },
        name: name.to_owned(),
        sets: Vec::new(),
        chains,
    }
}

/// The walkthrough's service: 10.96.142.173:80 and port 32000 of every node, for the pods of two nodes.
pub fn walkthrough() -> Vec<Service> {
    let at = |a, b, c, d, port| SocketAddr::new(IpAddr::from([a, b, c, d]), port);
    vec![Service {
        name: "default/serversvc:cni".to_owned(),
        transport: Transport::Tcp,
        cluster: at(10, 96, 142, 173, 80),
        node_port: Some(32000),
        endpoints: vec![at(10, 0, 1, 54, 80), at(10, 0, 2, 194, 80)],
    }]
}

fn postrouting() -> [Rule; 3] {
    let unmarked = Statement::Mark { is: Is::Not, mask: MASQUERADE_MARK, value: MASQUERADE_MARK };
    let masquerade = [Statement::Counter, Statement::Masquerade { fully_random: true }];
    [
        Rule::new([unmarked, Statement::Counter, Statement::Verdict(Verdict::Return)]),
        Rule::new([Statement::Counter, Statement::FlipMark(MASQUERADE_MARK)]),
        Rule::new(masquerade).comment("kubernetes service traffic requiring SNAT"),
    ]
}

/// A pod that reaches itself is masqueraded, or it would answer itself.
fn endpoint(service: &Service, endpoint: SocketAddr) -> Chain {
    let itself = [Statement::Source(Is::Equal, Prefix::host(endpoint.ip()))];
    let translate =
        [Statement::Protocol(service.transport), Statement::Counter, Statement::DestinationTo(endpoint)];
    plain(
        &service.endpoint_chain(endpoint),
        [jump(itself, "KUBE-MARK-MASQ").comment(&service.name), Rule::new(translate).comment(&service.name)],
    )
}

fn plain(name: &str, rules: impl Into<Vec<Rule>>) -> Chain {
    Chain { name: name.to_owned(), hook: None, rules: rules.into() }
}

fn jump(when: impl IntoIterator<Item = Statement>, to: &str) -> Rule {
    let then = [Statement::Counter, Statement::Verdict(Verdict::Jump(to.to_owned()))];
    Rule::new(when.into_iter().chain(then).collect::<Vec<_>>())
}

/// The first 16 letters of a SHA-256 in base 32 (RFC 4648).
fn hash(of: &str) -> String {
    let digest = digest(&SHA256, of.as_bytes());
    let bits = digest.as_ref().first_chunk().copied().map_or(0, u128::from_be_bytes);
    (0..16_u32)
        .map(|letter| {
            let five = bits >> (123 - 5 * letter) & 0x1f;
            usize::try_from(five).ok().and_then(|five| BASE32.get(five).copied()).map_or('A', char::from)
        })
        .collect()
}

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// kube-proxy: `--iptables-masquerade-bit=14`
const MASQUERADE_MARK: u32 = 1 << 14;

/// linux: `NF_IP_PRI_NAT_DST`, `NF_IP_PRI_NAT_SRC`, where iptables puts its chains
const DSTNAT: i32 = -100;
const SRCNAT: i32 = 100;
