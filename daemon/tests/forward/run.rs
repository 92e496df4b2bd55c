//! Running one program over one packet (`BPF_PROG_TEST_RUN`).

use std::time::Duration;

use anyhow::{Context as _, Result};
use aya::programs::{SchedClassifier, TestRun as _, TestRunOptions};
use wgtrace_abi::{Hook, names};
use wgtraced::datapath::bpf::Forwarding;
use zerocopy::IntoBytes as _;

/// What a program left of a packet.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ran {
    /// -1 is on to the next, 2 dropped, 7 redirected.
    pub(crate) verdict: i32,
    pub(crate) mark: u32,
    pub(crate) frame: Vec<u8>,
}

pub(crate) const NEXT: i32 = -1;
pub(crate) const DROPPED: i32 = 2;
pub(crate) const REDIRECTED: i32 = 7;

/// Runs the program of a hook once over a frame with this mark.
pub(crate) fn run(forwarding: &mut Forwarding, hook: Hook, frame: &[u8], mark: u32) -> Result<Ran> {
    let (mut context, mut after) = ([0_u32; CONTEXT], [0_u32; CONTEXT]);
    context[MARK] = mark;
    let mut out = vec![0; frame.len() + 64];
    let result = classifier(forwarding, hook)?.test_run(TestRunOptions {
        data_in: Some(frame),
        data_out: Some(&mut out),
        ctx_in: Some(context.as_bytes()),
        ctx_out: Some(after.as_mut_bytes()),
        ..TestRunOptions::default()
    })?;
    out.truncate(usize::try_from(result.data_size_out)?);
    Ok(Ran { verdict: result.return_value.cast_signed(), mark: after[MARK], frame: out })
}

/// Mean time of so many runs over the same frame with this mark, both of which a program may change each time.
pub(crate) fn time(
    forwarding: &mut Forwarding,
    hook: Hook,
    (frame, mark): (&[u8], u32),
    times: u32,
) -> Result<(i32, Duration)> {
    let mut context = [0_u32; CONTEXT];
    context[MARK] = mark;
    let result = classifier(forwarding, hook)?.test_run(TestRunOptions {
        data_in: Some(frame),
        ctx_in: Some(context.as_bytes()),
        repeat: times,
        ..TestRunOptions::default()
    })?;
    Ok((result.return_value.cast_signed(), result.duration))
}

fn classifier(forwarding: &mut Forwarding, hook: Hook) -> Result<&mut SchedClassifier> {
    let name = names::forwarder(hook).context("nothing is forwarded there")?;
    let program = forwarding.instance().object_mut().program_mut(name).context("no such program")?;
    let program: &mut SchedClassifier = program.try_into()?;
    if program.fd().is_err() {
        program.load()?;
    }
    Ok(program)
}

/// linux: `struct __sk_buff`, in words.
const CONTEXT: usize = 48;
const MARK: usize = 2;
