//! The loop: what waits is listed, claimed, sent and told about, until the courier is told to stop.

use crate::client::{CallError, Client, Listing};
use crate::config::CourierConfig;
use crate::error::{CourierError, chain};
use crate::mailer::{ConnectError, Mailer};
use crate::patience::{Patience, doubled};
use api_types::{Delivery, Outcome, SettleDelivery};
use futures_util::{
    StreamExt as _,
    future::{Either, select},
    stream,
};
use std::{
    future::Future,
    pin::pin,
    sync::{
        OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};

/// Most mails under way at once.
pub const AT_ONCE_MAX: usize = 4;
/// How long what is under way may take once the courier is told to stop, milliseconds. What does not end within it comes
/// back when its claim has run out.
pub const STOP_TIMEOUT_MS: u64 = 20_000;

/// The only channel that this courier serves.
const CHANNEL: &str = "mail";
/// Deliveries listed at once.
const PAGE_DELIVERIES: u32 = 50;
/// How long the API may wait for a delivery before it answers that there is none, seconds.
const WAIT_S: u64 = 20;
/// How long to wait after a pass in which nothing was claimed, milliseconds: what is listed may not be ours to claim.
const IDLE_MS: u64 = 1_000;
/// How often an outcome is told again when the API does not take it. With the waits between, half the time of a claim.
const TELL_AGAIN_MAX: u32 = 5;

/// A courier that is ready to run.
pub struct Courier {
    client: Client,
    mailer: Mailer,
}

/// A courier for these settings. It asks neither the API nor the mail server anything yet, so that they can start in any
/// order.
///
/// # Errors
/// [`CourierError`] tells which setting cannot be used.
pub fn new(config: CourierConfig) -> Result<Courier, CourierError> {
    // The process may have chosen its cryptography before; either choice will do.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Ok(Courier {
        client: Client::new(&config)?,
        mailer: Mailer::new(&config)?,
    })
}

/// Why deliveries are not carried out for now.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error(transparent)]
    Api(#[from] CallError),
    #[error(transparent)]
    MailServer(#[from] ConnectError),
}

/// What one pass over the waiting deliveries came to.
#[derive(Default)]
struct Pass {
    claimed: AtomicUsize,
    /// The first one; it ends the pass.
    trouble: OnceLock<Trouble>,
}

/// Whether the courier was told to stop.
#[derive(Clone)]
struct Stopping(watch::Receiver<bool>);

impl Stopping {
    fn is_told(&self) -> bool {
        *self.0.borrow()
    }

    async fn told(&mut self) {
        // That nobody can tell any more is being told.
        let _ = self.0.wait_for(|told| *told).await;
    }

    /// The output, or nothing when the courier is told to stop before.
    async fn or<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        match select(pin!(self.told()), pin!(work)).await {
            Either::Left(_) => None,
            Either::Right((output, _)) => Some(output),
        }
    }
}

impl Courier {
    /// Delivers until `stop` resolves and what is under way has ended, at most 20 s later. Must be called within a Tokio
    /// runtime.
    ///
    /// While the API or the mail server is away it waits, from a second up to a minute, and says so once in the log; while
    /// the mail server is away nothing is claimed, so that no try is used up.
    pub async fn run(&self, stop: impl Future<Output = ()>) {
        let (tell, told) = watch::channel(false);
        let (stop, passes) = (pin!(stop), pin!(self.passes(Stopping(told))));
        match select(stop, passes).await {
            Either::Left(((), passes)) => {
                tell.send_replace(true);
                let limit = Duration::from_millis(STOP_TIMEOUT_MS);
                if timeout(limit, passes).await.is_err() {
                    tracing::warn!("the courier stopped before all mail under way had ended");
                }
            }
            Either::Right(((), _)) => tracing::warn!("the courier ended without having been told to"),
        }
    }

    async fn passes(&self, mut stopping: Stopping) {
        let mut patience = Patience::default();
        while !stopping.is_told() {
            let mut pass = Pass::default();
            self.pass(&mut pass, stopping.clone()).await;
            let delay = rest(&pass, &mut patience);
            stopping.or(sleep(delay)).await;
        }
    }

