//! The output: a file that appears whole or not at all, or a stream.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use rustix::fs::{FallocateFlags, Mode, OFlags};

use super::Identity;

/// How far ahead of the data a file's space is reserved: growing block by block costs four times
/// as much as writing.
const AHEAD: u64 = 64 << 20;
const PRIVATE: u32 = 0o600;

/// Where output goes, decided by what the name refers to.
pub(crate) enum Output {
    /// Nowhere.
    Nothing,
    /// In order, as it comes: standard output, pipes, devices.
    Stream(Box<dyn Write + Send>),
    /// A regular file, written beside its final name.
    File(Target),
}

impl Output {
    /// Prepares to write to `path`, which must be none of `inputs`.
    pub(crate) fn create(path: &Path, inputs: &[Identity]) -> Result<Self> {
        if path == Path::new("-") {
            ensure!(
                !rustix::termios::isatty(io::stdout()),
                "standard output is a terminal: a capture is not for reading there (-w FILE, or pipe it)"
            );
            return Ok(Self::Stream(Box::new(io::stdout())));
        }
        // Asked of the kernel, not of the path: /dev/stdout and /dev/fd/63 lead to pipes without a name.
        let context = || format!("cannot write {}", path.display());
        let place = match path.metadata() {
            Ok(metadata) if metadata.is_dir() => bail!("{} is a directory", path.display()),
            Ok(metadata) if !metadata.is_file() => {
                let stream = OpenOptions::new().write(true).open(path).with_context(context)?;
                return Ok(Self::Stream(Box::new(stream)));
            }
            Ok(metadata) if Identity::of(&metadata).is_some_and(|file| inputs.contains(&file)) => {
                bail!("{} is an input: it would be lost", path.display())
            }
            // The rename is to replace the file, not a link to it.
            Ok(_) => path.canonicalize().with_context(context)?,
            Err(_) if path.as_os_str().as_encoded_bytes().ends_with(b"/") => {
                bail!("{} names a directory, not a file", path.display())
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => dangling(path)?,
            Err(error) => return Err(error).with_context(context),
        };
        Ok(Self::File(Target::beside(place)?))
    }
}

/// What a name without a file stands for: itself, or what a dangling link points to.
fn dangling(path: &Path) -> Result<PathBuf> {
    let Ok(link) = path.read_link() else { return Ok(path.to_owned()) };
    let target = path.parent().unwrap_or(Path::new("")).join(link);
    ensure!(target.read_link().is_err(), "{} is a chain of dangling links", path.display());
    Ok(target)
}

/// A file on its way: no name, or one of its own, until it is [`Target::keep`]t.
#[derive(Debug)]
pub(crate) struct Target {
    file: File,
    /// Name to remove when the file is not kept; `None` while the file has no name at all.
    temporary: Option<PathBuf>,
    place: PathBuf,
    /// Bytes reserved on disk; `None` once the file system refused.
    reserved: Option<u64>,
}

impl Target {
    fn beside(place: PathBuf) -> Result<Self> {
        let folder = match place.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        let context = || format!("cannot write {}", place.display());
        // Without a name, nothing is left behind even by a kill.
        let nameless = rustix::fs::open(
            folder,
            OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC,
            Mode::from_raw_mode(PRIVATE),
        );
        if let Ok(file) = nameless {
            return Ok(Self { file: file.into(), temporary: None, place, reserved: Some(0) });
        }
        let temporary = temporary_name(&place);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .mode(PRIVATE)
            .open(&temporary)
            .with_context(context)?;
        Ok(Self { file, temporary: Some(temporary), place, reserved: Some(0) })
    }

    /// Makes sure that space up to `end` is reserved, if the file system can.
    pub(crate) fn reserve(&mut self, end: u64) {
        let Some(reserved) = self.reserved else { return };
        if end > reserved {
            let length = end - reserved + AHEAD;
            let done = rustix::fs::fallocate(&self.file, FallocateFlags::empty(), reserved, length);
            // No space to spare, or a file system without: writing will tell.
            self.reserved = done.ok().map(|()| reserved + length);
        }
    }

    /// Another handle on the same file, for writing at positions.
    pub(crate) fn handle(&self) -> Result<File> {
        self.file.try_clone().context("cannot duplicate the output's descriptor")
    }

    /// Gives the file, `length` bytes of it, its name.
    pub(crate) fn keep(mut self, length: u64) -> Result<()> {
        let place = self.place.clone();
        let context = || format!("cannot write {}", place.display());
        self.file.set_len(length).with_context(context)?;
        let temporary = if let Some(temporary) = self.temporary.clone() {
            temporary
        } else {
            let temporary = temporary_name(&self.place);
            let path = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&self.file));
            rustix::fs::linkat(
                rustix::fs::CWD,
                path,
                rustix::fs::CWD,
                &temporary,
                rustix::fs::AtFlags::SYMLINK_FOLLOW,
            )
            .map_err(io::Error::from)
            .with_context(context)?;
            self.temporary = Some(temporary.clone());
            temporary
        };
        std::fs::rename(temporary, &self.place).with_context(context)?;
        self.temporary = None;
        Ok(())
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        if let Some(temporary) = &self.temporary {
            // The job failed already; a leftover is the lesser evil.
            let _ = std::fs::remove_file(temporary);
        }
    }
}

/// A name beside `place` that nobody else uses.
fn temporary_name(place: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(place.file_name().unwrap_or_default());
    let nanos =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |t| t.subsec_nanos());
    name.push(format!(".{}-{nanos:x}", std::process::id()));
    place.with_file_name(name)
}

/// Writes all of `bytes` at `position`.
pub(crate) fn write_at(file: &File, bytes: &[u8], position: u64) -> io::Result<()> {
    file.write_all_at(bytes, position)
}
