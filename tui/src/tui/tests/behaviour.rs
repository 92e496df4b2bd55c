//! What keys and news do.

use wgtrace_api::v1::FlowsReply;
use wgtrace_api::v1::told::What;

use super::scene::{Load, NOW, WORKER, few, from, generated, gone, ping_packets, scene};
use super::stage::{app, press, screen, settled, told};
use crate::tui::app::{Column, View};
use crate::tui::msg::{Effect, Msg};
use crate::tui::theme::Depth;

const SIZE: (u16, u16) = (160, 30);

#[test]
fn a_ping_from_pod_to_pod_is_one_row_with_its_way() {
    let app = told(SIZE, &scene(Load::Few));
    let screen = screen(&app, SIZE);
    let row = screen.lines().find(|line| line.contains("default/net ") && line.contains("ICMP")).unwrap();
    assert!(row.contains("lxc12ab -> cilium_wg0 -> eth0") && row.contains("ENCRYPTED"), "{row}");
    assert!(row.contains("6/6"), "{row}");
}

#[test]
fn q_and_ctrl_c_quit_wherever_they_are_no_text() {
    let mut app = told(SIZE, &scene(Load::Few));
    assert_eq!(press(&mut app, "q"), [Effect::Quit]);
    assert_eq!(press(&mut app, "?q"), [Effect::Quit]);
    assert_eq!(press(&mut app, "<esc>/q"), []);
    assert_eq!(press(&mut app, "<ctrl-c>"), [Effect::Quit]);
    app.update(Msg::Told(Box::new(gone())), NOW);
    press(&mut app, "<esc>");
    assert_eq!(press(&mut app, "q"), [Effect::Quit]);
}

#[test]
fn a_filter_is_in_force_while_it_is_typed_and_taken_back_by_esc() {
    let mut app = told(SIZE, &scene(Load::Few));
    assert_eq!(app.rows(), 6);
    press(&mut app, "/leak");
    assert_eq!(app.rows(), 1);
    press(&mut app, " and");
    assert!(app.editor.as_ref().unwrap().error.is_some());
    assert_eq!(press(&mut app, "<enter>"), [], "what is wrong is not accepted");
    press(&mut app, "<esc>");
    assert_eq!((app.rows(), app.filter_text.as_str()), (6, ""));
    assert_eq!(press(&mut app, "/icmp<enter>"), [Effect::Filter("icmp".into())]);
    assert_eq!(app.rows(), 2);
    press(&mut app, "/<ctrl-u><up>");
    assert_eq!(app.editor.as_ref().unwrap().text(), "icmp");
    press(&mut app, "<esc>");
    assert_eq!(press(&mut app, "x"), [Effect::Filter(String::new())]);
    assert_eq!(app.rows(), 6);
}

#[test]
fn names_are_completed_in_the_filter_line() {
    let mut app = told(SIZE, &scene(Load::Few));
    press(&mut app, "/pod=default/n<tab>");
    assert_eq!(app.editor.as_ref().unwrap().text(), "pod=default/net ");
    assert!(app.rows() > 0 && app.rows() < 6);
    press(&mut app, "<ctrl-u>node=cilium-wireguard-worker");
    let suggestions = &app.editor.as_ref().unwrap().suggestions;
    assert!(
        suggestions.iter().any(|one| one.text.contains("worker3")),
        "of a node's registry: {suggestions:?}"
    );
}

#[test]
fn a_pasted_megabyte_is_refused_with_a_word() {
    let mut app = told(SIZE, &scene(Load::Few));
    press(&mut app, "/");
    app.update(Msg::Paste("x".repeat(1 << 20)), NOW);
    assert!(screen(&app, SIZE).contains("1048576 bytes pasted and not taken: a filter has at most 1000"));
    app.update(Msg::Paste("icmp".into()), NOW);
    assert_eq!(app.rows(), 2);
}

