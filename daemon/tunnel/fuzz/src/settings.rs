//! Peers come, change and go.

use std::net::IpAddr;
use std::num::NonZeroU16;

use wgtrace_decrypt::key::{PresharedKey, PublicKey};
use wgtrace_tunnel::{ConfigError, DropCause, PeerId, PeerSettings, Prefix};

use super::cast::{STRANGER, hosts, inner, outer, private, public};
use super::net::Net;
use super::script::Script;
use super::stranger;

/// Everybody knows everybody, and perhaps the stranger.
pub fn introduce(net: &mut Net, psk: &PresharedKey, stranger_too: bool) {
    for n in 0..net.nodes.len() {
        for m in (0..net.nodes.len()).filter(|m| *m != n) {
            let settings = PeerSettings {
                preshared_key: psk.clone(),
                endpoint: Some(outer(m)),
                allowed_ips: hosts(m).to_vec(),
                ..PeerSettings::new(public(m))
            };
            add(net, n, settings).expect("a peer of its own");
        }
        if stranger_too {
            let settings = PeerSettings {
                endpoint: Some(stranger::ADDR),
                allowed_ips: hosts(STRANGER).to_vec(),
                ..PeerSettings::new(public(STRANGER))
            };
            add(net, n, settings).expect("a peer of its own");
        }
    }
}

pub fn add(net: &mut Net, n: usize, settings: PeerSettings) -> Result<PeerId, ConfigError> {
    let prefixes = settings.allowed_ips.clone();
    let peer = configure(net, n, |net| {
        let now = net.clock(n);
        net.nodes[n].device.add_peer(now, settings)
    })?;
    for prefix in prefixes {
        net.nodes[n].routes.give(prefix, peer);
    }
    Ok(peer)
}

/// One setting of one device.
pub fn change(net: &mut Net, script: &mut Script<'_>) {
    let n = script.below(net.nodes.len());
    let what = script.below(12);
    match what {
        0 => return drop(add_any(net, script, n)),
        1 => return set_key(net, script, n),
        2 => {
            let mtu = [0, 1, 1420, 1500, 9000, usize::MAX, 1280, 65535][script.below(8)];
            return net.nodes[n].device.set_mtu(mtu);
        }
        _ => {}
    }
    let Some(peer) = any_peer(net, script, n) else { return };
    let known = !net.nodes[n].gone.contains(&peer);
    let done = match what {
        3 => remove(net, n, peer),
        4 => {
            let addr = if script.flag() { stranger::ADDR } else { outer(script.below(40)) };
            configure(net, n, |net| net.nodes[n].device.set_endpoint(peer, addr))
        }
        5 => {
            let psk = PresharedKey::from_bytes([script.byte() & 1; 32]);
            configure(net, n, |net| net.nodes[n].device.set_preshared_key(peer, psk))
        }
        6 => {
            let interval = NonZeroU16::new(script.byte().into());
            let now = net.clock(n);
            configure(net, n, |net| net.nodes[n].device.set_persistent_keepalive(now, peer, interval))
        }
        7 => {
            let prefix = any_prefix(script);
            let done = configure(net, n, |net| net.nodes[n].device.allow(peer, prefix));
            if known {
                net.nodes[n].routes.give(prefix, peer);
            }
            done
        }
        8 => {
            let prefix = any_prefix(script);
            let was = configure(net, n, |net| net.nodes[n].device.disallow(peer, prefix));
            was.map(|was| assert_eq!(was, net.nodes[n].routes.take(prefix, peer)))
        }
        9 => {
            let prefixes: Vec<_> = (0..script.below(4)).map(|_| any_prefix(script)).collect();
            replace(net, n, peer, &prefixes)
        }
        _ => configure(net, n, |net| {
            let now = net.clock(n);
            net.nodes[n].device.initiate(now, &mut net.rng, peer)
        }),
    };
    assert_eq!(done, if known { Ok(()) } else { Err(ConfigError::UnknownPeer) });
    if known && let Ok(status) = net.nodes[n].device.status(net.now, peer) {
        let (mut have, mut want) = (status.allowed_ips, net.nodes[n].routes.of(peer));
        have.sort();
        want.sort();
        assert_eq!(have, want);
    }
}

