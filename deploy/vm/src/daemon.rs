//! The daemon's program, as a person runs it.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;
use wgtrace_testbed::{Flood, Line, Sink};

use crate::port::Port;

pub(crate) const WGTRACED: &str = "/bin/wgtraced";
const FLOOD: u64 = 100;

/// Makes the checks of the program.
pub(crate) fn daemon(port: &mut Port, line: &Line) -> Result<()> {
    port.check("wgtraced probe says what the kernel offers", probe)?;
    port.check("wgtraced trace prints a flood and its ledger", || trace(line))
}

fn probe() -> Result<String> {
    let output = Command::new(WGTRACED).args(["probe", "--json"]).output().context("cannot run wgtraced")?;
    ensure!(output.status.success(), "{}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim());
    let facts: Value = serde_json::from_slice(&output.stdout).context("not JSON")?;
    ensure!(facts.is_object(), "not an object: {facts}");
    Ok(facts.to_string())
}

fn trace(line: &Line) -> Result<String> {
    let mut command = Command::new(WGTRACED);
    command.args(["trace", "--json", "--iface", "eth0", "--hook", "from-netdev", "--duration", "60s"]);
    command.args(["--count", &FLOOD.to_string()]).stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = line.right.run(|| command.spawn())?.context("cannot run wgtraced")?;
    let outcome = watch(&mut child, line);
    // it fails only when it is over already
    drop(child.kill());
    drop(child.wait());
    outcome
}

fn watch(child: &mut Child, line: &Line) -> Result<String> {
    let mut stderr = BufReader::new(child.stderr.take().context("no standard error")?);
    let mut stdout = BufReader::new(child.stdout.take().context("no standard output")?);
    let mut said = String::new();
    while !said.contains("tracing") {
        if stderr.read_line(&mut said)? == 0 {
            bail!("it never began: {}", said.trim());
        }
    }
    let port = Line::right_port(10);
    let _sink = line.right.run(|| Sink::bind(port))??;
    line.left.run(|| Flood::new(port, FLOOD, 64).send())??;
    let mut lines = String::new();
    stdout.read_to_string(&mut lines)?;
    let status = child.wait()?;
    stderr.read_to_string(&mut said)?;
    ensure!(status.success(), "{status}: {}", said.trim());
    let objects: Vec<Value> = lines.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let (ledger, packets) = objects.split_last().context("it printed nothing")?;
    let packets = packets.iter().filter(|object| object.get("hook").is_some()).count();
    ensure!(u64::try_from(packets)? == FLOOD, "{packets} of {FLOOD} packets were printed");
    let exact = ledger.pointer("/ledger/exact") == Some(&Value::Bool(true));
    ensure!(exact, "the ledger does not add up: {ledger}");
    Ok(format!("{packets} packets, and an exact ledger"))
}
