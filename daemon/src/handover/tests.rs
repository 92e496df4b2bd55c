use std::fs::File;
use std::io::{IoSliceMut, Read as _};
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixDatagram;

use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};

use super::*;

/// The next datagram, and the descriptor in it.
fn next(socket: &UnixDatagram) -> (String, Option<OwnedFd>) {
    socket.set_nonblocking(true).unwrap();
    let (mut text, mut room) = ([0; 256], [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(4))]);
    let mut ancillary = RecvAncillaryBuffer::new(&mut room);
    let parts = &mut [IoSliceMut::new(&mut text)];
    let len = recvmsg(socket, parts, &mut ancillary, RecvFlags::CMSG_CLOEXEC).unwrap().bytes;
    let descriptor = ancillary.drain().find_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut descriptors) => descriptors.next(),
        RecvAncillaryMessage::ScmCredentials(_) | _ => None,
    });
    (String::from_utf8_lossy(&text[..len]).into_owned(), descriptor)
}

#[test]
fn a_descriptor_is_kept_in_the_place_of_its_predecessor() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("notify");
    let manager = UnixDatagram::bind(&path).unwrap();
    let handover = Handover::to(path.as_os_str()).unwrap();
    let file = directory.path().join("file");
    std::fs::write(&file, "itself").unwrap();
    handover.keep("cilium_wg0", File::open(&file).unwrap().as_fd());
    handover.ready();
    assert!(matches!(next(&manager), (text, None) if text == "FDSTOREREMOVE=1\nFDNAME=cilium_wg0"));
    let (text, descriptor) = next(&manager);
    assert_eq!(text, "FDSTORE=1\nFDNAME=cilium_wg0");
    let mut content = String::new();
    File::from(descriptor.unwrap()).read_to_string(&mut content).unwrap();
    assert_eq!(content, "itself");
    assert!(matches!(next(&manager), (text, None) if text == "READY=1"));
}

#[test]
fn nobody_who_listens_is_no_fault() {
    let directory = tempfile::tempdir().unwrap();
    Handover::to(directory.path().join("nobody").as_os_str()).unwrap().ready();
    Handover::to(OsStr::new("@wgtrace-nobody-is-called-so")).unwrap().ready();
    Handover::default().ready();
    for address in ["", "relative", "vsock:2:1234"] {
        assert!(Handover::to(OsStr::new(address)).is_err(), "{address:?}");
    }
}

#[test]
fn what_is_meant_for_another_process_is_left_alone() {
    let other = (std::process::id() + 1).to_string();
    for pid in [other.as_str(), "", "-1", "1e3", "99999999999"] {
        assert!(inherited::take(OsStr::new(pid), OsStr::new("1"), OsStr::new("cilium_wg0")).is_empty());
    }
}