/// Its only networks from now on.
pub fn replace(net: &mut Net, n: usize, peer: PeerId, prefixes: &[Prefix]) -> Result<(), ConfigError> {
    configure(net, n, |net| net.nodes[n].device.replace_allowed_ips(peer, prefixes))?;
    net.nodes[n].routes.forget(peer);
    for prefix in prefixes {
        net.nodes[n].routes.give(*prefix, peer);
    }
    Ok(())
}

/// A change is no packet: none appears, and what waits stays, is sent or is counted.
pub fn configure<T>(
    net: &mut Net,
    n: usize,
    act: impl FnOnce(&mut Net) -> Result<T, ConfigError>,
) -> Result<T, ConfigError> {
    net.around(n, 0, |net| Ok::<_, DropCause>(act(net))).unwrap_or(Err(ConfigError::UnknownPeer))
}

pub fn become_another(net: &mut Net, n: usize, identity: usize) {
    let (now, key) = (net.clock(n), private(identity));
    let own = net.nodes[n].device.peer_id(&key.public());
    let done = configure(net, n, |net| net.nodes[n].device.set_private_key(now, &mut net.rng, key));
    assert_eq!(done, Ok(()));
    if let Some(own) = own {
        leave(net, n, own);
    }
    let mut sessions = net.nodes[n].device.peers().map(|peer| net.nodes[n].device.sessions(peer));
    assert!(sessions.all(|sessions| sessions.is_ok_and(|sessions| sessions.is_empty())));
}

fn set_key(net: &mut Net, script: &mut Script<'_>, n: usize) {
    // Its own, a new one, and at times somebody else's.
    let identities = [n, n + 20, n + 23, script.below(3)];
    become_another(net, n, identities[script.below(8) % 4]);
}

fn remove(net: &mut Net, n: usize, peer: PeerId) -> Result<(), ConfigError> {
    let now = net.clock(n);
    configure(net, n, |net| net.nodes[n].device.remove_peer(now, &mut net.rng, peer))?;
    leave(net, n, peer);
    Ok(())
}

fn leave(net: &mut Net, n: usize, peer: PeerId) {
    net.nodes[n].routes.forget(peer);
    net.nodes[n].gone.push(peer);
}

fn add_any(net: &mut Net, script: &mut Script<'_>, n: usize) -> Result<PeerId, ConfigError> {
    let low = PublicKey::from_bytes([0; 32]);
    let others = (0..net.nodes.len()).map(|m| net.key(m));
    let keys: Vec<_> = others.chain([public(STRANGER), low]).collect();
    let (key, shape) = (keys[script.below(keys.len())], script.byte());
    let settings = PeerSettings {
        preshared_key: PresharedKey::from_bytes([shape & 1; 32]),
        endpoint: (shape & 2 == 0)
            .then(|| if key == public(STRANGER) { stranger::ADDR } else { outer(script.below(3)) }),
        persistent_keepalive: NonZeroU16::new((shape >> 2 & 7).into()),
        allowed_ips: (0..shape >> 5).map(|_| any_prefix(script)).collect(),
        ..PeerSettings::new(key)
    };
    let known = net.nodes[n].device.peer_id(&key).is_some();
    let added = add(net, n, settings);
    match &added {
        Err(ConfigError::OwnKey(_)) => assert_eq!(key, net.key(n)),
        Err(ConfigError::LowOrderKey(_)) => assert_eq!(key, low),
        Err(ConfigError::DuplicatePeer(_)) => assert!(known),
        Ok(peer) => assert!(!known && net.nodes[n].device.peer_id(&key) == Some(*peer)),
        Err(other) => panic!("{other}"),
    }
    added
}

fn any_peer(net: &Net, script: &mut Script<'_>, n: usize) -> Option<PeerId> {
    let node = &net.nodes[n];
    let peers: Vec<_> = node.device.peers().chain(node.gone.iter().copied()).collect();
    script.of(&peers).copied()
}

fn any_prefix(script: &mut Script<'_>) -> Prefix {
    let (place, shape) = ([0, 1, 2, STRANGER, 30][script.below(5)], script.byte());
    let addr = inner(place, shape & 1 == 1);
    let longest = if matches!(addr, IpAddr::V4(_)) { 32 } else { 128 };
    let len = [longest, longest - 1, longest - 4, longest - 8, 1, 0][usize::from(shape >> 1) % 6];
    Prefix::new(addr, len).expect("no longer than the address")
}
