//! What the runtime is answered.

use serde::Serialize;
use wgtrace_api::v1::Endpoint;

use crate::config::{NEWEST, SUPPORTED};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Added<'e> {
    cni_version: &'e str,
    interfaces: [Interface<'e>; 2],
    ips: [Ip<'e>; 1],
    routes: [Route<'e>; 2],
    dns: Dns,
}

#[derive(Serialize)]
struct Interface<'e> {
    name: &'e str,
    mac: &'e str,
    #[serde(skip_serializing_if = "str::is_empty")]
    sandbox: &'e str,
}

#[derive(Serialize)]
struct Ip<'e> {
    /// Until 0.4.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'static str>,
    address: String,
    gateway: &'e str,
    interface: usize,
}

#[derive(Serialize)]
struct Route<'e> {
    dst: String,
    #[serde(skip_serializing_if = "str::is_empty")]
    gw: &'e str,
}

#[derive(Serialize)]
struct Dns {}

/// The answer to ADD: the pod's interface stands second, behind the node's.
pub fn added(version: &str, endpoint: &Endpoint) -> String {
    json(&Added {
        cni_version: version,
        interfaces: [
            Interface { name: &endpoint.host_device, mac: &endpoint.host_mac, sandbox: "" },
            Interface { name: &endpoint.interface, mac: &endpoint.mac, sandbox: &endpoint.netns },
        ],
        ips: [Ip {
            version: version.starts_with("0.").then_some("4"),
            address: format!("{}/32", endpoint.address),
            gateway: &endpoint.router,
            interface: 1,
        }],
        routes: [
            Route { dst: format!("{}/32", endpoint.router), gw: "" },
            Route { dst: "0.0.0.0/0".to_owned(), gw: &endpoint.router },
        ],
        dns: Dns {},
    })
}

/// The answer to VERSION.
pub fn versions() -> String {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Versions {
        cni_version: &'static str,
        supported_versions: [&'static str; SUPPORTED.len()],
    }
    json(&Versions { cni_version: NEWEST, supported_versions: SUPPORTED })
}

fn json(form: &impl Serialize) -> String {
    // Strings and numbers: it does not fail.
    serde_json::to_string(form).unwrap_or_default() + "\n"
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn the_pod_is_described_in_the_version_that_was_asked_for() {
        let endpoint = Endpoint {
            container_id: "6f1d".into(),
            interface: "eth0".into(),
            netns: "/run/netns/pod".into(),
            address: "10.0.1.203".into(),
            router: "10.0.1.26".into(),
            host_device: "lxc2d3008e4e496".into(),
            mac: "42:bf:e8:df:0c:99".into(),
            host_mac: "ee:cf:c0:71:b2:58".into(),
            ..Endpoint::default()
        };
        let value: Value = serde_json::from_str(&added("1.0.0", &endpoint)).unwrap();
        let expected = json!({
            "cniVersion": "1.0.0",
            "interfaces": [
                {"name": "lxc2d3008e4e496", "mac": "ee:cf:c0:71:b2:58"},
                {"name": "eth0", "mac": "42:bf:e8:df:0c:99", "sandbox": "/run/netns/pod"},
            ],
            "ips": [{"address": "10.0.1.203/32", "gateway": "10.0.1.26", "interface": 1}],
            "routes": [{"dst": "10.0.1.26/32"}, {"dst": "0.0.0.0/0", "gw": "10.0.1.26"}],
            "dns": {},
        });
        assert_eq!(value, expected);
        let old: Value = serde_json::from_str(&added("0.4.0", &endpoint)).unwrap();
        assert_eq!(old.pointer("/ips/0/version"), Some(&json!("4")));
    }
}
