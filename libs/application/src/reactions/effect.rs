//! What a reaction is made of.

use domain::account::{Account, AccountEvent};

/// What a command did to an account.
pub(crate) struct Happened<'a> {
    /// The account as it was; nobody's when it was just made.
    pub(crate) before: Option<&'a Account>,
    /// The account as the command left it.
    pub(crate) after: &'a Account,
    /// The account as it is today. It is neither disabled nor its person erased.
    pub(crate) today: &'a Account,
}

/// Something that is to happen for the holder of the account. What else may follow from an event (a call of another program, a
/// timer) becomes a variant here.
pub(crate) enum Effect {
    /// A mail of this kind, to the account's address of the moment when it is sent, or to the one that the payload names.
    Mail {
        /// A kind of letter.
        letter: &'static str,
        /// What it is made from.
        payload: Option<String>,
    },
    /// Links under these words serve no more, and mails that would make them are not sent.
    Withdraw(&'static [&'static str]),
}

/// What is done about events of one kind.
pub(crate) struct Reaction {
    /// Whether it is about an event. Of several events of a command it answers the first, and sees what all of them did.
    pub(crate) is_about: fn(&AccountEvent) -> bool,
    /// What is to happen.
    pub(crate) effects: fn(&Happened<'_>) -> Vec<Effect>,
}

/// Word to the holder of an account, at the address that it has.
pub(super) fn word(letter: &'static str, today: &Account) -> Vec<Effect> {
    let mail = |_| Effect::Mail {
        letter,
        payload: None,
    };
    today.address.iter().map(mail).collect()
}
