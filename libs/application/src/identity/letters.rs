//! The kinds of mail about accounts, and what they say, in French and English.

use domain::{Language, account::Account, policy::Shown};

/// A link to choose a new password (seed 002, F73).
pub const PASSWORD_RESET: &str = "password-reset";
/// A link to choose the first password of an account that was made for somebody (seed 002, F66).
pub const INVITATION: &str = "invitation";
/// The user name that was forgotten (seed 002, F74).
pub const USERNAME_REMINDER: &str = "username-reminder";
/// A link that shows that an address is one's own (seed 002, F81).
pub const ADDRESS_CONFIRMATION: &str = "address-confirmation";
/// A link that makes the account that somebody asked for (seed 002, F68).
pub const SIGN_UP: &str = "sign-up";
/// Word to the address before that another one is used from now on: who has stolen a sign-in must not take the account over
/// in silence.
pub const ADDRESS_CHANGED: &str = "address-changed";
/// Word that the password was changed.
pub const PASSWORD_CHANGED: &str = "password-changed";
/// Word that the second factor was set up, replaced or taken away.
pub const SECOND_FACTOR_CHANGED: &str = "second-factor-changed";

/// How long the link of a reset holds, hours.
const RESET_HOURS: i64 = 1;
/// How long the other links hold, hours.
const LINK_HOURS: i64 = 72;

/// Whose account a letter is about.
pub(crate) struct Holder {
    /// The name that others see.
    name: String,
    /// The name used to sign in.
    username: String,
}

impl Holder {
    /// The holder of an account; nobody once they are erased.
    pub(crate) fn of(account: &Shown<&Account>) -> Option<Holder> {
        Some(Holder {
            name: account.name.clone()?,
            username: account.username.clone()?,
        })
    }
}

/// A mail's subject and text.
#[derive(Clone, PartialEq, Eq)]
pub struct Letter {
    /// The subject line.
    pub subject: String,
    /// The text, lines ended by `\n`.
    pub text: String,
}

/// Every kind of mail.
#[must_use]
pub fn effects() -> Vec<&'static str> {
    LETTERS.iter().map(|(effect, ..)| *effect).collect()
}

/// For a letter that holds a link: the link's purpose, the page of the frontend that it leads to, and how long it holds,
/// hours. An invitation leads to the choice of a password like a reset, and either replaces the other.
pub(crate) fn link_of(effect: &str) -> Option<(&'static str, &'static str, i64)> {
    match effect {
        PASSWORD_RESET => Some((PASSWORD_RESET, "password-reset", RESET_HOURS)),
        INVITATION => Some((PASSWORD_RESET, "password-reset", LINK_HOURS)),
        ADDRESS_CONFIRMATION => Some((ADDRESS_CONFIRMATION, "address-confirmation", LINK_HOURS)),
        SIGN_UP => Some((SIGN_UP, "sign-up", LINK_HOURS)),
        _ => None,
    }
}

