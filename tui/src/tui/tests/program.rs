//! The whole program on a fake terminal: keys in, screens out.

use std::cell::RefCell;
use std::convert::Infallible;
use std::rc::Rc;
use std::time::Duration;

use crossterm::event::Event;
use futures_util::stream;
use ratatui::Terminal;
use ratatui::backend::{Backend, ClearType, TestBackend, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};
use wgtrace_api::v1::Told;

use super::scene::{Load, NOW, gone, scene};
use super::stage::{app, events, text};
use crate::client::Heard;
use crate::tui::clock::Clock;
use crate::tui::run::{Source, Stop, run};
use crate::tui::theme::Depth;

/// A terminal that remembers its screen where others see it, and how often it was drawn.
#[derive(Clone)]
struct Shared(Rc<RefCell<(TestBackend, usize)>>);

impl Shared {
    fn new(width: u16, height: u16) -> Self {
        Self(Rc::new(RefCell::new((TestBackend::new(width, height), 0))))
    }

    fn text(&self) -> String {
        text(self.0.borrow().0.buffer())
    }

    fn frames(&self) -> usize {
        self.0.borrow().1
    }
}

impl Backend for Shared {
    type Error = Infallible;

    fn draw<'a, I>(&mut self, content: I) -> Result<(), Infallible>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        self.0.borrow_mut().1 += 1;
        self.0.borrow_mut().0.draw(content)
    }

    fn hide_cursor(&mut self) -> Result<(), Infallible> {
        self.0.borrow_mut().0.hide_cursor()
    }

    fn show_cursor(&mut self) -> Result<(), Infallible> {
        self.0.borrow_mut().0.show_cursor()
    }

    fn get_cursor_position(&mut self) -> Result<Position, Infallible> {
        self.0.borrow_mut().0.get_cursor_position()
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> Result<(), Infallible> {
        self.0.borrow_mut().0.set_cursor_position(position)
    }

    fn clear(&mut self) -> Result<(), Infallible> {
        self.0.borrow_mut().0.clear()
    }

    fn clear_region(&mut self, kind: ClearType) -> Result<(), Infallible> {
        self.0.borrow_mut().0.clear_region(kind)
    }

    fn size(&self) -> Result<Size, Infallible> {
        self.0.borrow().0.size()
    }

    fn window_size(&mut self) -> Result<WindowSize, Infallible> {
        self.0.borrow_mut().0.window_size()
    }

    fn flush(&mut self) -> Result<(), Infallible> {
        self.0.borrow_mut().0.flush()
    }
}

/// Says all this, and then nothing for ever.
struct Scripted {
    told: Vec<Told>,
    wanted: Rc<RefCell<Vec<String>>>,
}

impl Source for Scripted {
    async fn hear(&mut self) -> Result<Heard, String> {
        if self.told.is_empty() { std::future::pending().await } else { Ok(self.told.remove(0).into()) }
    }

    fn want(&mut self, filter: &str) {
        self.wanted.borrow_mut().push(filter.to_owned());
    }
}

