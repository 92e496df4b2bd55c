//! Every view, at every size, in every state.

use super::scene::{Load, gone, scene};
use super::stage::{app, cells, press, screen, settled, told};
use crate::tui::app::View;
use crate::tui::msg::Msg;
use crate::tui::theme::Depth;

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 50)];

/// The view at all sizes, once something was done with it.
fn shots(view: View, load: Load, keys: &str) -> String {
    let mut shots = String::new();
    for size in SIZES {
        let mut app = told(size, &scene(load));
        press(&mut app, &format!("{}{keys}", view.number() + 1));
        settled(&mut app);
        shots.extend([format!("{}x{}\n{}", size.0, size.1, screen(&app, size))]);
    }
    shots
}

fn name(view: View, state: &str) -> String {
    format!("{}_{state}", view.name().to_lowercase())
}

#[test]
fn every_view_before_anything_happened() {
    for view in View::ALL {
        insta::assert_snapshot!(name(view, "empty"), shots(view, Load::Empty, ""));
    }
}

#[test]
fn every_view_with_a_few_rows() {
    for view in View::ALL {
        insta::assert_snapshot!(name(view, "few"), shots(view, Load::Few, ""));
    }
}

#[test]
fn every_view_with_ten_thousand_flows() {
    for view in View::ALL {
        insta::assert_snapshot!(name(view, "many"), shots(view, Load::Many, "jjj"));
    }
}

#[test]
fn every_view_with_details() {
    for view in View::ALL {
        insta::assert_snapshot!(name(view, "details"), shots(view, Load::Few, "j<enter>"));
    }
}

#[test]
fn every_view_paused_while_more_comes() {
    for view in View::ALL {
        let mut shots = String::new();
        for size in SIZES {
            let mut app = told(size, &scene(Load::Few));
            press(&mut app, &format!("{}p", view.number() + 1));
            let before = screen(&app, size);
            for told in scene(Load::Many) {
                app.update(Msg::Told(Box::new(told)), super::scene::NOW);
            }
            settled(&mut app);
            let after = screen(&app, size);
            let body =
                |screen: &str| screen.lines().skip(1).take(usize::from(size.1) - 3).collect::<String>();
            assert_eq!(body(&before), body(&after), "a held screen does not move");
            shots.extend([format!("{}x{}\n{after}", size.0, size.1)]);
        }
        insta::assert_snapshot!(name(view, "paused"), shots);
    }
}

#[test]
fn every_view_with_a_daemon_gone() {
    for view in View::ALL {
        let mut shots = String::new();
        for size in SIZES {
            let mut app = told(size, &scene(Load::Few));
            app.update(Msg::Told(Box::new(gone())), super::scene::NOW);
            press(&mut app, &format!("{}", view.number() + 1));
            settled(&mut app);
            shots.extend([format!("{}x{}\n{}", size.0, size.1, screen(&app, size))]);
        }
        insta::assert_snapshot!(name(view, "gone"), shots);
    }
}

#[test]
fn every_view_without_colours_says_the_same() {
    for view in View::ALL {
        for size in SIZES {
            let mut plain = app(size, Depth::None);
            for told in scene(Load::Few) {
                plain.update(Msg::Told(Box::new(told)), super::scene::NOW);
            }
            let mut coloured = told(size, &scene(Load::Few));
            for app in [&mut plain, &mut coloured] {
                settled(app);
                press(app, &format!("{}", view.number() + 1));
                settled(app);
            }
            let shot = cells(&plain, size);
            assert!(shot.content.iter().all(|cell| (cell.fg, cell.bg) == Default::default()));
            if size == SIZES[0] {
                insta::assert_snapshot!(name(view, "without_colours"), styles(&shot));
            }
            assert_eq!(screen(&plain, size), screen(&coloured, size));
        }
    }
}

/// The screen, and below each line how its cells look.
fn styles(buffer: &ratatui::buffer::Buffer) -> String {
    use ratatui::style::Modifier;
    let looks = |cell: &ratatui::buffer::Cell| {
        if cell.modifier.contains(Modifier::REVERSED) {
            'r'
        } else if cell.modifier.contains(Modifier::UNDERLINED) {
            'u'
        } else if cell.modifier.contains(Modifier::BOLD) {
            'b'
        } else {
            ' '
        }
    };
    let text = super::stage::text(buffer);
    let lines = text.lines().zip(buffer.content.chunks(usize::from(buffer.area.width)));
    let mut styled = String::new();
    for (line, cells) in lines {
        styled.extend([line, "\n "]);
        styled.extend(cells.iter().map(looks).chain(['\n']));
    }
    styled
}

#[test]
fn colours_of_both_themes_in_every_depth() {
    use crate::tui::theme::{Shade, Theme};
    let mut looks = String::new();
    for shade in [Shade::Dark, Shade::Light] {
        for depth in [Depth::None, Depth::Sixteen, Depth::Indexed, Depth::True] {
            looks.extend([format!("{shade:?} {depth:?}\n{:#?}\n", Theme::new(shade, depth))]);
        }
    }
    insta::assert_snapshot!(looks);
}

#[test]
fn the_help_is_the_table_of_keys() {
    let mut shots = String::new();
    for size in SIZES {
        let mut app = told(size, &scene(Load::Few));
        press(&mut app, "?");
        shots.extend([format!("{}x{}\n{}", size.0, size.1, screen(&app, size))]);
    }
    insta::assert_snapshot!(shots);
}

#[test]
fn the_filter_line_completes_and_says_what_is_wrong() {
    let size = SIZES[0];
    let mut shots = String::new();
    for keys in ["/", "/encr", "/pod=", "/pod=net and frobnicate", "/port 99999", "/pod=net<enter>"] {
        let mut app = told(size, &scene(Load::Few));
        press(&mut app, keys);
        settled(&mut app);
        let screen = screen(&app, size);
        let end: Vec<&str> = screen.lines().skip(20).collect();
        shots.extend([format!("{keys}\n{}\n", end.join("\n"))]);
    }
    insta::assert_snapshot!(shots);
}

#[test]
fn groups_by_flow_pod_peer_and_node() {
    let size = SIZES[1];
    let mut shots = String::new();
    for keys in ["t", "t<enter>", "tt", "ttt", "tttt"] {
        let mut app = told(size, &scene(Load::Few));
        press(&mut app, keys);
        settled(&mut app);
        let screen = screen(&app, size);
        let start: Vec<&str> = screen.lines().take(12).collect();
        shots.extend([format!("{keys}\n{}\n", start.join("\n"))]);
    }
    insta::assert_snapshot!(shots);
}

#[test]
fn less_room_and_too_little() {
    let mut shots = String::new();
    for size in [(60, 16), (59, 16), (60, 15), (20, 3), (1, 1)] {
        let app = told(size, &scene(Load::Few));
        shots.extend([format!("{}x{}\n{}", size.0, size.1, screen(&app, size))]);
    }
    insta::assert_snapshot!(shots);
}