#[test]
fn the_selected_flow_stays_where_it_is_when_others_come() {
    let mut app = told(SIZE, &scene(Load::Few));
    press(&mut app, "jj");
    let before = screen(&app, SIZE).lines().find(|line| line.starts_with("|>")).unwrap().to_owned();
    let flows = (0..500).map(generated).collect();
    let reply = FlowsReply { flows, time: NOW, ..Default::default() };
    app.update(Msg::Told(Box::new(from(WORKER, What::Flows(reply)))), NOW);
    settled(&mut app);
    app.update(Msg::Tick, NOW + 2_000_000_000);
    let after = screen(&app, SIZE).lines().find(|line| line.starts_with("|>")).unwrap().to_owned();
    let who = |line: &str| line.split_whitespace().skip(1).take(3).collect::<Vec<_>>().join(" ");
    assert_eq!(who(&before), who(&after));
}

#[test]
fn the_selected_packet_stays_where_it_is_when_others_come() {
    let mut app = told(SIZE, &scene(Load::Many));
    press(&mut app, "2kkkk");
    let body = |screen: String| screen.lines().skip(1).take(27).map(str::to_owned).collect::<Vec<_>>();
    let before = body(screen(&app, SIZE));
    let packets = (0..1000).flat_map(|_| ping_packets()).collect();
    let reply = wgtrace_api::v1::PacketsReply { packets, ..Default::default() };
    app.update(Msg::Told(Box::new(from(WORKER, What::Packets(reply)))), NOW);
    assert_eq!(body(screen(&app, SIZE)), before);
    press(&mut app, "G");
    assert!(app.packets.is_following);
}

#[test]
fn a_held_screen_says_how_much_came_meanwhile() {
    let mut app = told(SIZE, &scene(Load::Few));
    press(&mut app, "p");
    let reply = FlowsReply { flows: few(), time: NOW, ..Default::default() };
    app.update(Msg::Told(Box::new(from(WORKER, What::Flows(reply)))), NOW);
    assert!(screen(&app, SIZE).contains("PAUSED +6"));
    press(&mut app, " ");
    assert!(!screen(&app, SIZE).contains("PAUSED"));
}

#[test]
fn the_others_go_on_when_one_daemon_is_gone() {
    let mut app = told(SIZE, &scene(Load::Few));
    app.update(Msg::Told(Box::new(gone())), NOW);
    let shown = screen(&app, SIZE);
    assert!(
        shown.contains("nodes 2/3") && shown.contains("cilium-wireguard-worker2 gone 12s: no wgtraced"),
        "{shown}"
    );
    assert_eq!(app.rows(), 6);
}

#[test]
fn where_nobody_answers_the_reasons_and_the_way_out_are_on_the_screen() {
    let mut app = super::stage::app(SIZE, crate::tui::theme::Depth::None);
    let gone = |reason: &str| What::Gone(format!("{reason}; not connected since 2026-11-23T22:04:25Z"));
    app.update(Msg::Told(Box::new(from("/run/a.sock", gone("no wgtraced answers; start it")))), NOW);
    app.update(Msg::Told(Box::new(from("worker", gone("it went away")))), NOW);
    let shown = screen(&app, SIZE);
    let lines: Vec<&str> = shown.lines().skip(3).take(6).map(|line| line.trim_matches(['|', ' '])).collect();
    let expected = ["no daemon answers", "", "no wgtraced answers", "start it", "", "worker: it went away"];
    assert_eq!(lines, expected, "{shown}");
    assert!(!shown.contains("not connected since"), "{shown}");
}

#[test]
fn a_node_that_was_a_socket_until_it_said_its_name_is_counted_once() {
    let mut app = super::stage::app(SIZE, crate::tui::theme::Depth::None);
    for socket in ["/run/a.sock", "/run/b.sock", "/run/c.sock"] {
        app.update(Msg::Told(Box::new(from(socket, What::Gone("not there".into())))), NOW);
    }
    assert!(screen(&app, SIZE).contains("nodes 0/3"));
    for told in scene(Load::Empty) {
        app.update(Msg::Told(Box::new(told)), NOW);
    }
    let shown = screen(&app, SIZE);
    assert!(shown.contains("nodes 3/3") && !shown.contains("gone"), "{shown}");
}

