use wgtrace_wire::tcp::Flags;

use super::view::TcpState;
use crate::key::Direction;

/// Small facts about a flow, in one word.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Bits(u32);

/// Where in the word, and how wide.
#[derive(Clone, Copy)]
struct Field {
    shift: u32,
    mask: u32,
}

const fn field(shift: u32, width: u32) -> Field {
    Field { shift, mask: (1 << width) - 1 }
}

const FLAGS: [Field; 2] = [field(0, 9), field(9, 9)];
const STATE: Field = field(18, 3);
const SLOTS: Field = field(21, 2);
const PHASE: Field = field(23, 2);
const INITIATOR_UPPER: Field = field(25, 1);
const SPILLED: Field = field(26, 1);
const WIREGUARD: Field = field(27, 1);

/// How far a round trip has been timed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Not at all, or it cannot be.
    Idle = 0,
    /// The first packet of the exchange was.
    Asked = 1,
    /// The answer was.
    Answered = 2,
    /// The answer's acknowledgment was.
    Done = 3,
}

impl Bits {
    fn take(self, field: Field) -> u32 {
        self.0 >> field.shift & field.mask
    }

    fn put(&mut self, field: Field, value: u32) {
        self.0 = self.0 & !(field.mask << field.shift) | (value & field.mask) << field.shift;
    }

    pub(super) fn flags(self, direction: Direction) -> Flags {
        Flags(u16::try_from(self.take(of(FLAGS, direction))).unwrap_or_default())
    }

    pub(super) fn add_flags(&mut self, direction: Direction, flags: Flags) {
        let field = of(FLAGS, direction);
        self.put(field, self.take(field) | u32::from(flags.0));
    }

    pub(super) fn clear_flags(&mut self) {
        let [up, down] = FLAGS;
        self.put(up, 0);
        self.put(down, 0);
    }

    pub(super) fn state(self) -> Option<TcpState> {
        match self.take(STATE) {
            1 => Some(TcpState::SynSent),
            2 => Some(TcpState::SynReceived),
            3 => Some(TcpState::Established),
            4 => Some(TcpState::Closing),
            5 => Some(TcpState::Closed),
            6 => Some(TcpState::Reset),
            _ => None,
        }
    }

    pub(super) fn set_state(&mut self, state: TcpState) {
        let number = match state {
            TcpState::SynSent => 1,
            TcpState::SynReceived => 2,
            TcpState::Established => 3,
            TcpState::Closing => 4,
            TcpState::Closed => 5,
            TcpState::Reset => 6,
        };
        self.put(STATE, number);
    }

    /// Inline slots in use.
    pub(super) fn slots(self) -> usize {
        usize::try_from(self.take(SLOTS)).unwrap_or_default()
    }

    pub(super) fn set_slots(&mut self, slots: usize) {
        self.put(SLOTS, u32::try_from(slots).unwrap_or_default());
    }

    pub(super) fn phase(self) -> Phase {
        match self.take(PHASE) {
            1 => Phase::Asked,
            2 => Phase::Answered,
            3 => Phase::Done,
            _ => Phase::Idle,
        }
    }

    pub(super) fn set_phase(&mut self, phase: Phase) {
        self.put(PHASE, phase as u32);
    }

    /// The direction from the initiator to the responder.
    pub(super) fn forward(self) -> Direction {
        if self.take(INITIATOR_UPPER) == 0 { Direction::Up } else { Direction::Down }
    }

    pub(super) fn set_forward(&mut self, direction: Direction) {
        self.put(INITIATOR_UPPER, u32::from(direction == Direction::Down));
    }

    pub(super) fn is_spilled(self) -> bool {
        self.take(SPILLED) != 0
    }

    pub(super) fn set_spilled(&mut self) {
        self.put(SPILLED, 1);
    }

    pub(super) fn is_wireguard(self) -> bool {
        self.take(WIREGUARD) != 0
    }

    pub(super) fn set_wireguard(&mut self) {
        self.put(WIREGUARD, 1);
    }
}

fn of([up, down]: [Field; 2], direction: Direction) -> Field {
    match direction {
        Direction::Up => up,
        Direction::Down => down,
    }
}
