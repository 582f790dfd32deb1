//! An account around a command, and what follows for it.

use domain::{
    AccountId, Event,
    account::{Account, AccountEvent},
};
use event_log::{Recorded, Version};
use sessions::{Consequence, What};
use uuid::Uuid;

use crate::{
    kernel::{codec, error::ReadError},
    reactions::{
        effect::{Effect, Happened},
        sources::Sources,
    },
};

/// The name space of the ids of effects, made of event, account and effect.
const EFFECTS: Uuid = Uuid::from_bytes(*b"guichet--effects");

/// An account around a command.
pub(super) struct Life {
    before: Option<Account>,
    after: Option<Account>,
    today: Option<Account>,
    /// The events of the command that came before the one in question.
    pub(super) begun: Vec<AccountEvent>,
}

impl Life {
    pub(super) fn read(sources: &Sources, recorded: &Recorded, id: AccountId) -> Result<Life, ReadError> {
        let stream = &recorded.envelope.stream;
        let events = sources.log.read_stream(stream, Version(0), usize::MAX)?;
        let mut life = Life {
            before: None,
            after: None,
            today: None,
            begun: Vec::new(),
        };
        let mut account = None;
        for one in &events {
            let is_of_command = one.envelope.command_id == recorded.envelope.command_id;
            if is_of_command && life.after.is_none() {
                life.before.clone_from(&account);
            }
            if let Event::Account(event) = codec::decode(&sources.vault, one)? {
                if is_of_command && one.position < recorded.position {
                    life.begun.push(event.clone());
                }
                account = Account::evolve(account, id, one.envelope.at, event);
            }
            if is_of_command {
                life.after.clone_from(&account);
            }
        }
        life.today = account;
        Ok(life)
    }

    /// Nothing for an account that is disabled today.
    pub(super) fn happened(&self) -> Option<Happened<'_>> {
        Some(Happened {
            before: self.before.as_ref(),
            after: self.after.as_ref()?,
            today: self.today.as_ref().filter(|today| !today.disabled)?,
        })
    }
}

/// The account whose event this is.
pub(super) fn account_of(recorded: &Recorded) -> Option<AccountId> {
    let id = recorded.envelope.stream.as_str().strip_prefix("account-")?;
    Some(AccountId(Uuid::parse_str(id).ok()?))
}

/// An effect under the id that is its own for ever.
pub(super) fn consequence(recorded: &Recorded, account: AccountId, effect: Effect) -> Consequence {
    let (word, what) = match effect {
        Effect::Mail { letter, payload } => (
            letter,
            What::Post {
                effect: letter,
                payload,
            },
        ),
        Effect::Withdraw(words) => ("withdrawal", What::Withdraw(words)),
    };
    let event = recorded.envelope.id.0;
    let named = [event.as_bytes(), account.0.as_bytes(), word.as_bytes()].concat();
    Consequence {
        effect_id: Uuid::new_v5(&EFFECTS, &named),
        account: account.0,
        at: recorded.envelope.at,
        what,
    }
}
