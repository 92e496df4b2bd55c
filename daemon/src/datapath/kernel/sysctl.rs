use std::collections::BTreeMap;
use std::fs;
use std::io;

use rustix::io::Errno;

use super::{Kernel, KernelError};
use crate::datapath::state::Sysctl;

impl Kernel {
    /// Reads settings; a device's that is not there are left out.
    pub(super) fn sysctls<'a>(
        &self,
        wanted: impl Iterator<Item = &'a Sysctl> + Send,
    ) -> Result<BTreeMap<Sysctl, i64>, KernelError> {
        // What stands below /proc/sys/net is that of the reader's namespace.
        self.netns.within(|| {
            let mut found = BTreeMap::new();
            for sysctl in wanted {
                let unreadable = |error| KernelError::Unreadable { sysctl: sysctl.clone(), error };
                match fs::read_to_string(sysctl.path()) {
                    Ok(text) => {
                        let value = text.trim().parse();
                        let value = value.map_err(|_| unreadable(io::ErrorKind::InvalidData))?;
                        found.insert(sysctl.clone(), value);
                    }
                    Err(error) if error.kind() == io::ErrorKind::NotFound && sysctl.device().is_some() => {}
                    Err(error) => return Err(unreadable(error.kind())),
                }
            }
            Ok(found)
        })?
    }

    /// Writes a setting.
    pub(super) fn set_sysctl(&self, sysctl: &Sysctl, value: i64) -> Result<Result<(), Errno>, KernelError> {
        let path = sysctl.path();
        // Never made where it is not: a file elsewhere would be taken for done.
        let write = || {
            let mut file = fs::OpenOptions::new().write(true).open(&path)?;
            io::Write::write_all(&mut file, value.to_string().as_bytes())
        };
        let written = self.netns.within(write)?;
        Ok(written.map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO)))
    }
}
