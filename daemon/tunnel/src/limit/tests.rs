#![expect(clippy::disallowed_methods, reason = "an origin for the virtual clock")]

use proptest::prelude::*;

use super::*;

proptest! {
    #[test]
    fn never_more_than_burst_and_rate(steps in prop::collection::vec(0_u64..120, 1..400)) {
        let start = Instant::now();
        let (mut sources, mut now, mut taken) = (Sources::new(start), start, 0_u32);
        for step in steps {
            now += Duration::from_millis(step);
            taken += u32::from(sources.allow([192, 0, 2, 1].into(), now));
            let most = 5 + now.duration_since(start).as_millis() / 50;
            prop_assert!(u128::from(taken) <= most);
        }
    }
}

#[test]
fn twenty_a_second_and_five_at_once() {
    let start = Instant::now();
    let mut sources = Sources::new(start);
    let at_once = (0..100).filter(|_| sources.allow([192, 0, 2, 1].into(), start)).count();
    assert_eq!(at_once, 5);
    assert!(sources.allow([192, 0, 2, 2].into(), start));
    let ms = |n| start + Duration::from_secs(1) + Duration::from_millis(n);
    let sustained = (0..1000).filter(|n| sources.allow([192, 0, 2, 1].into(), ms(*n))).count();
    assert!((20..=25).contains(&sustained), "{sustained}");
}

#[test]
fn one_ipv6_network_is_one_source() {
    let start = Instant::now();
    let mut sources = Sources::new(start);
    let host = |n: u16| IpAddr::V6([0x2001, 0xdb8, 0, 1, 0, 0, 0, n].into());
    assert_eq!((0..100).filter(|n| sources.allow(host(*n), start)).count(), 5);
    assert!(sources.allow(IpAddr::V6([0x2001, 0xdb8, 0, 2, 0, 0, 0, 0].into()), start));
}

#[test]
fn the_table_of_sources_is_bounded_and_recovers() {
    let start = Instant::now();
    let mut sources = Sources::new(start);
    let allowed = (0..20_000_u32).filter(|n| sources.allow(IpAddr::V4((*n).into()), start)).count();
    assert_eq!((allowed, sources.len()), (MOST_SOURCES, MOST_SOURCES));
    assert!(!sources.allow([192, 0, 2, 1].into(), start));
    assert!(sources.allow([192, 0, 2, 1].into(), start + SILENCE));
    assert_eq!(sources.len(), 1);
}

#[test]
fn load_lingers_for_a_second() {
    let rate = Rate { interval: Duration::from_millis(10), burst: 3 };
    let start = Instant::now();
    let mut load = Load::new(rate, start);
    assert_eq!([(); 4].map(|()| load.weigh(rate, start)), [false, false, false, true]);
    assert!(load.is_under(start + Duration::from_millis(999)));
    assert!(!load.is_under(start + LINGER));
}
