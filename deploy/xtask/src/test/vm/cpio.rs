//! Archives in cpio's "newc" form, which the kernel unpacks as its first file system
//! (linux: `Documentation/driver-api/early-userspace/buffer-format.rst`).

use std::io::{self, Write};

/// Writes entries to `out`.
#[derive(Debug)]
pub(super) struct Archive<W> {
    out: W,
    entries: u32,
}

/// What an entry is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Entry<'a> {
    Directory,
    Program(&'a [u8]),
    File(&'a [u8]),
    /// A character device by major and minor number.
    Device(u32, u32),
}

impl Entry<'_> {
    fn mode(&self) -> u32 {
        match self {
            Self::Directory => 0o040_755,
            Self::Program(_) => 0o100_755,
            Self::File(_) => 0o100_644,
            Self::Device(..) => 0o020_600,
        }
    }
}

impl<W: Write> Archive<W> {
    pub(super) fn new(out: W) -> Self {
        Self { out, entries: 0 }
    }

    /// Adds an entry; the directories above it have to be there already.
    pub(super) fn add(&mut self, path: &str, entry: Entry<'_>) -> io::Result<()> {
        let (bytes, device): (&[u8], _) = match entry {
            Entry::Directory => (&[], (0, 0)),
            Entry::Program(bytes) | Entry::File(bytes) => (bytes, (0, 0)),
            Entry::Device(major, minor) => (&[], (major, minor)),
        };
        self.entries += 1;
        self.header(path, self.entries, entry.mode(), bytes, device)
    }

    /// Ends the archive.
    pub(super) fn finish(mut self) -> io::Result<W> {
        self.header("TRAILER!!!", 0, 0, &[], (0, 0))?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn header(
        &mut self,
        path: &str,
        inode: u32,
        mode: u32,
        bytes: &[u8],
        device: (u32, u32),
    ) -> io::Result<()> {
        let too_long = |_| io::Error::new(io::ErrorKind::InvalidInput, "an entry of 4 GiB or more");
        let size = u32::try_from(bytes.len()).map_err(too_long)?;
        let name_size = u32::try_from(path.len() + 1).map_err(too_long)?;
        // inode, mode, uid, gid, links, mtime, size, device, device of the entry, length of the name, checksum
        let fields = [inode, mode, 0, 0, 1, 0, size, 0, 0, device.0, device.1, name_size, 0];
        self.out.write_all(b"070701")?;
        for field in fields {
            write!(self.out, "{field:08x}")?;
        }
        self.out.write_all(path.as_bytes())?;
        self.out.write_all(&[0])?;
        self.pad(HEADER + path.len() + 1)?;
        self.out.write_all(bytes)?;
        self.pad(bytes.len())
    }

    /// Each part begins at a multiple of four.
    fn pad(&mut self, written: usize) -> io::Result<()> {
        let pad = written.next_multiple_of(4) - written;
        self.out.write_all([0; 3].get(..pad).unwrap_or_default())
    }
}

const HEADER: usize = 6 + 13 * 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_aligned_and_the_trailer_ends_the_archive() {
        let mut archive = Archive::new(Vec::new());
        archive.add("dev", Entry::Directory).expect("a directory");
        archive.add("dev/console", Entry::Device(5, 1)).expect("a device");
        archive.add("init", Entry::Program(b"12345")).expect("a program");
        let bytes = archive.finish().expect("an archive");
        assert_eq!(bytes.len() % 4, 0);
        assert_eq!(&bytes[..14], b"07070100000001");
        let data = bytes.windows(5).position(|window| window == b"12345").expect("the data");
        assert_eq!(data % 4, 0);
        assert!(bytes.windows(10).any(|window| window == b"TRAILER!!!"));
    }
}
