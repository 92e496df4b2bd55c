//! What was measured, and the table of it.

use std::collections::BTreeMap;

use super::contender::Contender;
use crate::bench::median;

macro_rules! figures {
    ($($figure:ident: $text:literal, $digits:literal;)+) => {
        /// What can be measured.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub(in crate::bench) enum Figure {
            $($figure,)+
        }

        impl Figure {
            /// What it is, with its unit, and how many digits of it mean anything.
            pub(in crate::bench) fn describe(self) -> (&'static str, usize) {
                match self {
                    $(Self::$figure => ($text, $digits),)+
                }
            }
        }
    };
}

figures! {
    Tcp1: "TCP, 1 stream, Gbit/s", 2;
    Tcp4: "TCP, 4 streams, Gbit/s", 2;
    TcpBoth: "TCP, 1 stream each way, Gbit/s", 2;
    TunnelCpu: "CPU of the tunnel, 1 stream, s/GB", 2;
    WholeCpu: "CPU of tunnel, sender and receiver, 1 stream, s/GB", 2;
    UdpOffered: "UDP, 64 bytes, offered, kpkt/s", 0;
    UdpReceived: "UDP, 64 bytes, received, kpkt/s", 0;
    UdpLoss: "UDP, 64 bytes, lost, %", 0;
    UdpCpu: "CPU of the tunnel, UDP, s/Mpkt", 1;
    IdleMiddle: "RTT, idle, median, µs", 0;
    IdleTail: "RTT, idle, 99 %, µs", 0;
    LoadedMiddle: "RTT beside a TCP stream, median, µs", 0;
    LoadedTail: "RTT beside a TCP stream, 99 %, µs", 0;
    LoadedLost: "pings lost beside a TCP stream, %", 1;
}

/// Measurements of one contender.
#[derive(Debug, Default)]
pub(in crate::bench) struct Figures(BTreeMap<Figure, Vec<f64>>);

impl Figures {
    pub(in crate::bench) fn add(&mut self, figure: Figure, value: f64) {
        self.0.entry(figure).or_default().push(value);
    }

    pub(in crate::bench) fn median(&self, figure: Figure) -> f64 {
        self.0.get(&figure).map_or(f64::NAN, |values| median(values))
    }
}

/// Prints a table; the third of `contenders` is compared with all others.
pub(in crate::bench) fn print(contenders: &[(Contender, Figures)]) {
    let [(_, veth), (_, go), (_, ours), others @ ..] = contenders else { return };
    let mut heads =
        ["", "veth", "wireguard-go", "wgtraced", "/ wireguard-go", "/ veth"].map(str::to_owned).to_vec();
    for number in 1..=others.len() {
        heads.extend([format!("also {number}"), format!("/ also {number}")]);
    }
    println!("\n{}\n|{}", row(&heads), "---|".repeat(heads.len()));
    for &figure in ours.0.keys() {
        let (text, digits) = figure.describe();
        let value = |figures: &Figures| show(figures.median(figure), digits);
        let ratio = |figures: &Figures| show(ours.median(figure) / figures.median(figure), 2);
        let mut cells = vec![text.to_owned(), value(veth), value(go), value(ours), ratio(go), ratio(veth)];
        cells.extend(others.iter().flat_map(|(_, other)| [value(other), ratio(other)]));
        println!("{}", row(&cells));
    }
}

fn row(cells: &[String]) -> String {
    format!("| {} |", cells.join(" | "))
}

/// Nothing for what was not measured.
fn show(value: f64, digits: usize) -> String {
    if value.is_finite() { format!("{value:.digits$}") } else { String::new() }
}
