//! WireGuard's four messages, by name.

use wgtrace_api::v1::WireguardMessage;
use wgtrace_wire::wireguard::{Message, TAG_LEN};

use super::Layers;

impl Layers<'_> {
    /// The message in these bytes; where they are cut, what the daemon read of it.
    pub(super) fn wireguard(&mut self, bytes: &[u8], told: &WireguardMessage) {
        let index = |index: u32| format!("0x{index:08x}");
        match Message::parse(bytes) {
            Ok(Message::Initiation(of)) => {
                self.push(
                    "WireGuard Initiation",
                    vec![("sender", index(of.sender.get())), ("mac2", mac(&of.mac2))],
                );
            }
            Ok(Message::Response(of)) => {
                let (sender, receiver) = (index(of.sender.get()), index(of.receiver.get()));
                let fields = vec![("sender", sender), ("receiver", receiver), ("mac2", mac(&of.mac2))];
                self.push("WireGuard Response", fields);
            }
            Ok(Message::CookieReply(of)) => {
                self.push("WireGuard CookieReply", vec![("receiver", index(of.receiver.get()))]);
            }
            Ok(Message::TransportData(of)) => {
                let mut fields = vec![
                    ("receiver", index(of.header.receiver.get())),
                    ("counter", of.header.counter.get().to_string()),
                ];
                if of.sealed.len() == TAG_LEN {
                    fields.push(("content", "none: a keepalive".to_owned()));
                } else {
                    fields.push(("ciphertext", format!("{} bytes here", of.sealed.len())));
                }
                self.push("WireGuard TransportData", fields);
            }
            Err(_) => self.message_told(told),
        }
    }

    pub(super) fn message_told(&mut self, told: &WireguardMessage) {
        let index = |index: u32| format!("0x{index:08x}");
        let mut fields = Vec::new();
        if told.sender != 0 {
            fields.push(("sender", index(told.sender)));
        }
        if told.receiver != 0 {
            fields.push(("receiver", index(told.receiver)));
        }
        if told.kind == "TransportData" || told.kind == "Keepalive" {
            fields.push(("counter", told.counter.to_string()));
        }
        self.push(format!("WireGuard {}", told.kind), fields);
    }
}

fn mac(mac: &[u8]) -> String {
    if mac.iter().all(|byte| *byte == 0) {
        "none".to_owned()
    } else {
        "there: it answers a cookie".to_owned()
    }
}
