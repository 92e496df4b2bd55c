//! `expect.json`.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

pub(crate) struct Expected {
    pub(crate) capture: String,
    /// Other captures in the folder.
    pub(crate) beside: Vec<String>,
    counts: Value,
    messages: Vec<Value>,
    /// Messages inside inner packets.
    inside: Vec<Value>,
    pub(crate) runs: Vec<Run>,
}

/// What has to come out with some key files.
pub(crate) struct Run {
    pub(crate) keys: Vec<String>,
    side: String,
    pub(crate) sessions: Vec<Value>,
    pub(crate) directions: Vec<Value>,
    /// Kind, receiver, reason, first frame, number of messages.
    pub(crate) failures: Vec<Value>,
    /// Position and kind of each failing message.
    failing: Vec<(usize, Value)>,
    pub(crate) handshake_failures: Vec<Value>,
    pub(crate) cookies: Value,
    /// What the frames are, where these keys tell less about them; inside a tunnel, always.
    pub(crate) counts: Value,
    /// What has to come out of the tunnel inside.
    pub(crate) inside: Option<Box<Run>>,
}

impl Expected {
    pub(crate) fn read(folder: &Path) -> Self {
        let path = folder.join("expect.json");
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let value: Value = serde_json::from_str(&text).unwrap();
        Self {
            capture: value["capture"].as_str().unwrap().to_owned(),
            beside: value.get("beside").map(names).unwrap_or_default(),
            counts: value["counts"].clone(),
            messages: list(&value["messages"]),
            inside: list(&value["inside"]),
            runs: list(&value["runs"]).iter().map(Run::from_value).collect(),
        }
    }

    pub(crate) fn counts(&self, run: &Run) -> Value {
        if run.counts.is_null() { self.counts.clone() } else { run.counts.clone() }
    }

    /// Every message that opens or fails, in order.
    pub(crate) fn events(&self, run: &Run) -> Vec<Value> {
        events(&self.messages, run)
    }

    /// The same of those inside another tunnel.
    pub(crate) fn events_inside(&self, run: &Run) -> Vec<Value> {
        events(&self.inside, run)
    }

    /// The packets of the output, in order: behind each what it carries.
    pub(crate) fn packets(&self, run: &Run, times: &[i64]) -> Vec<Value> {
        let inside: Vec<Value> =
            run.inside.iter().flat_map(|run| packets(&self.inside, run, times)).collect();
        packets(&self.messages, run, times)
            .into_iter()
            .flat_map(|packet| {
                let is_in = |other: &&Value| {
                    other["frame"] == packet["frame"] && other["carrier"] == packet["receiver"]
                };
                let behind: Vec<Value> = inside.iter().filter(is_in).cloned().collect();
                std::iter::once(packet).chain(behind)
            })
            .collect()
    }
}

fn events(messages: &[Value], run: &Run) -> Vec<Value> {
    let event = |(position, message): (usize, &Value)| match run.failure(position) {
        Some(kind) => json!({ "receiver": message["receiver"], "failed": kind }),
        None => json!({
            "receiver": message["receiver"],
            "counter": message["counter"],
            "inner_len": message["inner_len"],
        }),
    };
    messages.iter().enumerate().map(event).collect()
}

fn packets(messages: &[Value], run: &Run, times: &[i64]) -> Vec<Value> {
    let opened = messages.iter().enumerate().filter(|(position, _)| run.failure(*position).is_none());
    opened
        .filter(|(_, message)| message["inner_len"] != 0)
        .map(|(_, message)| {
            let frame = usize::try_from(message["frame"].as_u64().unwrap()).unwrap();
            json!({
                "frame": frame,
                "carrier": message["carrier"],
                "time": times[frame - 1],
                "receiver": message["receiver"],
                "counter": message["counter"],
                "len": message["inner_len"],
                "sha256": message["inner_sha256"],
                "outbound": message["from"] == run.side.as_str(),
            })
        })
        .collect()
}

impl Run {
    fn from_value(value: &Value) -> Self {
        let groups = list(&value["failures"]);
        let failing = groups
            .iter()
            .flat_map(|group| {
                list(&group["messages"]).into_iter().map(|position| (position, group["kind"].clone()))
            })
            .map(|(position, kind)| (usize::try_from(position.as_u64().unwrap()).unwrap(), kind))
            .collect();
        let failures = groups
            .iter()
            .map(|group| {
                json!({
                    "kind": group["kind"],
                    "receiver": group["receiver"],
                    "reason": group["reason"],
                    "first_frame": group["first_frame"],
                    "messages": list(&group["messages"]).len(),
                })
            })
            .collect();
        Self {
            keys: names(&value["keys"]),
            side: value["side"].as_str().unwrap().to_owned(),
            sessions: list(&value["sessions"]),
            directions: list(&value["directions"]),
            failures,
            failing,
            handshake_failures: list(&value["handshake_failures"]),
            cookies: json!([value["cookies_opened"], value["mac2_verified"]]),
            counts: value["counts"].clone(),
            inside: value.get("inside").map(|inside| Box::new(Self::from_value(inside))),
        }
    }

    fn failure(&self, position: usize) -> Option<&Value> {
        self.failing.iter().find(|(failing, _)| *failing == position).map(|(_, kind)| kind)
    }
}

fn names(value: &Value) -> Vec<String> {
    list(value).iter().map(|name| name.as_str().unwrap().to_owned()).collect()
}

fn list(value: &Value) -> Vec<Value> {
    value.as_array().unwrap_or_else(|| panic!("not a list: {value}")).clone()
}
