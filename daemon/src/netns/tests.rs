use super::*;

#[test]
fn work_in_the_own_namespace_needs_no_privilege() {
    let here = Netns::current().unwrap();
    assert_eq!(here.within(|| Netns::current().unwrap().inode()).unwrap(), here.inode());
    assert_eq!(here.name(), "host");
}

#[test]
fn a_process_names_its_namespace() {
    let own = Netns::open(&format!("pid:{}", std::process::id())).unwrap();
    assert_eq!(own.inode(), Netns::current().unwrap().inode());
}

#[test]
fn a_path_names_a_namespace_by_its_last_part() {
    assert_eq!(Netns::open("/proc/self/ns/net").unwrap().name(), "net");
}

#[test]
fn a_missing_namespace_is_named() {
    let error = Netns::open("no-such-namespace").unwrap_err().to_string();
    assert!(error.contains("`no-such-namespace`") && error.contains("ip netns list"), "{error}");
}

#[test]
fn an_ordinary_file_is_no_namespace() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let error = Netns::open(file.path().to_str().unwrap()).unwrap_err();
    assert_eq!(error, NetnsError::NotANamespace { path: file.path().into() });
}

#[test]
fn a_namespace_of_another_kind_is_refused_on_entry() {
    let mounts = Netns::open("/proc/self/ns/mnt").unwrap();
    let error = mounts.within(|| ()).unwrap_err();
    assert!(matches!(error, NetnsError::Enter { .. } | NetnsError::Forbidden { .. }), "{error}");
}

#[test]
fn nonsense_is_refused_before_anything_is_opened() {
    for text in ["", ".", "..", "pid:", "pid:me", "pid:-1"] {
        let error = Netns::open(text).unwrap_err();
        assert!(matches!(error, NetnsError::NoName(_) | NetnsError::NotAProcess(_)), "{text}: {error}");
    }
}
