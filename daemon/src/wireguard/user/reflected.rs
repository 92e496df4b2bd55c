use std::net::SocketAddr;

use wgtrace_wire::{Ip, Protocol, Udp};

/// Whether `packet`, about to be sealed for the peer at `endpoint`, is what the socket at `port` sent there: each
/// time round it would be sealed again.
// linux: drivers/net/wireguard/socket.c refuses a route by the device itself; here only the packet can be known
pub(super) fn is_own(packet: &[u8], port: u16, endpoint: SocketAddr) -> bool {
    let Ok(ip) = Ip::parse(packet) else { return false };
    if ip.dst() != endpoint.ip() {
        return false;
    }
    ip.upper().is_ok_and(|upper| {
        // A fragment behind the first has no ports; what it is sealed into has them.
        upper.protocol == Protocol::UDP
            && upper.fragment.is_none_or(|fragment| fragment.offset == 0)
            && Udp::parse(upper.payload)
                .is_ok_and(|udp| (udp.src_port(), udp.dst_port()) == (port, endpoint.port()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(host: u8, offset: u8) -> Vec<u8> {
        let mut packet = vec![0x45, 0, 0, 28, 0, 0, 0, offset, 64, 17, 0, 0, 10, 9, 0, 1, 10, 9, 0, host];
        packet.extend([0xc7, 0x39, 0xc7, 0x3a, 0, 8, 0, 0]);
        packet
    }

    #[test]
    fn a_message_of_our_own_is_known_by_its_ports_and_destination() {
        let endpoint = "10.9.0.2:51002".parse().unwrap();
        assert!(is_own(&packet(2, 0), 51001, endpoint));
        assert!(!is_own(&packet(3, 0), 51001, endpoint));
        assert!(!is_own(&packet(2, 0), 51003, endpoint));
        assert!(!is_own(&packet(2, 0), 51001, "10.9.0.2:51003".parse().unwrap()));
        assert!(!is_own(&packet(2, 1), 51001, endpoint));
        assert!(!is_own(&[], 51001, endpoint));
    }
}
