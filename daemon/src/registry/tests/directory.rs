//! A real directory, with whatever may be in it.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::PathBuf;
use std::time::Duration;

use tempfile::TempDir;

use super::{entry, own, policy};
use crate::registry::{Directory, Entry, Event, Refusal, Registry as _, RegistryError};

struct Place {
    dir: TempDir,
}

impl Place {
    fn new() -> Self {
        let place = Self { dir: tempfile::tempdir().unwrap() };
        fs::create_dir(place.path()).unwrap();
        fs::set_permissions(place.path(), Permissions::from_mode(0o755)).unwrap();
        place
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("nodes")
    }

    fn open(&self) -> Result<Directory, RegistryError> {
        Directory::open(&self.path(), policy(), own())
    }

    /// Writes a file whole, as those that publish do.
    fn put(&self, name: &str, text: &str) {
        let draft = self.dir.path().join("draft");
        fs::write(&draft, text).unwrap();
        fs::set_permissions(&draft, Permissions::from_mode(0o644)).unwrap();
        fs::rename(draft, self.path().join(name)).unwrap();
    }

    fn put_entry(&self, entry: &Entry) {
        self.put(&format!("{}.json", entry.name), &entry.json());
    }
}

fn other() -> Entry {
    entry("worker2", "172.18.0.4", "10.0.2.0/24", 4)
}

async fn next(directory: &mut Directory) -> Event {
    tokio::time::timeout(Duration::from_secs(10), directory.next()).await.expect("an event in time").unwrap()
}

#[tokio::test]
async fn what_is_there_at_first_is_known_and_what_comes_is_told() {
    let place = Place::new();
    place.put_entry(&other());
    let mut directory = place.open().unwrap();
    assert_eq!(directory.roster().nodes().values().collect::<Vec<_>>(), [&other()]);
    let third = entry("control-plane", "172.18.0.2", "10.0.0.0/24", 2);
    place.put_entry(&third);
    assert_eq!(next(&mut directory).await, Event::Added(third.clone()));
    let moved = Entry { port: 51999, ..third.clone() };
    place.put_entry(&moved);
    assert_eq!(next(&mut directory).await, Event::Changed { before: third, now: moved.clone() });
    fs::remove_file(place.path().join("control-plane.json")).unwrap();
    assert_eq!(next(&mut directory).await, Event::Removed(moved));
}

#[tokio::test]
async fn what_is_hostile_is_refused_with_a_reason_and_the_others_are_kept() {
    let place = Place::new();
    place.put_entry(&other());
    place.put("torn.json", "{\"name\": \"torn\", ");
    place.put("liar.json", &entry("somebody", "172.18.0.9", "10.0.9.0/24", 9).json());
    place.put("huge.json", &" ".repeat(70_000));
    place.put("-odd\u{7}.json", "{}");
    symlink("/etc/passwd", place.path().join("link.json")).unwrap();
    fs::create_dir(place.path().join("folder.json")).unwrap();
    place.put_entry(&entry("open", "172.18.0.8", "10.0.8.0/24", 8));
    fs::set_permissions(place.path().join("open.json"), Permissions::from_mode(0o666)).unwrap();
    let pipe = place.path().join("pipe.json");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o644.into(), 0).unwrap();
    place.put(".hidden.json", "nobody looks");
    place.put("readme.txt", "nobody looks");
    let directory = place.open().unwrap();
    assert_eq!(directory.roster().nodes().values().collect::<Vec<_>>(), [&other()]);
    let refused = directory.roster().refused();
    for (name, part) in [
        ("torn", "still being written"),
        ("liar", "it says it is somebody"),
        ("huge", "of at most 65536"),
        ("-odd\u{fffd}", "the file's name"),
        ("link", "not a regular file"),
        ("folder", "not a regular file"),
        ("pipe", "not a regular file"),
        ("open", "chmod go-w"),
    ] {
        assert!(refused[name].to_string().contains(part), "{name}: {}", refused[name]);
    }
    assert_eq!(refused.len(), 8, "{refused:?}");
}

