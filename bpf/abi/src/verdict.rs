//! What a program decided.

/// What became of a packet at a hook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Verdict {
    /// The program only looked: whether the packet goes on is decided by others.
    Unknown = 0,
    /// It goes on to the stack.
    Forwarded = 1,
    /// It goes straight to another device.
    Redirected = 2,
    /// It ends here, for a [`crate::DropReason`].
    Dropped = 3,
}

impl Verdict {
    /// Every verdict, by number.
    pub const ALL: [Self; 4] = [Self::Unknown, Self::Forwarded, Self::Redirected, Self::Dropped];

    /// The verdict with this number.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }

    /// The name as it is printed and typed.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Forwarded => "forwarded",
            Self::Redirected => "redirected",
            Self::Dropped => "dropped",
        }
    }
}