/// What a person does; after each step the screen is looked at, a second later.
enum Step {
    Keys(&'static str),
    Size(u16, u16),
    Sizes(u16),
}

struct Seen {
    screens: Vec<String>,
    frames: Vec<usize>,
    wanted: Vec<String>,
    copied: Vec<String>,
    stop: Stop,
}

/// Runs the program to its end.
async fn play(told: Vec<Told>, steps: Vec<Step>) -> Seen {
    let shared = Shared::new(100, 30);
    let mut terminal = Terminal::new(shared.clone()).unwrap();
    let mut app = app((100, 30), Depth::Indexed);
    let wanted = Rc::new(RefCell::new(Vec::new()));
    let source = Scripted { told, wanted: Rc::clone(&wanted) };
    let seen = Rc::new(RefCell::new((Vec::new(), Vec::new())));
    let mut inputs = Vec::new();
    for step in steps {
        match step {
            Step::Keys(keys) => {
                inputs.push((events(keys).into_iter().map(Event::Key).collect::<Vec<_>>(), None));
            }
            Step::Size(width, height) => {
                inputs.push((vec![Event::Resize(width, height)], Some((width, height))));
            }
            Step::Sizes(many) => {
                let storm = (0..many).map(|by| Event::Resize(60 + by % 100, 20 + by % 30)).collect();
                inputs.push((storm, None));
            }
        }
    }
    let (recorder, backend) = (Rc::clone(&seen), shared.clone());
    let script = stream::unfold(inputs.into_iter(), move |mut steps| {
        let (recorder, backend) = (Rc::clone(&recorder), backend.clone());
        async move {
            tokio::time::sleep(Duration::from_millis(900)).await;
            recorder.borrow_mut().0.push(backend.text());
            recorder.borrow_mut().1.push(backend.frames());
            let Some((events, size)) = steps.next() else { std::future::pending().await };
            if let Some((width, height)) = size {
                backend.0.borrow_mut().0.resize(width, height);
            }
            Some((stream::iter(events), steps))
        }
    });
    let inputs = Box::pin(futures_util::StreamExt::flatten(script));
    let clock = Clock::starting(NOW);
    let over = std::future::pending();
    let mut copied = Vec::new();
    let stop = tokio::time::timeout(
        Duration::from_mins(10),
        run(&mut terminal, &mut app, inputs, source, over, clock, |text| {
            copied.push(text.to_owned());
            Ok(())
        }),
    );
    let stop = stop.await.expect("the program ends").unwrap();
    let (screens, frames) = seen.borrow().clone();
    Seen { screens, frames, wanted: wanted.borrow().clone(), copied, stop }
}

fn local<T>(future: impl Future<Output = T>) -> T {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(future)
}

#[test]
fn keys_go_in_and_screens_come_out() {
    let steps = vec![
        Step::Keys("/icmp<enter>"),
        Step::Keys("<enter>"),
        Step::Keys("2"),
        Step::Size(80, 24),
        Step::Keys("?"),
        Step::Keys("q"),
    ];
    let seen = local(play(scene(Load::Few), steps));
    assert_eq!(seen.stop, Stop::Quit);
    assert_eq!(seen.wanted, ["icmp"]);
    insta::assert_snapshot!(seen.screens.join("\n"));
}

#[test]
fn it_quits_while_a_daemon_is_silent_and_the_filter_line_is_open() {
    let seen = local(play(Vec::new(), vec![Step::Keys("/tcp and"), Step::Keys("<ctrl-c>")]));
    assert_eq!(seen.stop, Stop::Quit);
    assert!(seen.screens[1].contains("expected a condition"), "{}", seen.screens[1]);
}

#[test]
fn the_row_or_its_details_are_copied_whole() {
    let steps = vec![
        Step::Keys("/icmp and node=worker<enter>"),
        Step::Keys("c"),
        Step::Keys("<enter>c"),
        Step::Keys("5<enter>c"),
        Step::Keys("2<enter><tab><tab>c"),
        Step::Keys("q"),
    ];
    let seen = local(play(scene(Load::Few), steps));
    let [row, details, drop, bytes] = &seen.copied[..] else { panic!("{:?}", seen.copied) };
    assert!(row.contains("default/net") && row.contains("lxc12ab -> cilium_wg0 -> eth0"), "{row}");
    assert!(!row.contains('\n') && details.contains("\nencryption    ENCRYPTED  at the native"), "{details}");
    assert!(drop.starts_with("reason "), "{drop}");
    assert!(bytes.starts_with("0000  "), "{bytes}");
    assert!(seen.screens[2].contains(&format!("{} bytes copied", row.len())), "{}", seen.screens[2]);
}

#[test]
fn nothing_is_drawn_while_nothing_happens_and_one_frame_for_a_storm_of_sizes() {
    let quiet = || Step::Keys("");
    let steps = vec![Step::Keys("2"), quiet(), quiet(), quiet(), Step::Sizes(900), quiet(), Step::Keys("q")];
    let seen = local(play(scene(Load::Few), steps));
    let frames = &seen.frames;
    assert_eq!(frames[3], frames[4], "idle: {frames:?}");
    assert!(frames[5] - frames[4] <= 2, "a storm: {frames:?}");
}

#[test]
fn a_daemon_that_goes_is_said_and_the_screen_goes_on() {
    let told = [scene(Load::Few), vec![gone()]].concat();
    let seen = local(play(told, vec![Step::Keys("7"), Step::Keys("q")]));
    assert!(seen.screens[1].contains("cilium-wireguard-worker2 gone 1"), "{}", seen.screens[1]);
    assert!(seen.screens[1].contains("nodes 2/3"));
}
