use super::*;

fn masked(text: &str, masks: &[Mask]) -> String {
    Masker::default().apply(text, masks)
}

#[test]
fn devices_differ_in_index_mac_and_namespace() {
    let masks = [Mask::Index, Mask::Device, Mask::Mac, Mask::Namespace];
    let theirs = "15: lxc2d3008e4e496@if14: <UP> mtu 1500\nlink/ether ee:cf:c0:71:b2:58 brd ff:ff:ff:ff:ff:ff \
                  link-netns cni-8ceef947-984e-3756-85df-270f5ebe2602";
    let ours = "7: lxcba7816bf8f01@if3: <UP> mtu 1500\n    link/ether 02:00:00:00:00:01 brd ff:ff:ff:ff:ff:ff \
                link-netnsid 2";
    let both = "<index>: lxc<device>@if<index>: <UP> mtu 1500\nlink/ether <MACs 1> brd ff:ff:ff:ff:ff:ff link-netns \
                <namespace>";
    assert_eq!(masked(theirs, &masks[1..]).split_once(": lxc").unwrap().0, "15");
    // the index of a pod's device goes with its name or by itself
    let theirs = masked(theirs, &masks);
    assert_eq!(theirs, both);
    assert_eq!(masked(ours, &masks), both);
}

#[test]
fn masks_tell_the_first_mac_from_the_second() {
    let there = "42:bf:e8:df:0c:99 > ee:cf:c0:71:b2:58, ethertype IPv4";
    let back = "ee:cf:c0:71:b2:58 > 42:bf:e8:df:0c:99, ethertype IPv4";
    let mut masker = Masker::default();
    assert_eq!(masker.apply(there, &[Mask::Mac]), "<MACs 1> > <MACs 2>, ethertype IPv4");
    assert_eq!(masker.apply(back, &[Mask::Mac]), "<MACs 2> > <MACs 1>, ethertype IPv4");
}

#[test]
fn of_a_segment_flags_ports_of_services_and_the_segment_size_count() {
    let line = "10:38:30.718136 10.0.1.203.37004 > 172.18.0.3.32000: Flags [S], seq 3659711964, win 64860, options \
                [mss 1380,sackOK,TS val 776473280 ecr 0,nop,wscale 7], length 0";
    let masks = [Mask::Time, Mask::Port, Mask::Sequence, Mask::Window, Mask::Clock, Mask::Length];
    assert_eq!(
        masked(line, &masks),
        "<time> 10.0.1.203.<port> > 172.18.0.3.32000: Flags [S], seq <number>, win <window>, options [mss \
         1380,sackOK,TS val <clock> ecr <clock>,nop,wscale <shift>], length <length>"
    );
}

#[test]
fn times_amounts_and_timeouts_are_masked_where_they_stand() {
    assert_eq!(
        masked("64 bytes from 10.0.2.194: seq=0 ttl=60 time=6.803 ms", &[Mask::Time]),
        "64 bytes from 10.0.2.194: seq=0 ttl=60 time=<time> ms"
    );
    let wg = "  latest handshake: 3 minutes, 41 seconds ago\n  transfer: 476 B received, 628 B sent";
    assert_eq!(masked(wg, &[Mask::Ago, Mask::Transfer]), "latest handshake: <ago>\ntransfer: <amounts>");
    let entry = "tcp      6 66 TIME_WAIT src=10.0.1.203 dst=172.18.0.3 sport=37004 dport=32000 [ASSURED]";
    assert_eq!(
        masked(entry, &[Mask::Timeout, Mask::Port]),
        "tcp 6 <timeout> TIME_WAIT src=10.0.1.203 dst=172.18.0.3 sport=<port> dport=32000 [ASSURED]"
    );
}

#[test]
fn what_is_not_masked_counts() {
    let line = "inet 10.0.1.203/32 scope global eth0";
    assert_eq!(masked(line, &[Mask::Index, Mask::Mac, Mask::Time, Mask::Length, Mask::Port]), line);
}
