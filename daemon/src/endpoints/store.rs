//! Endpoints on disk: one file each.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;
use wgtrace_cni::PrivateDirectory;

use super::{Endpoint, EndpointKey};

/// The endpoints of the node, in memory and in a directory of which each file is one.
#[derive(Debug)]
pub struct Store {
    directory: PrivateDirectory,
    endpoints: BTreeMap<EndpointKey, Endpoint>,
}

impl Store {
    /// Opens the directory, which is made if needed, and reads what is there.
    ///
    /// Files that are no endpoints are told and left alone; the others are there.
    ///
    /// # Errors
    /// When the directory cannot be had, or is not this user's alone.
    pub fn open(directory: &Path) -> Result<(Self, Vec<StoreError>), StoreError> {
        let failed = |error: io::Error| StoreError::at(directory, &error);
        let private = PrivateDirectory::create(directory).map_err(failed)?;
        let mut store = Self { directory: private, endpoints: BTreeMap::new() };
        let mut refused = Vec::new();
        for path in store.directory.files().map_err(failed)? {
            match store.read(&path) {
                Ok(endpoint) => {
                    store.endpoints.insert(endpoint.key.clone(), endpoint);
                }
                Err(error) => refused.push(error),
            }
        }
        Ok((store, refused))
    }

    /// Every endpoint.
    pub fn endpoints(&self) -> impl Iterator<Item = &Endpoint> {
        self.endpoints.values()
    }

    /// The endpoint of this name.
    pub fn get(&self, key: &EndpointKey) -> Option<&Endpoint> {
        self.endpoints.get(key)
    }

    /// Remembers an endpoint, in the place of one of the same name.
    ///
    /// # Errors
    /// When it is not on disk, and then not here either.
    pub fn insert(&mut self, endpoint: Endpoint) -> Result<(), StoreError> {
        let path = self.path(&endpoint.key);
        let text = serde_json::to_vec_pretty(&endpoint).map_err(io::Error::from);
        let written = text.and_then(|text| self.directory.write(&path, &text));
        written.map_err(|error| StoreError::at(&path, &error))?;
        self.endpoints.insert(endpoint.key.clone(), endpoint);
        Ok(())
    }

    /// Forgets an endpoint; it is returned if it was there.
    ///
    /// # Errors
    /// When it is still on disk, and then here too.
    pub fn remove(&mut self, key: &EndpointKey) -> Result<Option<Endpoint>, StoreError> {
        let path = self.path(key);
        self.directory.remove(&path).map_err(|error| StoreError::at(&path, &error))?;
        Ok(self.endpoints.remove(key))
    }

    fn read(&self, path: &Path) -> Result<Endpoint, StoreError> {
        let text = self.directory.read(path, MOST_BYTES).map_err(|error| StoreError::at(path, &error))?;
        let endpoint: Endpoint = serde_json::from_slice(&text)
            .map_err(|error| StoreError::NoEndpoint { path: path.to_owned(), reason: error.to_string() })?;
        if self.path(&endpoint.key) != path {
            let reason = format!("it is of {}, whose file has another name", endpoint.key);
            return Err(StoreError::NoEndpoint { path: path.to_owned(), reason });
        }
        Ok(endpoint)
    }

    fn path(&self, key: &EndpointKey) -> PathBuf {
        self.directory.file(&[key.container_id(), key.interface()])
    }
}

/// Why an endpoint, or all of them, cannot be remembered.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The system refuses.
    #[error("{}: {reason}", path.display())]
    System {
        /// The file or directory.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A file that is not as it was written.
    #[error("{} is no endpoint: {reason}; remove it, and add the pod again", path.display())]
    NoEndpoint {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
}

impl StoreError {
    fn at(path: &Path, error: &io::Error) -> Self {
        Self::System { path: path.to_owned(), reason: error.to_string() }
    }
}

/// Of a file: an endpoint has a tenth of it.
const MOST_BYTES: u64 = 16 << 10;

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    fn endpoint(n: u8) -> Endpoint {
        Endpoint {
            key: EndpointKey::new(&format!("container-{n}"), "eth0").unwrap(),
            netns: "/run/netns/pod".into(),
            address: [10, 0, 1, n].into(),
            host_device: "lxc2d3008e4e496".to_owned(),
            mac: [2, 0, 0, 0, 0, n],
            host_mac: [6, 0, 0, 0, 0, n],
            pod: "net".to_owned(),
            namespace: "default".to_owned(),
        }
    }

    fn directory() -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o700)).unwrap();
        directory
    }

    #[test]
    fn endpoints_outlive_the_program() {
        let directory = directory();
        let (mut store, refused) = Store::open(directory.path()).unwrap();
        assert_eq!(refused, []);
        for n in 1..=3 {
            store.insert(endpoint(n)).unwrap();
        }
        assert_eq!(store.remove(&endpoint(2).key), Ok(Some(endpoint(2))));
        assert_eq!(store.remove(&endpoint(2).key), Ok(None));
        let (again, refused) = Store::open(directory.path()).unwrap();
        assert_eq!(refused, []);
        assert!(again.endpoints().eq([&endpoint(1), &endpoint(3)]));
    }

    #[test]
    fn what_is_no_endpoint_is_told_and_costs_no_other() {
        let directory = directory();
        let (mut store, _) = Store::open(directory.path()).unwrap();
        store.insert(endpoint(1)).unwrap();
        let good = store.path(&endpoint(1).key);
        let place = |name: &str| directory.path().join(name);
        fs::write(place("torn.json"), "{\"key\":").unwrap();
        fs::copy(&good, place("elsewhere.json")).unwrap();
        symlink("/etc/passwd", place("link.json")).unwrap();
        fs::write(place("notes.txt"), "").unwrap();
        fs::write(place("crash.new"), "{").unwrap();
        let hostile = fs::read_to_string(&good).unwrap().replace("container-1", "../../etc");
        fs::write(place("hostile.json"), hostile).unwrap();
        let (again, refused) = Store::open(directory.path()).unwrap();
        assert_eq!((again.endpoints().count(), refused.len()), (1, 5), "{refused:?}");
        assert!(!place("crash.new").exists());
    }

    #[test]
    fn a_directory_that_others_can_write_is_refused() {
        let directory = directory();
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o777)).unwrap();
        let refused = Store::open(directory.path()).unwrap_err().to_string();
        assert!(refused.contains("chmod 700"), "{refused}");
    }

    #[test]
    fn an_endpoint_that_cannot_be_written_is_not_there() {
        let directory = directory();
        let (mut store, _) = Store::open(directory.path()).unwrap();
        fs::remove_dir(directory.path()).unwrap();
        assert!(matches!(store.insert(endpoint(1)), Err(StoreError::System { .. })));
        assert_eq!(store.endpoints().count(), 0);
    }
}
