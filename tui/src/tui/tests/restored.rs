//! A panic on a terminal of its own.

use std::process::Command;
use std::time::Duration;

use wgtrace_testbed::Terminal;

use crate::tui::screen::Screen;

#[test]
fn a_panic_gives_the_terminal_back_before_it_is_told() {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "tui::tests::restored::on_a_terminal_of_its_own", "--ignored", "--nocapture"]);
    // it would push the words off the screen
    command.env("RUST_BACKTRACE", "0");
    let mut terminal = Terminal::start(&mut command, (24, 80)).unwrap();
    let status = terminal.wait_for_end(Duration::from_secs(30)).unwrap();
    assert!(!status.success());
    assert!(terminal.is_restored().unwrap(), "{}", terminal.text());
    // on the screen that stays, and on lines that begin at their beginning
    let text = terminal.text();
    assert!(text.lines().any(|line| line == "the ninth symphony"), "{text}");
}

#[test]
#[ignore = "is run by the test above, for it needs a terminal"]
fn on_a_terminal_of_its_own() {
    let (screen, mut terminal) = Screen::take().unwrap();
    terminal.draw(|frame| frame.render_widget("taken", frame.area())).unwrap();
    // what is left undone by the end of a scope
    std::mem::forget(screen);
    panic!("this is\nthe ninth symphony");
}
