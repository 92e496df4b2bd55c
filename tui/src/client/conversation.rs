//! One daemon, for as long as somebody watches.

use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use wgtrace_api::v1::node_client::NodeClient;
use wgtrace_api::v1::told::What;
use wgtrace_api::v1::{StatusReply, StatusRequest, Told};

use super::connect::{AskError, connect, reason, understood};
use super::message::Message;
use super::pump::{End, pump};
use super::watch::Wants;

/// What has to be known of a daemon to go on talking to it.
#[derive(Debug)]
pub(super) struct Conversation<M> {
    path: PathBuf,
    wants: Wants,
    teller: Teller<M>,
    /// What was said of why it is gone, and since when it is.
    gone: Option<(String, SystemTime)>,
}

/// Says what one daemon says.
#[derive(Debug, Clone)]
pub(super) struct Teller<M> {
    from: String,
    told: mpsc::Sender<M>,
}

/// Nobody listens any more.
pub(super) struct Unheard;

impl<M: Message> Teller<M> {
    /// Waits until it is taken.
    pub(super) async fn tell(&self, what: What) -> Result<(), Unheard> {
        self.send(self.message(what)).await
    }

    /// The same for what was made a message before.
    pub(super) async fn send(&self, message: M) -> Result<(), Unheard> {
        self.told.send(message).await.map_err(|_| Unheard)
    }

    /// As it is told, now.
    pub(super) fn message(&self, what: What) -> M {
        Told { from: self.from.clone(), time: now(), what: Some(what) }.into()
    }

    /// The same for packets.
    pub(super) fn packets(&self, packets: M::Packets) -> M {
        M::packets(self.from.clone(), now(), packets)
    }
}

impl<M: Message> Conversation<M> {
    pub(super) fn new(path: PathBuf, wants: Wants, told: mpsc::Sender<M>) -> Self {
        let from = path.display().to_string();
        Self { path, wants, teller: Teller { from, told }, gone: None }
    }

    /// Talks until nobody listens.
    pub(super) async fn hold(mut self) {
        let mut pause = FIRST_PAUSE;
        loop {
            let reason = match self.talk().await {
                Ok(reason) => reason,
                Err(Unheard) => return,
            };
            // Whoever was there a moment ago may be there in a moment.
            if self.gone.is_none() {
                pause = FIRST_PAUSE;
            }
            if self.tell_gone(reason).await.is_err() {
                return;
            }
            sleep(pause).await;
            pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
        }
    }

    /// From `hello` to the reason why it ends.
    async fn talk(&mut self) -> Result<String, Unheard> {
        let silent = AskError::Silent { path: self.path.clone(), seconds: PATIENCE.as_secs() };
        let greeting = timeout(PATIENCE, greet(&self.path)).await.unwrap_or_else(|_| Err(silent.to_string()));
        let (channel, status) = match greeting {
            Ok(greeting) => greeting,
            Err(reason) => return Ok(reason),
        };
        self.teller.from.clone_from(&status.node);
        self.teller.tell(What::Hello(status)).await?;
        self.gone = None;
        match pump(channel, &self.wants, &self.teller).await {
            End::Unheard => Err(Unheard),
            End::Lost(reason) => Ok(format!("wgtraced at {} went away: {reason}", self.path.display())),
        }
    }

    /// Once for each reason.
    async fn tell_gone(&mut self, reason: String) -> Result<(), Unheard> {
        let since = match &self.gone {
            Some((told, _)) if *told == reason => return Ok(()),
            Some((_, since)) => *since,
            None => SystemTime::now(),
        };
        let text = format!("{reason}; not connected since {}", humantime::format_rfc3339_seconds(since));
        self.gone = Some((reason, since));
        self.teller.tell(What::Gone(text)).await
    }
}

async fn greet(path: &std::path::Path) -> Result<(tonic::transport::Channel, StatusReply), String> {
    let channel = connect(path).await.map_err(|error| error.to_string())?;
    let status = NodeClient::new(channel.clone()).status(StatusRequest {}).await;
    let status = status
        .map_err(|status| AskError::Refused { path: path.into(), message: reason(&status) }.to_string())?;
    let status = status.into_inner();
    understood(&status).map_err(|error| error.to_string())?;
    Ok((channel, status))
}

/// In nanoseconds since 1970.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

/// For a daemon to say who it is.
const PATIENCE: Duration = Duration::from_secs(5);
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
