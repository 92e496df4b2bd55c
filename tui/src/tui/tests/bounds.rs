//! Nothing that can be told, typed or drawn on makes it fail.

use proptest::prelude::*;
use ratatui::layout::Size;
use wgtrace_api::v1::told::What;
use wgtrace_api::v1::{Flow, FlowsReply, Hop, Packet, PacketsReply, Party, Told};

use super::scene::{Load, NOW, gone, scene};
use super::stage::{app, cells, events};
use crate::tui::msg::Msg;
use crate::tui::theme::Depth;

#[derive(Debug, Clone)]
enum Happening {
    Key(&'static str),
    Text(String),
    Paste(String),
    Resize(u16, u16),
    Told(Box<Told>),
    Later(i64),
}

fn happening() -> impl Strategy<Value = Happening> {
    let keys = prop::sample::select(vec![
        "1",
        "2",
        "3",
        "4",
        "5",
        "6",
        "7",
        "j",
        "k",
        "g",
        "G",
        "<pgdn>",
        "<ctrl-d>",
        "<ctrl-u>",
        "<enter>",
        "<esc>",
        "<tab>",
        "s",
        "S",
        "t",
        "p",
        "f",
        "e",
        "x",
        "?",
        "/",
        "<backspace>",
        "<ctrl-w>",
        "<up>",
        "<down>",
        "<end>",
        "h",
        "l",
        "<ctrl-l>",
    ]);
    let size = (prop_oneof![0u16..4, 50u16..210], prop_oneof![0u16..4, 10u16..60]);
    prop_oneof![
        8 => keys.prop_map(Happening::Key),
        1 => "[a-z=0-9 ()/\"-]{0,20}".prop_map(Happening::Text),
        1 => any::<String>().prop_map(Happening::Paste),
        2 => size.prop_map(|(width, height)| Happening::Resize(width, height)),
        4 => told().prop_map(|told| Happening::Told(Box::new(told))),
        2 => (-2_000_000_000i64..5_000_000_000).prop_map(Happening::Later),
    ]
}

fn told() -> impl Strategy<Value = Told> {
    let party = (any::<String>(), any::<u32>(), any::<String>(), any::<String>())
        .prop_map(|(address, port, pod, node)| Party { address, port, pod, node });
    let hop = (any::<String>(), any::<String>(), any::<bool>(), any::<i64>()).prop_map(
        |(interface, hook, sealed, first)| Hop { interface, hook, sealed, first, ..Default::default() },
    );
    let flow =
        (0u64..40, party.clone(), prop::collection::vec(hop, 0..5), any::<(u32, u64, i64, i64, i32)>())
            .prop_map(|(id, source, hops, (protocol, rtt, first, last, encryption))| Flow {
                id,
                source: Some(source),
                hops,
                protocol,
                rtt,
                first,
                last,
                encryption,
                ..Default::default()
            });
    let flows = (
        any::<bool>(),
        prop::collection::vec(flow, 0..20),
        prop::collection::vec(0u64..40, 0..5),
        any::<i64>(),
    )
        .prop_map(|(snapshot, flows, removed, time)| {
            What::Flows(FlowsReply { snapshot, flows, removed, time, ..Default::default() })
        });
    let packet =
        (party, any::<(i64, u32, bool)>(), prop::collection::vec(any::<u8>(), 0..120), any::<String>())
            .prop_map(|(source, (time, length, l2), bytes, summary)| Packet {
                source: Some(source),
                time,
                length,
                l2,
                inner: bytes.clone(),
                bytes,
                summary,
                ..Default::default()
            });
    let packets = (prop::collection::vec(packet, 0..20), any::<(u64, u64)>())
        .prop_map(|(packets, (missed, seen))| What::Packets(PacketsReply { packets, missed, seen }));
    let of_scene = prop::sample::select([scene(Load::Few), vec![gone()]].concat());
    prop_oneof![
        (any::<String>(), any::<i64>(), prop_oneof![flows, packets]).prop_map(|(from, time, what)| Told {
            from,
            time,
            what: Some(what)
        }),
        of_scene,
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_a_screen_can_be_drawn(all in prop::collection::vec(happening(), 0..60)) {
        let mut size = (80, 24);
        let mut app = app(size, Depth::True);
        let mut now = NOW;
        for happening in all {
            match happening {
                Happening::Key(keys) => {
                    for event in events(keys) {
                        app.update(Msg::Key(event), now);
                    }
                }
                Happening::Text(text) => {
                    for event in events(&text) {
                        app.update(Msg::Key(event), now);
                    }
                }
                Happening::Paste(text) => {
                    app.update(Msg::Paste(text), now);
                }
                Happening::Resize(width, height) => {
                    size = (width, height);
                    app.update(Msg::Resize(Size { width, height }), now);
                }
                Happening::Told(told) => {
                    app.update(Msg::Told(told), now);
                }
                Happening::Later(by) => {
                    now += by;
                    app.update(Msg::Tick, now);
                }
            }
            let shot = cells(&app, size);
            let hostile = |text: &str| text.chars().any(char::is_control);
            prop_assert!(shot.content.iter().all(|cell| !hostile(cell.symbol())));
        }
    }
}