    /// Carries out what waits, oldest first, and waits for something while there is nothing.
    async fn pass(&self, pass: &mut Pass, mut stopping: Stopping) {
        let mut listing = Listing {
            after: 0,
            limit: PAGE_DELIVERIES,
            wait_s: WAIT_S,
        };
        while !stopping.is_told() && pass.trouble.get().is_none() {
            let page = match stopping.or(self.client.list(listing)).await {
                Some(Ok(page)) => page,
                Some(Err(error)) => {
                    pass.end(error.into());
                    return;
                }
                None => return,
            };
            let is_last = page.items.is_empty() || page.next_after <= listing.after;
            let ours = page
                .items
                .into_iter()
                .filter(|delivery| delivery.channel == CHANNEL);
            stream::iter(ours)
                .for_each_concurrent(AT_ONCE_MAX, |delivery| self.attempt(delivery, pass, &stopping))
                .await;
            if is_last {
                return;
            }
            listing.after = page.next_after;
            listing.wait_s = 0;
        }
    }

    /// Carries out one delivery, unless the pass has ended.
    async fn attempt(&self, delivery: Delivery, pass: &Pass, stopping: &Stopping) {
        if pass.trouble.get().is_some() || stopping.is_told() {
            return;
        }
        if let Err(trouble) = self.deliver(&delivery, pass, stopping.clone()).await {
            pass.end(trouble);
        }
    }

    /// Connects before it claims: a claim uses up a try.
    async fn deliver(&self, delivery: &Delivery, pass: &Pass, mut stopping: Stopping) -> Result<(), Trouble> {
        let Some(connection) = stopping.or(self.mailer.connect()).await else {
            return Ok(());
        };
        let connection = connection?;
        let Some(claimed) = self.client.claim(delivery.id).await? else {
            connection.close().await;
            return Ok(());
        };
        pass.claimed.fetch_add(1, Ordering::Relaxed);
        let outcome = connection.send(&claimed).await;
        let (id, effect) = (delivery.id, delivery.effect.as_str());
        match outcome.outcome {
            Outcome::Delivered => tracing::info!(delivery = id, effect, "mail delivered"),
            Outcome::Refused => tracing::warn!(delivery = id, effect, "mail refused"),
            Outcome::Failed => tracing::warn!(delivery = id, effect, "mail failed"),
        }
        if !self.tell(id, &outcome).await? {
            tracing::warn!(
                delivery = id,
                effect,
                "the claim had run out before its outcome was told"
            );
        }
        Ok(())
    }

    /// Tells the outcome, several times when the API is away for a moment: an outcome untold is a mail sent twice.
    async fn tell(&self, id: u64, outcome: &SettleDelivery) -> Result<bool, CallError> {
        let mut again = 0;
        loop {
            match self.client.tell(id, outcome).await {
                Err(error) if error.may_pass() && again < TELL_AGAIN_MAX => {
                    sleep(doubled(again)).await;
                    again += 1;
                }
                told => return told,
            }
        }
    }
}

impl Pass {
    /// Ends the pass; what is under way goes on.
    fn end(&self, trouble: Trouble) {
        // A later trouble of the same pass says nothing new.
        let _ = self.trouble.set(trouble);
    }
}

/// How long to wait after this pass. Says what has changed.
fn rest(pass: &Pass, patience: &mut Patience) -> Duration {
    let has_claimed = pass.claimed.load(Ordering::Relaxed) > 0;
    let Some(trouble) = pass.trouble.get() else {
        if patience.relief() {
            tracing::info!("the courier goes on");
        }
        return Duration::from_millis(if has_claimed { 0 } else { IDLE_MS });
    };
    if has_claimed {
        patience.progress();
    }
    let trouble = chain(trouble);
    let advice = patience.after(&trouble);
    if advice.is_news {
        tracing::warn!(trouble, "the courier waits");
    }
    advice.delay
}