#[tokio::test]
async fn a_refusal_ends_with_its_file_or_with_the_lie() {
    let place = Place::new();
    place.put_entry(&other());
    let mut directory = place.open().unwrap();
    let name = other().name.to_string();
    for entry in ["torn", &name] {
        let file = format!("{entry}.json");
        place.put(&file, "{");
        assert!(matches!(next(&mut directory).await, Event::Refused { entry: of, .. } if of == entry));
        if entry == name {
            place.put_entry(&other());
        } else {
            fs::remove_file(place.path().join(&file)).unwrap();
        }
        assert_eq!(next(&mut directory).await, Event::Withdrawn { entry: entry.into() });
        assert!(directory.roster().refused().is_empty());
        assert_eq!(directory.roster().nodes().values().collect::<Vec<_>>(), [&other()]);
    }
}

#[tokio::test]
async fn the_own_entry_is_written_whole_and_once() {
    let place = Place::new();
    let mut directory = place.open().unwrap();
    directory.publish(own()).unwrap();
    let path = place.path().join("worker.json");
    assert_eq!(Entry::parse(&fs::read(&path).unwrap()).unwrap(), own());
    let before = fs::metadata(&path).unwrap();
    assert_eq!(before.permissions().mode() & 0o777, 0o644);
    directory.publish(own()).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), before.modified().unwrap());
    assert!(directory.roster().nodes().is_empty() && directory.roster().refused().is_empty());
    // The draft of a start that was killed is in nobody's way.
    fs::write(place.path().join(".worker.json.new"), "{").unwrap();
    directory.publish(Entry { port: 51999, ..own() }).unwrap();
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 1);
    assert_eq!(Entry::parse(&fs::read(&path).unwrap()).unwrap().port, 51999);
}

#[tokio::test]
async fn a_file_that_is_written_bit_by_bit_is_a_node_when_it_is_whole() {
    let place = Place::new();
    let mut directory = place.open().unwrap();
    let json = other().json();
    let path = place.path().join("worker2.json");
    fs::write(&path, &json[..20]).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
    let event = next(&mut directory).await;
    assert!(
        matches!(event, Event::Refused { refusal: Refusal::Entry(_) | Refusal::Writable, .. }),
        "{event:?}"
    );
    fs::write(&path, &json).unwrap();
    loop {
        match next(&mut directory).await {
            Event::Added(node) => break assert_eq!(node, other()),
            Event::Refused { .. } | Event::Withdrawn { .. } => {}
            event @ (Event::Removed(_) | Event::Changed { .. }) => panic!("{event:?}"),
        }
    }
}

#[tokio::test]
async fn a_directory_that_others_may_write_is_none() {
    let place = Place::new();
    fs::set_permissions(place.path(), Permissions::from_mode(0o777)).unwrap();
    let error = place.open().unwrap_err();
    assert!(error.to_string().contains("chmod go-w"), "{error}");
    let link = place.dir.path().join("link");
    symlink(place.path(), &link).unwrap();
    let error = Directory::open(&link, policy(), own()).unwrap_err();
    assert_eq!(error, RegistryError::NotADirectory(link));
    let missing = place.dir.path().join("missing");
    let error = Directory::open(&missing, policy(), own()).unwrap_err();
    assert!(error.to_string().contains("mkdir -p -m 755"), "{error}");
}

#[tokio::test]
async fn a_directory_that_goes_is_told_and_its_nodes_stay() {
    let place = Place::new();
    place.put_entry(&other());
    let mut directory = place.open().unwrap();
    fs::rename(place.path(), place.dir.path().join("elsewhere")).unwrap();
    let error = tokio::time::timeout(Duration::from_secs(10), directory.next()).await.unwrap().unwrap_err();
    assert_eq!(error, RegistryError::Gone(place.path()));
    assert_eq!(directory.roster().nodes().len(), 1);
}
