//! Files that are written as things come, for their owner alone.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek as _, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};

/// Begins a file of mode 0600 at `path`; - is standard output. A file that is there already is replaced only if it
/// begins with `magic`, and so is of the same kind.
pub(crate) fn begin(path: &Path, magic: &[u8]) -> Result<Box<dyn Write>> {
    if path == Path::new("-") {
        ensure!(
            !rustix::termios::isatty(io::stdout()),
            "standard output is a terminal: this is not for reading there (name a file, or pipe it)"
        );
        return Ok(Box::new(io::stdout()));
    }
    let context = || format!("cannot write {}", path.display());
    let mut options = OpenOptions::new();
    if let Ok(metadata) = path.metadata()
        && !metadata.is_file()
    {
        ensure!(!metadata.is_dir(), "{} is a directory", path.display());
        return Ok(Box::new(options.write(true).open(path).with_context(context)?));
    }
    options.read(true).write(true).create(true).truncate(false).mode(0o600);
    let mut file = options.open(path).with_context(context)?;
    let mut start = Vec::new();
    let most = u64::try_from(magic.len()).unwrap_or(0);
    Read::by_ref(&mut file).take(most).read_to_end(&mut start).with_context(context)?;
    ensure!(
        start.is_empty() || start == magic,
        "{} is there already and is something else: it would be lost",
        path.display()
    );
    file.set_len(0).with_context(context)?;
    file.rewind().with_context(context)?;
    Ok(Box::new(file) as Box<File>)
}
