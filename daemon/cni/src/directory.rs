//! A directory of small files that are there whole or not at all.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use blake2::{Blake2s256, Digest as _};
use rustix::fs::{FlockOperation, OFlags};

/// A directory that only its owner, this user, can open (0700), of files named by hashes, so that no name
/// from outside becomes a path. Links are not followed; a crash leaves a file as it was before or after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrivateDirectory {
    path: PathBuf,
}

impl PrivateDirectory {
    /// The directory at `path`, which is made if needed.
    ///
    /// # Errors
    /// When it cannot be made, or others could look into it.
    pub fn create(path: &Path) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(path)?;
        Self::open(path)
    }

    /// The directory at `path`.
    ///
    /// # Errors
    /// When it is not there, or others could look into it.
    pub fn open(path: &Path) -> io::Result<Self> {
        let metadata = fs::symlink_metadata(path)?;
        let own = rustix::process::geteuid().as_raw();
        if metadata.is_dir() && metadata.uid() == own && metadata.mode() & OTHERS == 0 {
            return Ok(Self { path: path.to_owned() });
        }
        let text =
            format!("{} is not a directory of this user alone: chown and chmod 700 it", path.display());
        Err(io::Error::new(ErrorKind::PermissionDenied, text))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file of what `parts` name together.
    pub fn file(&self, parts: &[&str]) -> PathBuf {
        let mut hash = Blake2s256::new();
        for part in parts {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        let mut name = String::with_capacity(NAME_LEN);
        for byte in hash.finalize() {
            for digit in [byte >> 4, byte & 0xf] {
                name.extend(char::from_digit(digit.into(), 16));
            }
        }
        self.path.join(name)
    }

    /// Keeps other programs out until what is returned goes, if they ask for it too: what is unfinished is then nobody's.
    ///
    /// # Errors
    /// When the directory cannot be opened.
    pub fn lock(&self) -> io::Result<File> {
        let directory = File::open(&self.path)?;
        rustix::fs::flock(&directory, FlockOperation::LockExclusive)?;
        Ok(directory)
    }

    /// Every file, whatever its name; what a crash left unfinished is removed.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub fn files(&self) -> io::Result<Vec<PathBuf>> {
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == UNFINISHED) {
                remove(&path)?;
            } else {
                files.push(path);
            }
        }
        files.sort();
        Ok(files)
    }

    /// The content of a file of [`files`](Self::files), up to `most` bytes.
    ///
    /// # Errors
    /// When it cannot be read, or is a link.
    pub fn read(&self, file: &Path, most: u64) -> io::Result<Vec<u8>> {
        let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
        let file = OpenOptions::new().read(true).custom_flags(flags).open(file)?;
        let mut content = Vec::new();
        file.take(most).read_to_end(&mut content)?;
        Ok(content)
    }

    /// Puts `content` in the place of `file`, for good.
    ///
    /// # Errors
    /// When it is not as it was told to be.
    pub fn write(&self, file: &Path, content: &[u8]) -> io::Result<()> {
        // Two writers of one file are two programs: threads of one have a lock.
        let unfinished = file.with_extension(format!("{}.{UNFINISHED}", std::process::id()));
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        let mut open = options.custom_flags(OFlags::NOFOLLOW.bits().cast_signed()).open(&unfinished)?;
        open.write_all(content)?;
        open.sync_all()?;
        fs::rename(&unfinished, file)?;
        self.flush()
    }

    /// Removes a file for good; whether it was there.
    ///
    /// # Errors
    /// When it is still there.
    pub fn remove(&self, file: &Path) -> io::Result<bool> {
        let existed = remove(file)?;
        self.flush()?;
        Ok(existed)
    }

    fn flush(&self) -> io::Result<()> {
        File::open(&self.path)?.sync_all()
    }
}

fn remove(path: &Path) -> io::Result<bool> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

const OTHERS: u32 = 0o077;
const UNFINISHED: &str = "new";
const NAME_LEN: usize = 64;
