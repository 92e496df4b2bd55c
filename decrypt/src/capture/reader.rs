use std::io::Read;

use super::error::Error;
use super::frame::{Chunk, Interface};
use super::notes::{Notes, Truncation};
use super::order::Order;
use super::pcap::{HEADER_LEN, Pcap};
use super::pcapng::{Pcapng, section_order};
use super::resync::{Findings, Lost, Step, Window, walk};
use super::secrets::SecretsBlock;
use super::source::{Fault, Source};

/// Bytes of a chunk, unless a longer record needs more.
pub const CHUNK_LEN: usize = 256 << 10;

/// Reads a capture of any supported format as [`Chunk`]s of whole frames.
///
/// Memory is bounded by a few times the longest packet, whatever the file claims.
#[derive(Debug)]
pub struct Reader<R: Read> {
    source: Source<R>,
    format: Format,
    found: Findings,
    lost: Option<Lost>,
    /// Start of the record that the last chunk ended in.
    carry: Vec<u8>,
    /// Offset of `carry` in the capture.
    base: u64,
    /// Bytes of that record that must be in memory.
    need: usize,
    chunk_len: usize,
    fault: Option<Fault>,
    done: bool,
}

#[derive(Debug)]
enum Format {
    Pcap(Pcap),
    Pcapng(Pcapng),
}

impl<R: Read> Reader<R> {
    /// Looks at the magic; unwraps gzip and zstd, also when several streams are concatenated.
    pub fn new(source: R) -> Result<Self, Error> {
        Self::with_chunk_len(source, CHUNK_LEN)
    }

    /// As [`Reader::new`], with chunks of about `chunk_len` bytes.
    pub fn with_chunk_len(source: R, chunk_len: usize) -> Result<Self, Error> {
        let mut source = Source::new(source)?;
        let mut header = [0; HEADER_LEN];
        let (len, fault) = source.fill(&mut header);
        let start = header.get(..len).unwrap_or_default();
        let inside = match (source.compression(), fault) {
            (_, Some(Fault::Io(error))) => return Err(error),
            (Some((compression, _)), Some(Fault::Corrupt(cause))) => {
                return Err(Error::Decompress { compression, cause });
            }
            (Some((_, prefix)), None) => prefix,
            (None, _) => "",
        };
        let mut found = Findings::default();
        let format = Format::detect(start, inside)?;
        let mut base = 0;
        let mut carry = start.to_vec();
        if let Format::Pcap(pcap) = &format {
            let (name, description) = (String::new(), String::new());
            let order = Order::Little;
            found.interfaces.push(Interface { link: pcap.link(), name, description, order });
            base = len.try_into().unwrap_or_default();
            carry.clear();
        }
        let (need, done, lost, fault) = (0, false, None, None);
        Ok(Self { source, format, found, lost, carry, base, need, chunk_len, fault, done })
    }

    /// Fills `chunk` with the next run of whole frames; `false` at the end, with an empty chunk.
    ///
    /// Give it a used chunk as it is: what is in it is overwritten, and a cleared one costs a `memset`.
    pub fn fill(&mut self, chunk: &mut Chunk) -> Result<bool, Error> {
        chunk.frames.clear();
        while !self.done {
            if let Some(Fault::Io(error)) = &self.fault {
                let error = error.clone();
                chunk.clear();
                return Err(error);
            }
            let end = self.read(&mut chunk.bytes);
            let window = Window { bytes: &chunk.bytes, base: self.base, end };
            let step = match &mut self.format {
                Format::Pcap(pcap) => walk(pcap, &mut self.lost, window, &mut chunk.frames, &mut self.found),
                Format::Pcapng(pcapng) => {
                    walk(pcapng, &mut self.lost, window, &mut chunk.frames, &mut self.found)
                }
            };
            self.advance(step, &mut chunk.bytes);
            chunk.offset = self.source.position();
            if end {
                self.close();
            }
            if !chunk.frames.is_empty() {
                return Ok(true);
            }
        }
        chunk.clear();
        chunk.offset = self.source.position();
        Ok(false)
    }

    /// All interfaces met so far, over all sections.
    pub fn interfaces(&self) -> &[Interface] {
        &self.found.interfaces
    }

    /// WireGuard secrets met since the last call; ask once more after the last chunk.
    pub fn take_secrets(&mut self) -> Vec<SecretsBlock> {
        self.found.secrets.take()
    }

    /// What was met so far that is not a whole, well-formed packet.
    pub fn notes(&self) -> &Notes {
        &self.found.notes
    }

