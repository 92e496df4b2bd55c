//! The protocol's text (wireguard.com/xplatform).

use std::fmt::{self, Write};

use wgtrace_decrypt::key::KEY_LEN;
use wgtrace_tunnel::PeerStatus;
use zeroize::Zeroizing;

use crate::wireguard::{DeviceSecrets, WireGuard};

/// The answer to one request, which stands without the empty line at its end.
pub(super) fn reply(request: &[u8], device: &dyn WireGuard) -> Zeroizing<String> {
    match request.split(|byte| *byte == b'\n').next().unwrap_or_default() {
        b"get=1" => get(device),
        b"set=1" => errno(NOT_PERMITTED),
        _ => errno(INVALID),
    }
}

fn get(device: &dyn WireGuard) -> Zeroizing<String> {
    let (status, secrets) = (device.status(), device.secrets());
    // Once, so that growing leaves no copy of a key behind.
    let networks: usize = status.peers.iter().map(|peer| peer.allowed_ips.len()).sum();
    let room = DEVICE_ROOM + PEER_ROOM * status.peers.len() + NETWORK_ROOM * networks;
    let mut out = Zeroizing::new(String::with_capacity(room));
    // Writing into a string does not fail.
    let _ = write_device(&mut *out, &secrets, status.listen_port, status.fwmark);
    for peer in &status.peers {
        let _ = write_peer(&mut *out, &secrets, peer);
    }
    out.push_str("errno=0\n\n");
    out
}

fn write_device(out: &mut impl Write, secrets: &DeviceSecrets, port: u16, fwmark: u32) -> fmt::Result {
    write_key(out, "private_key", secrets.private_key.expose())?;
    writeln!(out, "listen_port={port}")?;
    if fwmark != 0 {
        writeln!(out, "fwmark={fwmark}")?;
    }
    Ok(())
}

fn write_peer(out: &mut impl Write, secrets: &DeviceSecrets, peer: &PeerStatus) -> fmt::Result {
    write_key(out, "public_key", peer.public_key.as_bytes())?;
    if let Some(psk) = secrets.preshared_keys.get(&peer.public_key) {
        write_key(out, "preshared_key", psk.expose())?;
    }
    writeln!(out, "protocol_version=1")?;
    if let Some(endpoint) = peer.endpoint {
        writeln!(out, "endpoint={endpoint}")?;
    }
    let last = u64::try_from(peer.tally.last_handshake.unwrap_or(0)).unwrap_or(0);
    writeln!(out, "last_handshake_time_sec={}", last / NANOS)?;
    writeln!(out, "last_handshake_time_nsec={}", last % NANOS)?;
    writeln!(out, "tx_bytes={}", peer.tally.tx_bytes)?;
    writeln!(out, "rx_bytes={}", peer.tally.rx_bytes)?;
    let keepalive = peer.persistent_keepalive.map_or(0, |interval| interval.as_secs());
    writeln!(out, "persistent_keepalive_interval={keepalive}")?;
    for prefix in &peer.allowed_ips {
        writeln!(out, "allowed_ip={prefix}")?;
    }
    Ok(())
}

fn write_key(out: &mut impl Write, name: &str, key: &[u8; KEY_LEN]) -> fmt::Result {
    write!(out, "{name}=")?;
    for byte in key {
        write!(out, "{byte:02x}")?;
    }
    writeln!(out)
}

/// wg takes the negative of the system's number.
fn errno(errno: rustix::io::Errno) -> Zeroizing<String> {
    Zeroizing::new(format!("errno={}\n\n", -errno.raw_os_error()))
}

const NOT_PERMITTED: rustix::io::Errno = rustix::io::Errno::PERM;
const INVALID: rustix::io::Errno = rustix::io::Errno::INVAL;
const NANOS: u64 = 1_000_000_000;
const DEVICE_ROOM: usize = 256;
const PEER_ROOM: usize = 512;
const NETWORK_ROOM: usize = 64;
