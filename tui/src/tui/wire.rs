//! The command: whom to ask, what is shown first, and the terminal.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::{Args, ValueEnum as _};
use futures_util::StreamExt as _;
use ratatui::layout::Size;
use wgtrace_api::v1::told::What;
use wgtrace_api::v1::{DropsRequest, FlowsRequest, LedgerRequest, PacketsRequest};

use super::app::{App, Start};
use super::clock::Clock;
use super::keys::Keymap;
use super::replay::Replay;
use super::run::{Source, Stop};
use super::screen::{self, Screen};
use super::theme::{Depth, Shade, Theme};
use crate::cli::Misuse;
use crate::client::{Heard, ServerArgs, Wants, Watch, hear};
use crate::config::{Config, Keys};
use crate::io;

/// What `wgtrace tui` takes.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct TuiArgs {
    /// Which packets and flows are shown first, in the filter language; all, if there is none.
    #[arg(value_name = "FILTER")]
    filter: Vec<String>,

    #[command(flatten)]
    servers: ServerArgs,

    /// Show what `wgtrace record` wrote, or a pcap or pcapng, instead of asking anybody; - for standard input.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["servers", "lab"])]
    replay: Option<PathBuf>,

    /// Keys that open a capture's ciphertext, as `wgtrace decrypt` takes them; may be repeated.
    #[arg(short, long = "keys", value_name = "FILE", requires = "replay")]
    keys: Vec<PathBuf>,

    /// Times as fast as it was recorded; 0 for all of it at once.
    #[arg(long, value_name = "TIMES", default_value_t = 1, requires = "replay")]
    speed: u32,

    /// Colours for a dark or a light terminal [default: the configuration's, else dark].
    #[arg(long, value_enum, value_name = "THEME")]
    theme: Option<Shade>,

    /// Ask for whole packets, not only the start of each; for root, unless the node gives it to others.
    #[arg(long)]
    payload: bool,

    /// Ask for packets inside of ciphertext, too, where the node holds the keys; the same right.
    #[arg(long)]
    decrypted: bool,

    /// Print what keys can be bound to, as `[keys]` in the configuration file has it, and end.
    #[arg(long)]
    list_keys: bool,
}

/// Runs the command.
pub(crate) fn run(args: &TuiArgs) -> Result<ExitCode> {
    let config = Config::load()?;
    let keymap = keymap(&config)?;
    if args.list_keys {
        return io::print(&listed(&keymap)).map(|()| ExitCode::SUCCESS);
    }
    let filter_text = args.filter.join(" ");
    let filter = args.servers.filter(&args.filter)?;
    let shade = match (args.theme, &config.theme) {
        (Some(shade), _) => shade,
        (None, Some(name)) => Shade::from_str(name, true)
            .map_err(|_| Misuse("theme in the configuration: expected dark or light"))?,
        (None, None) => Shade::default(),
    };
    let theme = Theme::new(shade, Depth::of(|name| std::env::var(name).ok()));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.context("cannot start the runtime")?;
    let stop = runtime.block_on(async {
        let (feed, servers) = if let Some(path) = &args.replay {
            (Feed::Replay(Box::new(Replay::open(path, &args.keys, args.speed)?)), 0)
        } else {
            let servers = args.servers.sockets()?;
            let count = servers.len();
            (Feed::Live(Live::new(servers, args, &filter_text)), count)
        };
        let stop = screen::stop()?;
        let (_screen, mut terminal) = Screen::take()?;
        let clock = Clock::system();
        let area = terminal.size().context("cannot tell the size of the terminal")?;
        let size = Size { width: area.width, height: area.height };
        let mut app = App::new(Start { keymap, theme, size, servers, filter_text, filter }, clock.now());
        super::run::run(&mut terminal, &mut app, screen::inputs(), feed, stop, clock, screen::copy).await
    });
    runtime.shutdown_background();
    match stop? {
        Stop::Quit => Ok(ExitCode::SUCCESS),
        Stop::Signal(number) => Ok(ExitCode::from(128u8.saturating_add(number))),
        Stop::NoInput => anyhow::bail!("the terminal is gone"),
    }
}

