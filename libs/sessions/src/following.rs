//! What follows from events of the log, each thing once.

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension as _, TransactionBehavior, params};
use uuid::Uuid;

use crate::delivery::{self, NewDelivery, PostError};
use crate::{Sessions, StorageError, one_time};

/// As what a withdrawal is remembered, beside the effects of deliveries.
const WITHDRAWAL: &str = "withdrawal";

/// Something that follows from an event for an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consequence {
    /// Which effect it is: of one there is one, however often it is asked for.
    pub effect_id: Uuid,
    /// For whom.
    pub account: Uuid,
    /// When the event happened.
    pub at: DateTime<Utc>,
    /// What happens.
    pub what: What,
}

/// What happens to an account because of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A delivery is posted, however many were.
    Post {
        /// Why it goes.
        effect: &'static str,
        /// What its text is made from.
        payload: Option<String>,
    },
    /// What was to serve it once is withdrawn, under these words, as [`Sessions::withdraw`] does, unless it was made after the event:
    /// whoever asks for a link just then is not answered by nothing.
    Withdraw(&'static [&'static str]),
}

impl What {
    /// As what it is remembered.
    fn name(&self) -> &'static str {
        match self {
            What::Post { effect, .. } => effect,
            What::Withdraw(_) => WITHDRAWAL,
        }
    }
}

impl Sessions {
    /// Up to which position of the log it is known what follows; `None` when it never was.
    ///
    /// # Errors
    /// [`StorageError`].
    pub fn reacted_through(&self) -> Result<Option<u64>, StorageError> {
        let database = self.inner.database.lock();
        let mut statement = database.prepare_cached("SELECT through FROM reacted")?;
        let through: Option<i64> = statement.query_row([], |row| row.get(0)).optional()?;
        Ok(through.map(i64::cast_unsigned))
    }

    /// Carries out what follows from the events up to a position of the log, in this order, and takes note of the position in the
    /// same step. What was carried out within the last [`crate::POSTED_KEPT_HOURS`] is passed over, and so is what is for an account
    /// that `is_wanted` refuses: it is asked while nobody else writes. Answers how much was carried out.
    ///
    /// # Errors
    /// See [`PostError`]; then nothing was carried out.
    pub fn follow(
        &self,
        through: u64,
        consequences: &[Consequence],
        is_wanted: impl Fn(Uuid) -> bool,
    ) -> Result<usize, PostError> {
        let mut database = self.inner.database.lock();
        let transaction = database.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut done = 0;
        for one in consequences {
            let name = one.what.name();
            if !is_wanted(one.account)
                || !delivery::count(&transaction, one.account, name, one.at, one.effect_id)?
            {
                continue;
            }
            match &one.what {
                What::Post { effect, payload } => {
                    let new = NewDelivery {
                        effect_id: one.effect_id,
                        account: Some(one.account),
                        about: None,
                        effect: (*effect).to_owned(),
                        payload: payload.clone(),
                        at: one.at,
                        limit: None,
                    };
                    delivery::insert(&transaction, &new)?;
                }
                What::Withdraw(words) => {
                    one_time::withdraw(&transaction, one.account, words, one.at)?;
                }
            }
            done += 1;
        }
        transaction
            .prepare_cached(
                "INSERT INTO reacted (one, through) VALUES (1, ?1)
                 ON CONFLICT (one) DO UPDATE SET through = excluded.through",
            )?
            .execute(params![through.cast_signed()])?;
        transaction.commit()?;
        Ok(done)
    }
}