/// What each letter says: its effect, then subject and text in French and in English.
const LETTERS: [(&str, Label, Label); 8] = [
    (
        PASSWORD_RESET,
        ("Votre nouveau mot de passe", "Your new password"),
        (
            "Vous avez demandé un nouveau mot de passe. Choisissez-le dans l'heure à cette adresse :",
            "You asked for a new password. Choose it within the hour here:",
        ),
    ),
    (
        INVITATION,
        ("Votre compte est ouvert", "Your account is open"),
        (
            "Un compte a été ouvert pour vous. Choisissez votre mot de passe dans les trois jours à cette adresse :",
            "An account was opened for you. Choose your password within three days here:",
        ),
    ),
    (
        USERNAME_REMINDER,
        ("Votre identifiant", "Your user name"),
        (
            "Vous avez demandé à retrouver votre identifiant.",
            "You asked for your user name.",
        ),
    ),
    (
        ADDRESS_CONFIRMATION,
        ("Confirmez votre adresse", "Confirm your address"),
        (
            "Vos notifications iront à cette adresse une fois que vous l'aurez confirmée ici, dans les trois jours :",
            "Your notifications will go to this address once you have confirmed it here, within three days:",
        ),
    ),
    (
        SIGN_UP,
        ("Confirmez votre inscription", "Confirm your registration"),
        (
            "Un compte a été demandé avec cette adresse. Il sera ouvert une fois que vous l'aurez confirmé ici, dans les trois jours :",
            "An account was asked for with this address. It will be opened once you have confirmed it here, within three days:",
        ),
    ),
    (
        ADDRESS_CHANGED,
        (
            "Vos notifications vont ailleurs",
            "Your notifications go elsewhere",
        ),
        (
            "Les notifications de votre compte vont désormais à une autre adresse. Si ce n'était pas vous, prévenez le support sans attendre.",
            "The notifications of your account go to another address from now on. If that was not you, tell support at once.",
        ),
    ),
    (
        PASSWORD_CHANGED,
        ("Votre mot de passe a changé", "Your password has changed"),
        (
            "Le mot de passe de votre compte vient d'être changé. Si ce n'était pas vous, prévenez le support sans attendre.",
            "The password of your account has just been changed. If that was not you, tell support at once.",
        ),
    ),
    (
        SECOND_FACTOR_CHANGED,
        (
            "Votre double authentification a changé",
            "Your second factor has changed",
        ),
        (
            "La double authentification de votre compte vient d'être mise en place, remplacée ou retirée. Si ce n'était pas vous, prévenez le support sans attendre.",
            "The second factor of your account has just been set up, replaced or taken away. If that was not you, tell support at once.",
        ),
    ),
];

/// The same in French and in English.
type Label = (&'static str, &'static str);

/// Writes a letter; `None` for an effect of which there is none. Without a holder it names nobody.
pub(crate) fn write(
    effect: &str,
    holder: Option<&Holder>,
    link: Option<&str>,
    language: Language,
) -> Option<Letter> {
    let (_, subject, said) = LETTERS.iter().find(|(known, _, _)| *known == effect)?;
    let of = |label: &Label| match language {
        Language::Fr => label.0,
        Language::En => label.1,
    };
    let name = holder.map_or_else(String::new, |holder| format!(" {}", holder.name));
    let mut text = format!("{}{name},\n\n{}\n", of(&("Bonjour", "Hello")), of(said));
    if let Some(link) = link {
        text.push_str(&format!("\n{link}\n"));
    }
    if let Some(holder) = holder {
        let username = of(&("Votre identifiant", "Your user name"));
        text.push_str(&format!("\n{username} : {}\n", holder.username));
    }
    if ![PASSWORD_CHANGED, ADDRESS_CHANGED, SECOND_FACTOR_CHANGED].contains(&effect) {
        let ignore = (
            "Si vous n'avez rien demandé, ne tenez pas compte de ce message.",
            "If you asked for nothing, leave this message aside.",
        );
        text.push_str(&format!("\n{}\n", of(&ignore)));
    }
    Some(Letter {
        subject: of(subject).to_owned(),
        text,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_letter_speaks_both_languages_and_holds_its_link() {
        for effect in [
            PASSWORD_RESET,
            INVITATION,
            ADDRESS_CONFIRMATION,
            ADDRESS_CHANGED,
            SIGN_UP,
            USERNAME_REMINDER,
            PASSWORD_CHANGED,
            SECOND_FACTOR_CHANGED,
        ] {
            let link = link_of(effect).map(|_| "https://portal.example/page#token=abc");
            let rita = Holder {
                name: "Rita".to_owned(),
                username: "rita-1".to_owned(),
            };
            for holder in [Some(&rita), None] {
                let french = write(effect, holder, link, Language::Fr).unwrap();
                let english = write(effect, holder, link, Language::En).unwrap();
                assert_ne!(french.subject, english.subject, "{effect}");
                for (letter, greeting) in [(&french, "Bonjour"), (&english, "Hello")] {
                    assert_eq!(letter.text.contains("#token=abc"), link.is_some(), "{effect}");
                    assert_eq!(letter.text.contains(": rita-1"), holder.is_some(), "{effect}");
                    let greeted = holder.map_or(format!("{greeting},"), |_| format!("{greeting} Rita,"));
                    assert!(letter.text.starts_with(&greeted), "{effect}");
                }
            }
        }
    }
}