fn keymap(config: &Config) -> Result<Keymap> {
    let list = |keys: &Keys| match keys {
        Keys::One(key) => vec![key.clone()],
        Keys::Several(keys) => keys.clone(),
    };
    let keys = config.keys.iter().map(|(action, keys)| (action.clone(), list(keys))).collect();
    Keymap::new(&keys).context("the configuration")
}

/// Every action, as a configuration could have it.
fn listed(keymap: &Keymap) -> String {
    let line = |(binding, chords): (&super::keys::Binding, &[super::keys::Chord])| {
        let keys: Vec<String> = chords.iter().map(|chord| quoted(&chord.to_string())).collect();
        format!("{:<16} = {:<24} # {}\n", binding.name, format!("[{}]", keys.join(", ")), binding.help)
    };
    let lines: String = keymap.bound().map(line).collect();
    format!("[keys]\n{lines}")
}

fn quoted(key: &str) -> String {
    format!("\"{}\"", key.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Where what is shown comes from.
enum Feed {
    Live(Live),
    Replay(Box<Replay>),
}

/// Daemons that are asked, for the state of things and, by connections of their own, for packets.
struct Live {
    servers: Vec<PathBuf>,
    request: PacketsRequest,
    state: Watch<Heard>,
    packets: Watch<Heard>,
}

impl Live {
    fn new(servers: Vec<PathBuf>, args: &TuiArgs, filter: &str) -> Self {
        let snaplen = if args.payload { u32::from(u16::MAX) } else { HEADERS };
        let request = PacketsRequest {
            filter: filter.to_owned(),
            snaplen,
            decrypted: args.decrypted,
            ..Default::default()
        };
        let wants = Wants {
            packets: None,
            flows: Some(FlowsRequest::default()),
            drops: Some(DropsRequest::default()),
            sessions: true,
            ledger: Some(LedgerRequest::default()),
            tables: true,
        };
        let state = hear(&servers, &wants);
        let packets = hear(&servers, &only(&request));
        Self { servers, request, state, packets }
    }

    async fn hear(&mut self) -> Option<Heard> {
        loop {
            tokio::select! {
                told = self.state.next() => return told,
                told = self.packets.next() => {
                    // who is there is told by the other connection
                    if let Some(told) = told.filter(is_of_packets) {
                        return Some(told);
                    }
                }
            }
        }
    }
}

impl Source for Feed {
    async fn hear(&mut self) -> Result<Heard, String> {
        match self {
            Self::Live(live) => live.hear().await.ok_or_else(|| "nobody is asked any more".to_owned()),
            Self::Replay(replay) => replay.hear().await,
        }
    }

    fn want(&mut self, filter: &str) {
        match self {
            Self::Live(live) if live.request.filter != filter => {
                filter.clone_into(&mut live.request.filter);
                live.packets = hear(&live.servers, &only(&live.request));
            }
            Self::Live(_) => {}
            Self::Replay(replay) => replay.want(filter),
        }
    }
}

fn only(packets: &PacketsRequest) -> Wants {
    Wants { packets: Some(packets.clone()), ..Wants::default() }
}

fn is_of_packets(heard: &Heard) -> bool {
    match heard {
        Heard::Packets { .. } => true,
        Heard::Told(told) => matches!(told.what, Some(What::Refused(_))),
    }
}

/// What everybody in the group may see of a packet.
const HEADERS: u32 = 128;

const EXAMPLES: &str = "\
Examples:
  wgtrace tui                                  this node
  wgtrace tui --lab                            all nodes of the lab on this machine
  wgtrace tui --server /run/a.sock --server /run/b.sock
  wgtrace tui pod=net and not port 53          what the filter wants; / changes it
  wgtrace tui --replay session.wgtrace         what `wgtrace record` wrote
  wgtrace tui --replay eth0.pcapng -k keys.log a capture, with what is inside of its ciphertext
  NO_COLOR=1 wgtrace tui

? shows the keys. They, the theme and the servers can be set in the configuration file
($XDG_CONFIG_HOME/wgtrace/config.toml, or what WGTRACE_CONFIG names):

  theme = \"light\"
  [keys]
  quit = [\"q\", \"ctrl-q\"]

Exit status: 0 a person quit; 1 an error; 2 a mistake on the command line; 128 and its number after a signal.";
