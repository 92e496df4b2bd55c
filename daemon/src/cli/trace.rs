use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::builder::PossibleValuesParser;
use wgtrace_abi::{Gate, Hook, PacketEvent};

use crate::filter::HookFilter;
use crate::probe::role::Pattern;

/// What `wgtraced trace` takes.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "flags of a command line")]
#[command(after_help = EXIT_CODES, after_long_help = LONG_HELP)]
pub struct TraceArgs {
    /// Interface, or a pattern of names with * and ?; may be repeated.
    ///
    /// What an interface is in the datapath follows from its name and kind (lxc* are pods, `cilium_host` is the host,
    /// `cilium_wg0` and WireGuard devices encrypt, all others are native) unless it is said: NAME=container, =host,
    /// =wireguard or =netdev. Interfaces that appear later and match are traced from then on.
    #[arg(short, long, value_name = "NAME[=ROLE]", required = true)]
    pub iface: Vec<Pattern>,

    /// Network namespace: its name, a path, or pid:N; may be repeated [default: this one].
    #[arg(long, value_name = "NETNS")]
    pub netns: Vec<String>,

    /// Also trace what really entered and left the interfaces, behind all other programs.
    #[arg(long)]
    pub tap: bool,

    /// Only this hook; may be repeated.
    #[arg(long, value_name = "HOOK", value_parser = PossibleValuesParser::new(Hook::ALL.map(Hook::name)))]
    pub hook: Vec<String>,

    /// Only packets that match, decided in the kernel; HOOK:EXPR is for one hook.
    #[arg(short, long, value_name = "[HOOK:]EXPR")]
    pub filter: Vec<HookFilter>,

    /// Most bytes of a packet.
    #[arg(short, long, value_name = "BYTES", default_value_t = Gate::DEFAULT_SNAPLEN,
          value_parser = clap::value_parser!(u16).range(..=i64::from(PacketEvent::MAX_CAPTURED)))]
    pub snaplen: u16,

    /// Trace one of N matching packets.
    #[arg(long, value_name = "N", default_value = "1")]
    pub sample: NonZeroU32,

    /// Pages of ring for each CPU, a power of two.
    #[arg(long, value_name = "N", default_value = "64")]
    pub buffer_pages: NonZeroU32,

    /// End after N packets.
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub count: Option<u64>,

    /// End after this time, such as 10s or 2min.
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub duration: Option<Duration>,

    /// Print one JSON object a line.
    #[arg(long)]
    pub json: bool,

    /// Print flows instead of packets: those with packets since the last time.
    #[arg(long, conflicts_with = "hex")]
    pub flows: bool,

    /// How often flows are printed.
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "1s", requires = "flows")]
    pub interval: Duration,

    /// Write packets to a pcapng file instead; - for standard output.
    #[arg(short, long, value_name = "FILE", conflicts_with_all = ["json", "flows", "hex"])]
    pub write: Option<PathBuf>,

    /// Write super-frames as they are, not as the packets they stand for.
    #[arg(long, requires = "write")]
    pub raw_frames: bool,

    /// Print the captured bytes, too.
    #[arg(short = 'x', long, conflicts_with = "json")]
    pub hex: bool,

    /// Does nothing: names are never looked up.
    #[arg(short, hide = true)]
    pub numeric: bool,
}

impl TraceArgs {
    /// The hooks that are wanted: those that were named, else all, taps if asked for.
    pub fn hooks(&self) -> Vec<Hook> {
        let is_tap = |hook: &Hook| matches!(hook, Hook::TapIn | Hook::TapOut);
        let is_named = |hook: &Hook| self.hook.iter().any(|name| name == hook.name());
        let is_wanted = |hook: &Hook| {
            if self.hook.is_empty() {
                self.tap || !is_tap(hook)
            } else {
                is_named(hook) || self.tap && is_tap(hook)
            }
        };
        Hook::ALL.into_iter().filter(is_wanted).collect()
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(Duration::ZERO) => Err("a time longer than nothing is needed".into()),
        Ok(duration) => Ok(duration),
        Err(error) => Err(error.to_string()),
    }
}

const EXIT_CODES: &str = "Exit status: 0 the trace ended as it was told to, or nobody reads any more; 1 an error; \
2 a mistake on the command line; 3 the ledger does not add up; 130 told to end twice.";

const LONG_HELP: &str = "\
Lines go to standard output: time (UTC), interface, hook, packet. Standard error has what is lost while it is lost, and
the ledger at the end: produced = delivered + lost, for each CPU and hook. With --json the ledger is the last object.

Filters are a part of tcpdump's: host, net, port and portrange (after src or dst perhaps), proto N, tcp, udp, icmp,
icmp6, arp, ip, ip6, wireguard; conditions joined by and, up to 8 alternatives by or.

Keys of an object: time, boot_ns, netns, iface, ifindex, hook, point, packet_type, ingress_ifindex, sampling, len,
captured, gso {size, segments}, vlan [{id, priority, protocol}], eth {src, dst, type}, arp {operation, sender, target,
sender_mac, target_mac}, ethertype, fault, ip {version, src, dst, protocol, ttl, dscp, ecn, len, id, dont_fragment,
flow_label, fragment {id, offset, more}, missing}, l4 {type, src_port, dst_port, flags, seq, ack, window, payload_len,
icmp_type, icmp_code, id, fault}, wireguard {type, sender, receiver, counter, sealed_len}, verdict, drop_reason,
drop_words, mark, cpu, sequence. What is not known of a packet is not there.

Examples:
  wgtraced trace -i 'lxc*' -i cilium_wg0 -i eth0               a packet's way: pod, encryption, wire
  wgtraced trace -i eth0 --tap -f 'wireguard or udp port 53'   what really leaves, decided in the kernel
  wgtraced trace -i eth0 -f 'tap-out:net 10.0.0.0/8' --tap     another filter for one hook
  wgtraced trace -i '*' --netns node1 --netns node2 --json     two namespaces, for programs
  wgtraced trace -i eth0 --flows --interval 5s                 flows instead of packets
  wgtraced trace -i eth0 -s 9000 -w eth0.pcapng --duration 1min  a capture of a minute

Exit status: 0 the trace ended as it was told to, or nobody reads any more; 1 an error; 2 a mistake on the command
line; 3 the ledger does not add up; 130 told to end twice.";