    /// Leaves the carried bytes and what follows them in `bytes`; says whether nothing follows those.
    fn read(&mut self, bytes: &mut Vec<u8>) -> bool {
        // Twice over what is needed, so that a search that needs a little more each time stays linear.
        let len = if self.need > self.chunk_len / 2 {
            self.chunk_len.saturating_add(self.need)
        } else {
            self.chunk_len.max(1)
        };
        if bytes.capacity() / 4 > len {
            bytes.truncate(len);
            bytes.shrink_to(len);
        }
        // Only what the last chunk left out is zeroed, the rest is overwritten as it is.
        bytes.resize(len.max(self.carry.len()), 0);
        let (carried, room) = bytes.split_at_mut(self.carry.len());
        carried.copy_from_slice(&self.carry);
        let wanted = room.len();
        let (read, fault) = self.source.fill(room);
        self.fault = fault;
        bytes.truncate(self.carry.len().saturating_add(read));
        // After a failure of the source more may be there: nobody knows where it ends.
        read < wanted && !matches!(self.fault, Some(Fault::Io(_)))
    }

    fn advance(&mut self, step: Step, bytes: &mut Vec<u8>) {
        self.carry.clear();
        self.carry.extend_from_slice(bytes.get(step.consumed..).unwrap_or_default());
        if self.carry.capacity() / 4 > self.carry.len().max(CHUNK_LEN) {
            self.carry.shrink_to(CHUNK_LEN);
        }
        bytes.truncate(step.consumed);
        self.base = self.base.saturating_add(step.consumed.try_into().unwrap_or(u64::MAX));
        self.need = step.need;
    }

    fn close(&mut self) {
        self.done = true;
        if let Some(Fault::Corrupt(cause)) = self.fault.take() {
            let name = self.source.compression().map_or("", |(name, _)| name);
            let whole = Truncation { offset: self.base, missing: 0, cause: None };
            self.found.notes.truncation.get_or_insert(whole).cause = Some(format!("{name}: {cause}"));
        }
        self.carry = Vec::new();
    }
}

impl Format {
    fn detect(start: &[u8], inside: &'static str) -> Result<Self, Error> {
        let have = start.len();
        if have == 0 {
            return Err(Error::Empty { inside });
        }
        if let Some(order) = section_order(start) {
            return Ok(Self::Pcapng(Pcapng::new(order)));
        }
        // A short header is judged by its magic, as if zeros followed.
        let mut header = [0; HEADER_LEN];
        header.iter_mut().zip(start).for_each(|(to, from)| *to = *from);
        match (Pcap::new(&header), start) {
            (Some(pcap), _) if have >= HEADER_LEN => Ok(Self::Pcap(pcap)),
            (Some(_), _) => Err(Error::HeaderCut { inside, format: "pcap", need: HEADER_LEN, have }),
            (None, [0x0a, 0x0d, 0x0d, 0x0a, rest @ ..]) => match rest {
                [_, _, _, _, m0, m1, m2, m3, ..] => {
                    Err(Error::BadByteOrder { inside, magic: u32::from_be_bytes([*m0, *m1, *m2, *m3]) })
                }
                _ => Err(Error::HeaderCut { inside, format: "pcapng", need: 12, have }),
            },
            (None, _) => Err(Error::NotACapture { inside, found: describe(start) }),
        }
    }
}

/// What a file is that is no capture. Four bytes at most are shown, for it may be a key file.
fn describe(start: &[u8]) -> String {
    let known: [(&[u8], &str); 9] = [
        (b"snoop\0\0\0", "a snoop capture"),
        (b"BZh", "compressed with bzip2: unpack it first"),
        (b"\xfd7zXZ", "compressed with xz: unpack it first"),
        (b"\x04\x22\x4d\x18", "compressed with lz4: unpack it first"),
        (b"\x1f\x8b", "compressed with gzip a second time: unpack it first"),
        (b"\x28\xb5\x2f\xfd", "compressed with zstd a second time: unpack it first"),
        (b"PK\x03\x04", "a zip archive: unpack it first"),
        (b"\x7fELF", "a program"),
        (b"\xef\xbb\xbf", "text"),
    ];
    if let Some((_, name)) = known.iter().find(|(magic, _)| start.starts_with(magic)) {
        return (*name).to_owned();
    }
    let shown = start.get(..4).unwrap_or(start);
    if shown.iter().all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace()) {
        return format!("text, starting with \"{}\"", shown.escape_ascii());
    }
    let hex: Vec<String> = shown.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("something starting with {}", hex.join(" "))
}
