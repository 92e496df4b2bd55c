//! Where a program is put.

use std::os::fd::{AsRawFd as _, OwnedFd};

use anyhow::{Context as _, Result};
use rtnetlink::packet_core::{NLM_F_CREATE, NLM_F_EXCL};
use rtnetlink::packet_route::RouteNetlinkMessage;
use rtnetlink::packet_route::tc::{
    TcAttribute, TcBpfFlags, TcFilterBpf, TcFilterBpfOption, TcHandle, TcMessage, TcOption,
};

use super::{Program, call};
use crate::{Namespace, netlink};

/// Which packets of a device a program gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Those that come in by it.
    Ingress,
    /// Those about to leave by it.
    Egress,
}

/// A program at its place; it leaves it with this value.
#[derive(Debug)]
pub struct Attached {
    _link: OwnedFd,
}

impl Program {
    /// Puts it behind the programs that are there (TCX, Linux 6.6).
    pub fn attach(&self, namespace: &Namespace, device: &str, direction: Direction) -> Result<Attached> {
        let index = namespace.link(device)?.index;
        let link = namespace
            .run(|| call::tcx_link(&self.fd, index, direction))?
            .with_context(|| format!("cannot attach to {device}"))?;
        Ok(Attached { _link: link })
    }

    /// Makes it a clsact filter of this priority, which stays until the device or its qdisc goes.
    pub fn attach_filter(
        &self,
        namespace: &Namespace,
        device: &str,
        direction: Direction,
        priority: u16,
    ) -> Result<()> {
        let index = i32::try_from(namespace.link(device)?.index)?;
        let program = u32::try_from(self.fd.as_raw_fd())?;
        let qdisc = message(index, TcHandle::from(0xffff_0000), TcHandle::CLSACT, 0, "clsact");
        let minor = match direction {
            Direction::Ingress => TcHandle::MIN_INGRESS,
            Direction::Egress => TcHandle::MIN_EGRESS,
        };
        let parent = TcHandle { major: u16::MAX, minor };
        let info = (u32::from(priority) << 16) | u32::from(ETH_P_ALL.to_be());
        let mut filter = message(index, TcHandle::UNSPEC, parent, info, TcFilterBpf::KIND);
        filter.attributes.push(TcAttribute::Options(vec![
            TcOption::Bpf(TcFilterBpfOption::ProgFd(program)),
            TcOption::Bpf(TcFilterBpfOption::ProgName("testbed".to_owned())),
            TcOption::Bpf(TcFilterBpfOption::Flags(TcBpfFlags::DirectAction)),
        ]));
        namespace
            .netlink(async |handle| {
                let add = NLM_F_CREATE | NLM_F_EXCL;
                let qdisc = RouteNetlinkMessage::NewQueueDiscipline(qdisc);
                // it may be there already; if not, adding the filter says so
                let _there = netlink::request(handle.clone(), qdisc, add).await;
                netlink::request(handle, RouteNetlinkMessage::NewTrafficFilter(filter), add).await
            })
            .with_context(|| format!("cannot add a filter to {device}"))
    }
}

fn message(index: i32, handle: TcHandle, parent: TcHandle, info: u32, kind: &str) -> TcMessage {
    let mut message = TcMessage::with_index(index);
    message.header.handle = handle;
    message.header.parent = parent;
    message.header.info = info;
    message.attributes.push(TcAttribute::Kind(kind.to_owned()));
    message
}

const ETH_P_ALL: u16 = 3;