#[test]
fn every_column_orders_the_flows_both_ways() {
    let mut app = told(SIZE, &scene(Load::Few));
    let mut orders = std::collections::HashSet::new();
    for _ in 0..12 {
        press(&mut app, "s");
        let down = app.flows.lines.clone();
        press(&mut app, "S");
        let up = app.flows.lines.clone();
        assert_eq!((down.len(), up.len()), (6, 6));
        orders.insert(format!("{down:?}"));
        orders.insert(format!("{up:?}"));
        press(&mut app, "S");
    }
    assert!(orders.len() > 10, "{}", orders.len());
}

#[test]
fn a_columns_letter_sorts_by_it_and_again_the_other_way_round() {
    let mut app = told(SIZE, &scene(Load::Few));
    for (key, column) in ["N", "F", "T", "P", "E", "I", "O", "B", "R", "X", "D", "A"].iter().zip(Column::ALL)
    {
        press(&mut app, key);
        let first = app.flows.sort;
        assert_eq!(first.column, column);
        press(&mut app, key);
        assert_eq!(app.flows.sort, first.reversed());
    }
}

#[test]
fn what_is_too_long_for_terminals_is_copied_in_part() {
    let mut app = told(SIZE, &scene(Load::Empty));
    assert_eq!(press(&mut app, "c"), []);
    assert!(screen(&app, SIZE).contains("there is no row to be copied"));
    let packet = wgtrace_api::v1::Packet { bytes: vec![7; 60_000], ..Default::default() };
    let reply = wgtrace_api::v1::PacketsReply { packets: vec![packet], ..Default::default() };
    app.update(Msg::Told(Box::new(from(WORKER, What::Packets(reply)))), NOW);
    let effects = press(&mut app, "2<enter><tab><tab>c");
    let [Effect::Copy(text)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(text.len(), 48 << 10);
    assert!(screen(&app, SIZE).contains("the first 49152 of "));
}

#[test]
fn tab_goes_through_panes_where_there_are_some_and_through_views_else() {
    let mut app = told(SIZE, &scene(Load::Few));
    press(&mut app, "<tab>");
    assert_eq!(app.view, View::Packets);
    press(&mut app, "<enter><tab>jj");
    assert_eq!((app.view, app.details.unwrap().fields), (View::Packets, 2));
    press(&mut app, "<tab>j<tab>");
    assert_eq!(app.details.unwrap().bytes, 1);
    press(&mut app, "<esc><tab>");
    assert_eq!((app.view, app.details), (View::Peers, None));
}

#[test]
fn nothing_is_drawn_anew_while_nothing_happens() {
    let mut app = told(SIZE, &scene(Load::Few));
    press(&mut app, "2");
    app.update(Msg::Tick, NOW + 10_000_000_000);
    app.update(Msg::Tick, NOW + 11_000_000_000);
    let still = app.revision();
    for second in 12..30 {
        app.update(Msg::Tick, NOW + second * 1_000_000_000);
        for told in scene(Load::Empty) {
            let Some(What::Hello(status)) = told.what else { continue };
            app.update(
                Msg::Told(Box::new(from(&told.from, What::Status(status)))),
                NOW + second * 1_000_000_000,
            );
        }
    }
    assert_eq!(app.revision(), still);
}

#[test]
fn a_terminal_in_which_nothing_fits_does_not_keep_the_program_busy() {
    let mut app = app((20, 4), Depth::Indexed);
    for told in scene(Load::Few) {
        app.update(Msg::Told(Box::new(told)), NOW);
    }
    app.update(Msg::Tick, NOW);
    assert!(app.next_tick() > NOW, "it would be woken again at once");
}
