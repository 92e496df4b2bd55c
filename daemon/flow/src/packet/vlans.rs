use wgtrace_abi::PacketEvent;
use wgtrace_wire::EtherType;
use wgtrace_wire::vlan::Tag;

/// The VLAN tags of a packet, wherever the kernel keeps them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Vlans<'a> {
    /// The tag that the kernel took out of the bytes: the outermost.
    pub metadata: Option<Vlan>,
    /// The tags in the bytes, outermost first.
    pub inline: &'a [Tag],
    /// EtherType before the first of `inline`.
    pub(crate) first: EtherType,
}

impl<'a> Vlans<'a> {
    pub(crate) fn of(event: &PacketEvent) -> Self {
        let metadata = (event.vlan_protocol != 0)
            .then_some(Vlan { protocol: EtherType(event.vlan_protocol), control: event.vlan_tci });
        Self { metadata, inline: &[], first: EtherType(0) }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.metadata.is_none() && self.inline.is_empty()
    }

    /// All tags, outermost first.
    pub fn iter(&self) -> impl Iterator<Item = Vlan> + use<'a> {
        let mut protocol = self.first;
        let inline = self.inline.iter().map(move |tag| {
            let vlan = Vlan { protocol, control: tag.control.get() };
            protocol = tag.ethertype();
            vlan
        });
        self.metadata.into_iter().chain(inline)
    }
}

/// One VLAN tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Vlan {
    /// What announces it: 0x8100 or 0x88a8, mostly.
    pub protocol: EtherType,
    /// Priority (3 bits), drop eligible (1), VLAN identifier (12).
    pub control: u16,
}

impl Vlan {
    /// VLAN identifier; 0 is a priority tag.
    pub fn id(self) -> u16 {
        self.control & 0x0fff
    }

    /// Priority code point, 0 to 7.
    pub fn priority(self) -> u16 {
        self.control >> 13
    }

    /// Whether the frame may be dropped first.
    pub fn drop_eligible(self) -> bool {
        self.control & 0x1000 != 0
    }
}
