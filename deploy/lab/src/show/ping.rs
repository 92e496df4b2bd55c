//! Echo requests and their replies, as the walkthrough's ping (busybox) prints them.

use std::fmt;
use std::net::Ipv4Addr;
use std::time::Duration;

/// What came of some echo requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pinged {
    /// Whom they went to.
    pub to: Ipv4Addr,
    /// Bytes behind the ICMP header of each.
    pub payload: usize,
    /// How many were sent.
    pub sent: usize,
    /// What was answered.
    pub echoes: Vec<Echo>,
}

/// A reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Echo {
    /// The request's number.
    pub sequence: u16,
    /// The hops that it had left on arrival.
    pub ttl: u8,
    /// Time since the request.
    pub time: Duration,
}

impl fmt::Display for Pinged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { to, payload, sent, echoes } = self;
        writeln!(f, "PING {to} ({to}): {payload} data bytes")?;
        for Echo { sequence, ttl, time } in echoes {
            let bytes = payload + ICMP_HEADER;
            writeln!(f, "{bytes} bytes from {to}: seq={sequence} ttl={ttl} time={} ms", Millis(*time))?;
        }
        let lost = (sent.saturating_sub(echoes.len()) * 100).checked_div(*sent).unwrap_or(0);
        writeln!(f, "\n--- {to} ping statistics ---")?;
        write!(f, "{sent} packets transmitted, {} packets received, {lost}% packet loss", echoes.len())?;
        let times = || echoes.iter().map(|echo| echo.time);
        if let (Some(least), Some(most), Ok(count)) = (times().min(), times().max(), u32::try_from(echoes.len())) {
            let mean = times().sum::<Duration>() / count;
            write!(f, "\nround-trip min/avg/max = {}/{}/{} ms", Millis(least), Millis(mean), Millis(most))?;
        }
        Ok(())
    }
}

struct Millis(Duration);

impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03}", self.0.as_millis(), self.0.subsec_micros() % 1000)
    }
}

const ICMP_HEADER: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ping_reads_as_in_the_walkthrough() {
        let echo = Echo { sequence: 0, ttl: 60, time: Duration::from_micros(6803) };
        let pinged = Pinged { to: Ipv4Addr::new(10, 0, 2, 194), payload: 56, sent: 1, echoes: vec![echo] };
        assert_eq!(
            pinged.to_string(),
            "PING 10.0.2.194 (10.0.2.194): 56 data bytes\n\
             64 bytes from 10.0.2.194: seq=0 ttl=60 time=6.803 ms\n\n\
             --- 10.0.2.194 ping statistics ---\n\
             1 packets transmitted, 1 packets received, 0% packet loss\n\
             round-trip min/avg/max = 6.803/6.803/6.803 ms"
        );
        let lost = Pinged { sent: 2, echoes: Vec::new(), ..pinged };
        assert!(lost.to_string().ends_with("2 packets transmitted, 0 packets received, 100% packet loss"));
    }
}
