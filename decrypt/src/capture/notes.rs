use std::fmt;

/// What a reader met that is not a whole, well-formed packet.
///
/// Offsets count the bytes of the capture itself, after decompression.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Notes {
    /// Records and blocks that were given up.
    pub damaged: Tally,
    /// Bytes passed over in search of the next good record, the damaged one included.
    pub resync_bytes: u64,
    /// Records and blocks with sound framing, but too long to be held.
    pub oversized: Tally,
    /// The end of the file is not the end of a record.
    pub truncation: Option<Truncation>,
    /// Packets dropped because their interface was described badly or not at all.
    pub without_interface: Tally,
    /// Packets and secrets that claim more bytes than their block holds; cut to what is there.
    pub clamped: Tally,
    /// Fields that make no sense (fraction of a second above one, captured length above the original,
    /// an unreadable option); replaced or left out, their record was kept.
    pub invalid_fields: Tally,
    /// Packets without a time (simple packet blocks); they carry time 0.
    pub untimed: Tally,
    /// Blocks that hold no packets, secrets or interfaces (names, statistics, journal, custom, ..).
    pub skipped_blocks: u64,
    /// Secrets blocks of other protocols, such as TLS.
    pub foreign_secrets: u64,
    /// Secrets blocks dropped because the file holds more than is kept.
    pub refused_secrets: Tally,
    /// Interface descriptions dropped because the file holds more than are kept.
    pub refused_interfaces: Tally,
}

/// How often something was met, and where first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// How often.
    pub count: u64,
    /// Offset of the first, in bytes.
    pub first: Option<u64>,
}

/// How a capture ends in the middle of something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Truncation {
    /// Where the incomplete record begins, or where the data ends when the records are whole.
    pub offset: u64,
    /// Bytes missing at least; 0 when only the compressed stream is incomplete.
    pub missing: u64,
    /// Why a compressed stream ended early, when it did.
    pub cause: Option<String>,
}

impl Tally {
    pub(super) fn add(&mut self, offset: u64) {
        self.count = self.count.saturating_add(1);
        self.first.get_or_insert(offset);
    }
}

impl Notes {
    /// One line for each thing an operator should look at; skipped blocks and foreign secrets are not.
    pub fn warnings(&self) -> Vec<String> {
        let tallies = [
            (self.damaged, "damaged records"),
            (self.oversized, "records too long to be packets"),
            (self.without_interface, "packets of an unknown interface"),
            (self.clamped, "records claiming more bytes than they hold"),
            (self.invalid_fields, "records with an invalid field"),
            (self.untimed, "packets without a time"),
            (self.refused_secrets, "secrets blocks beyond the limit"),
            (self.refused_interfaces, "interfaces beyond the limit"),
        ];
        let mut lines: Vec<String> = tallies
            .into_iter()
            .filter_map(|(tally, what)| {
                let first = tally.first?;
                Some(format!("{} {what}, the first at offset {first}", tally.count))
            })
            .collect();
        if self.resync_bytes > 0 {
            lines.push(format!("{} bytes passed over in search of the next good record", self.resync_bytes));
        }
        lines.extend(self.truncation.as_ref().map(ToString::to_string));
        lines
    }
}

impl fmt::Display for Truncation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the file ends early")?;
        if self.missing > 0 {
            write!(f, ": the record at offset {} lacks at least {} bytes", self.offset, self.missing)?;
        } else {
            write!(f, " after {} bytes", self.offset)?;
        }
        self.cause.iter().try_for_each(|cause| write!(f, " ({cause})"))
    }
}
