//! Echo requests, told as the document tells them.

use std::fmt;
use std::net::Ipv4Addr;
use std::time::Duration;

use anyhow::Result;
use wgtrace_testbed::{Echo, Pinger};

/// What became of echo requests. Shown, it is what busybox prints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Whom they were for.
    pub to: Ipv4Addr,
    /// How many were sent.
    pub sent: u16,
    /// The answers, in the order of the requests.
    pub replies: Vec<Echo>,
}

/// Sends `count` echo requests of 56 bytes from the calling thread's network namespace, each when the one before was
/// answered or not for two seconds.
pub fn ping(to: Ipv4Addr, count: u16) -> Result<Report> {
    let mut report = Report { to, sent: 0, replies: Vec::new() };
    let mut pinger = Pinger::new(to, PAYLOAD)?;
    for _ in 0..count {
        report.sent += 1;
        report.replies.extend(pinger.echo()?);
    }
    Ok(report)
}

impl Report {
    /// Whether every request was answered.
    pub fn is_whole(&self) -> bool {
        self.replies.len() == usize::from(self.sent)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let to = self.to;
        writeln!(out, "PING {to} ({to}): {PAYLOAD} data bytes")?;
        for Echo { number, ttl, bytes, time } in &self.replies {
            let time = milliseconds(*time);
            writeln!(out, "{bytes} bytes from {to}: seq={number} ttl={ttl} time={time} ms")?;
        }
        let lost = usize::from(self.sent).saturating_sub(self.replies.len());
        let percent = (100 * lost).checked_div(usize::from(self.sent)).unwrap_or(0);
        let (sent, received) = (self.sent, self.replies.len());
        writeln!(out, "\n--- {to} ping statistics ---")?;
        writeln!(out, "{sent} packets transmitted, {received} packets received, {percent}% packet loss")?;
        let times = || self.replies.iter().map(|reply| reply.time);
        let (Some(least), Some(most)) = (times().min(), times().max()) else { return Ok(()) };
        let mean = times().sum::<Duration>() / u32::try_from(received).unwrap_or(u32::MAX);
        let [least, mean, most] = [least, mean, most].map(milliseconds);
        writeln!(out, "round-trip min/avg/max = {least}/{mean}/{most} ms")
    }
}

fn milliseconds(time: Duration) -> String {
    let micros = time.as_micros();
    format!("{}.{:03}", micros / 1000, micros % 1000)
}

const PAYLOAD: usize = 56;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_reads_like_the_document() {
        let echo = Echo { number: 0, ttl: 60, bytes: 64, time: Duration::from_micros(6803) };
        let mut report = Report { to: Ipv4Addr::new(10, 0, 2, 194), sent: 1, replies: vec![echo] };
        let expected = "PING 10.0.2.194 (10.0.2.194): 56 data bytes\n\
            64 bytes from 10.0.2.194: seq=0 ttl=60 time=6.803 ms\n\n\
            --- 10.0.2.194 ping statistics ---\n\
            1 packets transmitted, 1 packets received, 0% packet loss\n\
            round-trip min/avg/max = 6.803/6.803/6.803 ms\n";
        assert_eq!(report.to_string(), expected);
        report.sent = 2;
        assert!(!report.is_whole() && report.to_string().contains("1 packets received, 50% packet loss"));
    }
}
