//! What `wgtrace capture` and `wgtraced trace` write of a packet into its comment.

use wgtrace_abi::Verdict;

/// Which end of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    From,
    To,
    InsideFrom,
    InsideTo,
}

/// What a comment says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Comment<'a> {
    pub(super) verdict: Option<Verdict>,
    pub(super) drop_reason: u8,
    pub(super) mark: u32,
    pub(super) is_leak: bool,
    /// Pods, and else nodes, of its ends.
    pub(super) pods: Vec<(End, &'a str)>,
    pub(super) nodes: Vec<(End, &'a str)>,
    /// Node and public key.
    pub(super) peer: Option<(&'a str, &'a str)>,
    pub(super) segments: u16,
}

impl<'a> Comment<'a> {
    /// What is not understood is passed over.
    pub(super) fn of(text: &'a str) -> Self {
        let mut comment = Self::default();
        for piece in text.split(", ") {
            if let Some(name) = piece.strip_prefix("verdict ") {
                comment.verdict = Verdict::ALL.into_iter().find(|verdict| verdict.name() == name);
            } else if let Some(reason) = piece.strip_prefix("drop reason ") {
                let number = reason.split_once(' ').map_or(reason, |(number, _)| number);
                comment.drop_reason = number.parse().unwrap_or(0);
            } else if let Some(mark) = piece.strip_prefix("mark 0x") {
                comment.mark = u32::from_str_radix(mark, 16).unwrap_or(0);
            } else if piece.starts_with("LEAKED") {
                comment.is_leak = true;
            } else if let Some(frame) = piece.strip_prefix("super-frame of ") {
                let number = frame.split_once(' ').map_or(frame, |(number, _)| number);
                comment.segments = number.parse().unwrap_or(0);
            } else if let Some((node, key)) =
                piece.strip_prefix("peer ").and_then(|peer| peer.split_once(" ("))
            {
                comment.peer = Some((node, key.trim_end_matches(')')));
            } else {
                comment.end(piece);
            }
        }
        comment
    }

    fn end(&mut self, piece: &'a str) {
        let ends = [
            ("inside from ", End::InsideFrom),
            ("inside to ", End::InsideTo),
            ("from ", End::From),
            ("to ", End::To),
        ];
        let found = ends.into_iter().find_map(|(word, end)| Some((end, piece.strip_prefix(word)?)));
        if let Some((end, name)) = found {
            self.pods.extend(name.strip_prefix("pod ").map(|pod| (end, pod)));
            self.nodes.extend(name.strip_prefix("node ").map(|node| (end, node)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_of_a_packet_is_read_back() {
        let comment = Comment::of(
            "tap-out, verdict dropped, mark 0xe00, drop reason 195 (Traffic is unencrypted), from pod default/net, to \
             node worker2, LEAKED in the clear, WireGuard TransportData, peer worker2 (IKwg=), inside from pod \
             default/net, super-frame of 3 segments",
        );
        let expected = Comment {
            verdict: Some(Verdict::Dropped),
            drop_reason: 195,
            mark: 0xe00,
            is_leak: true,
            pods: vec![(End::From, "default/net"), (End::InsideFrom, "default/net")],
            nodes: vec![(End::To, "worker2")],
            peer: Some(("worker2", "IKwg=")),
            segments: 3,
        };
        assert_eq!(comment, expected);
        assert_eq!(Comment::of("a person's own words, verdict perhaps, mark 0xzz"), Comment::default());
    }
}
