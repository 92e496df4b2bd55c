//! What a hundred thousand flows, a frame of them and an event cost, in what is asked of the allocator: the same on
//! every machine, and in every build. `cargo xtask bench tui` has its figures from here.

use std::io::{Sink, sink};

use prost::Message as _;
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::{Terminal, TerminalOptions, Viewport};
use wgtrace_api::v1::told::What;
use wgtrace_api::v1::{FlowsReply, PacketsReply};
use wgtrace_testbed::Counting;

use super::scene::{NOW, WORKER, from, generated, ping_packets};
use super::stage::{app, press, settled};
use crate::client::Packed;
use crate::tui::app::App;
use crate::tui::model::Packets;
use crate::tui::msg::Msg;
use crate::tui::theme::Depth;
use crate::tui::views;

#[global_allocator]
static COUNTING: Counting = Counting;

const SIZE: (u16, u16) = (160, 50);
const FLOWS: u64 = 100_000;
const AT_ONCE: u64 = 1000;

/// Some of the flows as they are told the first time, or later.
fn told(start: u64, round: i64) -> Msg {
    let flows = (start..start + AT_ONCE).map(generated).collect();
    let time = NOW + round * 1_000_000_000;
    let reply = FlowsReply { snapshot: start == 0 && round == 0, flows, time, ..Default::default() };
    Msg::Told(Box::new(from(WORKER, What::Flows(reply))))
}

fn crowded() -> App {
    let mut app = app(SIZE, Depth::True);
    for start in (0..FLOWS).step_by(usize::try_from(AT_ONCE).unwrap()) {
        app.update(told(start, 0), NOW);
    }
    settled(&mut app);
    assert_eq!(app.rows(), 100_000);
    app
}

/// What a real one writes goes nowhere.
fn terminal() -> Terminal<CrosstermBackend<Sink>> {
    let viewport = Viewport::Fixed(Rect { x: 0, y: 0, width: SIZE.0, height: SIZE.1 });
    Terminal::with_options(CrosstermBackend::new(sink()), TerminalOptions { viewport }).unwrap()
}

fn allocations(work: impl FnOnce()) -> u64 {
    let before = Counting::allocations();
    work();
    Counting::allocations() - before
}

/// The most that a key and the frame after it ask for, over many.
fn most_of_a_frame(app: &mut App, key: &str) -> u64 {
    let mut terminal = terminal();
    let mut frame = |app: &mut App, key: &str| {
        press(app, key);
        terminal.draw(|frame| views::draw(app, frame)).unwrap();
    };
    frame(app, key);
    (0..50).map(|_| allocations(|| frame(app, key))).max().unwrap()
}

fn tell(what: &str, value: impl std::fmt::Display, at_most: &str) {
    println!("figure: {what}: {value}: {at_most}");
}

#[test]
fn a_hundred_thousand_flows_take_little_memory() {
    let before = Counting::held();
    let app = crowded();
    let flow = (Counting::held() - before) / i64::try_from(FLOWS).unwrap();
    tell("bytes held for a flow", flow, "600");
    assert!(flow <= 600, "{flow} bytes a flow");
    assert_eq!(app.rows(), 100_000);
}

#[test]
fn a_frame_allocates_for_what_is_in_sight_and_not_for_each_cell() {
    let mut app = crowded();
    for (key, what) in [("j", "a row down"), ("<pgdn>", "a page down")] {
        let most = most_of_a_frame(&mut app, key);
        tell(&format!("allocations of a frame, {what}"), most, "100");
        assert!(most <= 100, "{what}: {most} allocations");
    }
}

#[test]
fn an_event_allocates_next_to_nothing() {
    let mut app = crowded();
    let again = told(4000, 1);
    let of_flows = allocations(|| drop(app.update(again, NOW)));
    tell("allocations of a flow that went on", of_flows.div_ceil(AT_ONCE), "1");
    assert!(of_flows <= AT_ONCE + 100, "{of_flows} for {AT_ONCE} flows");

    let packets: Vec<_> = ping_packets().into_iter().cycle().take(500).collect();
    let reply = PacketsReply { packets, missed: 0, seen: 500 }.encode_to_vec();
    let mut tell_packets = || {
        let packets = Packed::decode(prost::bytes::Bytes::from(reply.clone())).unwrap();
        app.update(Msg::Packets { from: WORKER.into(), time: NOW, packets }, NOW);
    };
    for _ in 0..=Packets::KEPT / 500 {
        tell_packets();
    }
    let of_packets = allocations(tell_packets);
    tell("allocations of 500 packets", of_packets, "50");
    assert!(of_packets <= 50, "{of_packets} for 500 packets");
}
