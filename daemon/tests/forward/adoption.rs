//! What stays when the loader is gone, and what the next one makes of it.

use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context as _, Result};
use aya::maps::Array;
use wgtrace_abi::{Hook, names};
use wgtraced::datapath::bpf::{Attachment, Forwarding, Program};
use wgtraced::netns::Netns;
use wgtraced::probe::attach::Mechanism;

use crate::network::{DEVICES, Network};

fn attached(network: &Network, forwarding: &mut Forwarding) -> Result<Vec<(u32, Hook, Program)>> {
    let attached = network.node.run(|| forwarding.attached())??;
    Ok(attached
        .into_iter()
        .map(|Attachment { ifindex, hook, program, .. }| (ifindex, hook, program))
        .collect())
}

/// Both hooks of both pods, in this state.
fn all(network: &Network, program: Program) -> Result<Vec<(u32, Hook, Program)>> {
    let mut all = Vec::new();
    for device in DEVICES {
        let index = network.node.link(device)?.index;
        all.extend([Hook::FromContainer, Hook::ToContainer].map(|hook| (index, hook, program)));
    }
    Ok(all)
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn forwarding_outlives_its_loader_and_is_adopted_without_a_gap() -> Result<()> {
    let network = Network::new()?;
    let mut first = network.open()?;
    network.furnish(&mut first)?;
    network.ping(1)?;
    let known = (first.settings()?, first.pods()?, first.prefixes()?);
    assert_eq!((known.1.len(), known.2.len()), (2, 9));
    drop(first);
    network.ping(3)?;

    let mut second = network.open()?;
    assert_eq!((second.settings()?, second.pods()?, second.prefixes()?), known);
    assert_eq!(attached(&network, &mut second)?, all(&network, Program::Earlier)?);
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| -> Result<()> {
        let pinging = scope.spawn(|| -> Result<u64> {
            let mut pings = 0;
            while !over.load(Ordering::Relaxed) {
                network.ping(10)?;
                pings += 10;
            }
            Ok(pings)
        });
        let exchanged = (0..3).try_for_each(|_| -> Result<()> {
            second = network.open()?;
            network.attach(&mut second)
        });
        over.store(true, Ordering::Relaxed);
        // one that is lost fails
        let pings = pinging.join().ok().context("the pinging thread panicked")??;
        assert!(pings > 0);
        exchanged
    })?;
    assert_eq!(attached(&network, &mut second)?, all(&network, Program::Own)?);
    // counted on by all of them
    let counts = second.metrics().read()?.fates;
    assert!(counts.iter().any(|(hook, reason, metric)| {
        *hook == Hook::FromContainer && reason.is_none() && metric.packets > 28
    }));
    Ok(())
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn filters_stay_and_are_exchanged_where_there_is_no_tcx() -> Result<()> {
    let network = Network::new()?;
    let mut first = network.open()?;
    first.use_mechanism(Mechanism::Clsact);
    network.furnish(&mut first)?;
    network.ping(1)?;
    drop(first);
    network.ping(1)?;
    let mut second = network.open()?;
    second.use_mechanism(Mechanism::Clsact);
    assert_eq!(attached(&network, &mut second)?, all(&network, Program::Filter)?);
    network.attach(&mut second)?;
    network.ping(1)?;
    // one detachment takes all there is: nothing was attached twice
    for device in DEVICES {
        let interface = network.interface(device)?;
        assert_eq!(network.node.run(|| second.detach(&interface))??, 2);
    }
    assert!(network.ping(1).is_err());
    Ok(())
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn an_interface_that_is_gone_is_forgotten_and_its_number_means_nothing() -> Result<()> {
    let network = Network::new()?;
    let mut forwarding = network.open()?;
    network.furnish(&mut forwarding)?;
    let index = network.node.link(DEVICES[0])?.index;
    network.node.delete(DEVICES[0])?;
    let states = attached(&network, &mut forwarding)?;
    assert!(states.iter().all(|(ifindex, _, program)| (*program == Program::Gone) == (*ifindex == index)));
    assert_eq!(network.node.run(|| forwarding.prune())??, 2);
    assert_eq!(attached(&network, &mut forwarding)?.len(), 2);
    assert!(forwarding.remove_pod(index)?);
    assert_eq!(forwarding.pods()?.len(), 1);
    Ok(())
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn what_is_removed_is_gone_for_good() -> Result<()> {
    let network = Network::new()?;
    let mut forwarding = network.open()?;
    network.furnish(&mut forwarding)?;
    network.ping(1)?;
    network.node.run(|| forwarding.remove())??;
    assert!(!network.folder().as_ref().exists());
    assert!(network.ping(1).is_err());
    Ok(())
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn folders_and_maps_of_others_are_refused() -> Result<()> {
    let network = Network::new()?;
    let here = || network.node.run(Netns::current);
    let folder = tempfile::tempdir()?;
    let said = Forwarding::open(folder.path(), here()??).unwrap_err().to_string();
    assert!(said.contains("mount -t bpf"), "{said}");
    let maps = network.folder().as_ref().join(format!("maps-{}", wgtrace_abi::ABI_VERSION));
    std::fs::create_dir_all(&maps)?;
    Array::<_, u32>::create(1, 0)?.pin(maps.join(names::SETTINGS))?;
    let said = network.open().unwrap_err().to_string();
    assert!(said.contains("SETTINGS") && said.contains("wgtraced cleanup"), "{said}");
    // and nothing reaches the instance of another namespace
    let elsewhere = crate::network::Network::new()?;
    let mut forwarding = elsewhere.open()?;
    let interface = elsewhere.interface(DEVICES[0])?;
    assert!(network.node.run(|| forwarding.attach(&interface, Hook::FromContainer))?.is_err());
    Ok(())
}
