//! `wgtrace decrypt`: a capture and keys in, the inner packets and a summary out.

mod keyfiles;
mod run;
mod summary;

use std::io::{IsTerminal as _, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::thread::available_parallelism;

use anyhow::{Context as _, Result, ensure};
use wgtrace_decrypt::pipeline::{Encoder, Format, Front};
use zeroize::Zeroizing;

use crate::cli::{DecryptArgs, EXIT_NOTHING, EmbedLevel, FormatArg, Misuse};
use crate::io::{Input, Output, Reading, say};

pub(crate) use self::keyfiles::Keys;

/// Runs the command.
pub(crate) fn run(args: &DecryptArgs) -> Result<ExitCode> {
    let to_stdout = args.write.as_deref() == Some(Path::new("-"));
    args.sources.check()?;
    ensure!(!(args.json && to_stdout), Misuse("--json and -w - both want standard output"));
    let format = container(args)?;
    let keys = Keys::read(&args.sources.keys)?;
    keys.complain();
    let input = Input::open(&args.sources.capture)?;
    let files = keys.files_and(&input);
    let mut front = front(&input, keys, &args.sources.capture)?;

    let with_outer = args.with_outer || args.embed_keys == Some(EmbedLevel::Wireshark);
    let encoder = format.map_or_else(Encoder::discard, |format| Encoder::new(format, with_outer));
    let embedded = args.embed_keys.map(|level| embedded(&mut front, level)).transpose()?;
    let output = match &args.write {
        None => Output::Nothing,
        Some(path) => Output::create(path, &files)?,
    };
    let header = encoder.header(embedded.as_ref().map(|lines| lines.as_str()))?;
    let jobs = args.jobs.or_else(|| available_parallelism().ok()).map_or(1, std::num::NonZero::get);
    let progress = !args.quiet && std::io::stderr().is_terminal();
    let mut counted = run::run(front, output, &header, &encoder, jobs, progress.then_some(input.len()))
        .with_context(|| format!("decrypting {}", args.sources.capture.display()))?;

    // Keys may come with the capture, and be wrong there.
    counted.front.take_complaints().iter().for_each(say);
    let summary = summary::Summary::new(&counted);
    if args.json {
        summary.json(&mut std::io::stdout().lock())?;
    } else if !args.quiet {
        let text = summary.text();
        if to_stdout {
            // The packets went out; the talk beside them may go unheard.
            let _ = std::io::stderr().write_all(text.as_bytes());
        } else {
            std::io::stdout().write_all(text.as_bytes())?;
        }
    }
    let opened = counted.report.totals().opened.messages() > 0;
    Ok(if opened { ExitCode::SUCCESS } else { ExitCode::from(EXIT_NOTHING) })
}

/// Starts the pipeline on `input`.
pub(crate) fn front(input: &Input, keys: Keys, name: &Path) -> Result<Front<Reading>> {
    let again = input.reading();
    let reopen = Box::new(move || Ok(again.rewound()));
    Front::new(input.reading(), reopen, keys.secrets).with_context(|| name.display().to_string())
}

fn container(args: &DecryptArgs) -> Result<Option<Format>> {
    let Some(path) = &args.write else { return Ok(None) };
    let by_name = path.extension().is_some_and(|ending| ending == "pcap" || ending == "cap");
    let format = match args.format {
        Some(FormatArg::Pcap) => Format::Pcap,
        None if by_name => Format::Pcap,
        Some(FormatArg::Pcapng) | None => Format::PcapNg,
    };
    let wants_blocks = args.with_outer || args.embed_keys.is_some();
    ensure!(
        !(format == Format::Pcap && wants_blocks),
        Misuse(
            "classic pcap has room for neither outer frames nor keys: \
             use --format pcapng or a name ending in .pcapng"
        )
    );
    Ok(Some(format))
}

/// The key lines for the output's Decryption Secrets Block.
fn embedded(front: &mut Front<Reading>, level: EmbedLevel) -> Result<Zeroizing<String>> {
    // The block comes before the packets, so every handshake has to be known first.
    front.gather()?;
    let sessions = front.sessions();
    match level {
        EmbedLevel::Session => Ok(sessions.transport_lines()),
        EmbedLevel::Wireshark => {
            say("the output contains a static private key: whoever has the file can impersonate its owner");
            let without = sessions.without_handshake();
            if without > 0 {
                say(format_args!(
                    "{without} sessions have no handshake in the capture: Wireshark cannot decrypt them"
                ));
            }
            Ok(sessions.wireshark_lines())
        }
    }
}
