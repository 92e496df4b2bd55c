//! Deletions that wait for a daemon.

use std::io::{self, ErrorKind};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::directory::PrivateDirectory;

/// An endpoint that is to be deleted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Deletion {
    /// The container, as its runtime calls it.
    pub container_id: String,
    /// Its interface.
    pub interface: String,
}

/// Deletions on disk, one file each.
#[derive(Debug, Clone)]
pub struct Queue {
    directory: PathBuf,
}

impl Queue {
    /// The queue in `directory`, which need not be there yet.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self { directory: directory.into() }
    }

    /// Leaves a deletion; it is on disk when this returns, and there once however often it is left.
    ///
    /// # Errors
    /// When it cannot be written, the directory is others' too, or too many wait.
    pub fn leave(&self, deletion: &Deletion) -> io::Result<()> {
        let directory = PrivateDirectory::create(&self.directory)?;
        let _lock = directory.lock()?;
        let (file, waiting) = (file(&directory, deletion), directory.files()?);
        if waiting.len() >= MOST_WAITING && !waiting.contains(&file) {
            let text = format!("{MOST_WAITING} deletions wait in {} already", self.directory.display());
            return Err(io::Error::new(ErrorKind::QuotaExceeded, text));
        }
        directory.write(&file, &serde_json::to_vec(deletion)?)
    }

    /// Every deletion that waits, and what in the directory is none.
    ///
    /// # Errors
    /// When the directory cannot be read, or is others' too.
    pub fn waiting(&self) -> io::Result<(Vec<Deletion>, Vec<PathBuf>)> {
        let directory = match PrivateDirectory::open(&self.directory) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok((Vec::new(), Vec::new())),
            directory => directory?,
        };
        let _lock = directory.lock()?;
        let (mut waiting, mut strangers) = (Vec::new(), Vec::new());
        for path in directory.files()? {
            let content = directory.read(&path, MOST_BYTES).unwrap_or_default();
            match serde_json::from_slice(&content) {
                Ok(deletion) if file(&directory, &deletion) == path => waiting.push(deletion),
                _ => strangers.push(path),
            }
        }
        waiting.sort();
        Ok((waiting, strangers))
    }

    /// Takes a deletion out: it has been done.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn done(&self, deletion: &Deletion) -> io::Result<()> {
        let directory = PrivateDirectory::open(&self.directory)?;
        directory.remove(&file(&directory, deletion)).map(|_| ())
    }
}

fn file(directory: &PrivateDirectory, deletion: &Deletion) -> PathBuf {
    directory.file(&[&deletion.container_id, &deletion.interface])
}

const MOST_WAITING: usize = 4096;
const MOST_BYTES: u64 = 4 << 10;

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    fn deletion(n: usize) -> Deletion {
        Deletion { container_id: format!("../../{n}"), interface: "eth0".to_owned() }
    }

    #[test]
    fn a_deletion_waits_until_it_is_done() {
        let parent = tempfile::tempdir().unwrap();
        let queue = Queue::new(parent.path().join("deletions"));
        assert_eq!(queue.waiting().unwrap().0, []);
        for n in [2, 1, 2] {
            queue.leave(&deletion(n)).unwrap();
        }
        assert_eq!(queue.waiting().unwrap(), (vec![deletion(1), deletion(2)], vec![]));
        queue.done(&deletion(1)).unwrap();
        queue.done(&deletion(1)).unwrap();
        assert_eq!(queue.waiting().unwrap().0, [deletion(2)]);
    }

    #[test]
    fn many_leave_theirs_at_once_while_somebody_looks() {
        let parent = tempfile::tempdir().unwrap();
        let queue = Queue::new(parent.path().join("deletions"));
        let queue = &queue;
        std::thread::scope(|scope| {
            let leaving = (0..64).map(|n| scope.spawn(move || queue.leave(&deletion(n))));
            for left in leaving.collect::<Vec<_>>() {
                queue.waiting().unwrap();
                left.join().unwrap().unwrap();
            }
        });
        assert_eq!(queue.waiting().unwrap().0.len(), 64);
    }

    #[test]
    fn strangers_are_told_and_links_are_not_followed() {
        let parent = tempfile::tempdir().unwrap();
        let directory = parent.path().join("deletions");
        let queue = Queue::new(&directory);
        queue.leave(&deletion(1)).unwrap();
        let good = file(&PrivateDirectory::open(&directory).unwrap(), &deletion(1));
        fs::copy(&good, directory.join("elsewhere")).unwrap();
        symlink(&good, directory.join("link")).unwrap();
        let (waiting, strangers) = queue.waiting().unwrap();
        assert_eq!((waiting.len(), strangers.len()), (1, 2));
        fs::remove_file(&good).unwrap();
        let target = parent.path().join("target");
        symlink(&target, &good).unwrap();
        queue.leave(&deletion(1)).unwrap();
        assert!(!target.exists(), "it was written through a link");
    }

    #[test]
    fn a_directory_of_others_is_refused() {
        let parent = tempfile::tempdir().unwrap();
        let directory = parent.path().join("deletions");
        let queue = Queue::new(&directory);
        queue.leave(&deletion(1)).unwrap();
        fs::set_permissions(&directory, fs::Permissions::from_mode(0o770)).unwrap();
        assert_eq!(queue.leave(&deletion(2)).unwrap_err().kind(), ErrorKind::PermissionDenied);
        assert_eq!(queue.waiting().unwrap_err().kind(), ErrorKind::PermissionDenied);
    }
}
