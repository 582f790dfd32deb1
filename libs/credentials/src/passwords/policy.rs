//! Which passwords may be chosen.

use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;
use zxcvbn::Score;
use zxcvbn::matching::patterns::MatchPattern;

/// The shortest `length_min`, in characters (NIST SP 800-63B-4 §3.1.1.2).
pub const LENGTH_MIN_FLOOR: usize = 8;
/// The shortest `length_max`, in characters: whoever thinks of a long sentence must be let (the same section).
pub const LENGTH_MAX_FLOOR: usize = 64;
/// The longest `length_max`, in characters.
pub const LENGTH_MAX_CEILING: usize = 512;
/// The greatest `strength_min`.
pub const STRENGTH_MAX: u8 = 4;
/// From how many characters on a name must not be part of the password. Shorter ones are part of ordinary words.
pub const HELD_NAME_CHARACTERS_MIN: usize = 4;

/// How many characters of a password are estimated, from the first on. Whatever follows can only make it stronger.
pub const ESTIMATED_CHARACTERS_MAX: usize = 64;
/// How many different signs are tried as letters in one password.
const SIGNS_TRIED_MAX: usize = 8;
/// What the estimator tries as a letter: `4` for a, `(` for c and so on.
const SIGNS: &str = "4@8({[<3691!|70$5+%2";

/// What the estimator calls the list of common passwords; its type has no name outside of it.
const COMMON_PASSWORDS: &str = "Passwords";

/// What a password must be to be chosen. No rule asks for a digit or a sign: such rules make passwords that look strong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordPolicy {
    /// The least characters, [`LENGTH_MIN_FLOOR`] to `length_max`. A character is a Unicode scalar value in NFC.
    pub length_min: usize,
    /// The most characters, [`LENGTH_MAX_FLOOR`] to [`LENGTH_MAX_CEILING`].
    pub length_max: usize,
    /// The least strength as zxcvbn estimates it, 0 to [`STRENGTH_MAX`]: 3 is 10^8 guesses, 4 is 10^10. The first
    /// [`ESTIMATED_CHARACTERS_MAX`] characters are estimated.
    pub strength_min: u8,
}

impl Default for PasswordPolicy {
    /// 12 to 128 characters of strength 3.
    fn default() -> Self {
        PasswordPolicy {
            length_min: 12,
            length_max: 128,
            strength_min: 3,
        }
    }
}

/// A policy is outside of its limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// `length_min` is.
    #[error("length_min is {0}, but must be {LENGTH_MIN_FLOOR} to length_max")]
    LengthMin(usize),
    /// `length_max` is.
    #[error("length_max is {0}, but must be {LENGTH_MAX_FLOOR} to {LENGTH_MAX_CEILING}")]
    LengthMax(usize),
    /// `strength_min` is.
    #[error("strength_min is {0}, but must be 0 to {STRENGTH_MAX}")]
    StrengthMin(u8),
}

/// Why a password may not be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordFault {
    /// It has too few characters.
    #[error("the password must have at least {length_min} characters")]
    TooShort {
        /// The least.
        length_min: usize,
    },
    /// It has too many characters; nothing else was looked at.
    #[error("the password must have at most {length_max} characters")]
    TooLong {
        /// The most.
        length_max: usize,
    },
    /// It is one of the passwords that are tried first, or one of them backwards or with letters written as signs.
    #[error("the password is one of the most common ones")]
    Common,
    /// It is guessed too soon.
    #[error(
        "the password is too easy to guess; a few words that have nothing to do with each other are harder"
    )]
    Weak,
    /// It holds the name of its owner.
    #[error("the password must not contain the name of the account or of its owner")]
    HoldsName,
}

impl PasswordFault {
    /// The fault's name for programs. It never changes.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            PasswordFault::TooShort { .. } => "password-too-short",
            PasswordFault::TooLong { .. } => "password-too-long",
            PasswordFault::Common => "password-common",
            PasswordFault::Weak => "password-weak",
            PasswordFault::HoldsName => "password-holds-name",
        }
    }
}

impl PasswordPolicy {
    /// Every part that is outside of its limits.
    #[must_use]
    pub fn errors(&self) -> Vec<PolicyError> {
        let mut errors = Vec::new();
        if !(LENGTH_MIN_FLOOR..=self.length_max).contains(&self.length_min) {
            errors.push(PolicyError::LengthMin(self.length_min));
        }
        if !(LENGTH_MAX_FLOOR..=LENGTH_MAX_CEILING).contains(&self.length_max) {
            errors.push(PolicyError::LengthMax(self.length_max));
        }
        if self.strength_min > STRENGTH_MAX {
            errors.push(PolicyError::StrengthMin(self.strength_min));
        }
        errors
    }

    /// All that is wrong with a password; nothing when it may be chosen. `about` is what anybody may know of its owner:
    /// user name, names, address of mail, each whole. The password must not contain any of them that has
    /// [`HELD_NAME_CHARACTERS_MIN`] characters or more, in whatever case, and words of them count for little in its
    /// strength.
    ///
    /// Of a password that is too long only that is said. A common one is weak too, which is not said twice.
    #[must_use]
    pub fn faults(&self, password: &str, about: &[&str]) -> Vec<PasswordFault> {
        // Counted first and no further than needed, so that a long text costs nothing.
        let length = password.nfc().take(self.length_max.saturating_add(1)).count();
        if length > self.length_max {
            return vec![PasswordFault::TooLong {
                length_max: self.length_max,
            }];
        }
        let password: Zeroizing<String> = Zeroizing::new(password.nfc().collect());
        let mut faults = Vec::new();
        if length < self.length_min {
            faults.push(PasswordFault::TooShort {
                length_min: self.length_min,
            });
        }
        faults.extend(self.guessed(&password, about));
        if holds_name(&password, about) {
            faults.push(PasswordFault::HoldsName);
        }
        faults
    }

    fn guessed(&self, password: &str, about: &[&str]) -> Option<PasswordFault> {
        let words = about
            .iter()
            .flat_map(|whole| whole.split(|character: char| !character.is_alphanumeric()));
        let known: Vec<&str> = about
            .iter()
            .copied()
            .chain(words)
            .filter(|word| !word.is_empty())
            .collect();
        let estimate = zxcvbn::zxcvbn(&estimable(password), &known);
        if is_common(&estimate) {
            return Some(PasswordFault::Common);
        }
        let score: Score = estimate.score();
        (u8::from(score) < self.strength_min).then_some(PasswordFault::Weak)
    }
}

/// What is estimated of a password. The estimator tries every combination of letters for the signs in it, against every
/// part of it: a password made to that end, of a hundred characters with all the signs, takes it more than a second. Of
/// 64 characters with 8 different signs it takes a hundredth of that. A sign beyond those is made one that it does not try.
fn estimable(password: &str) -> Zeroizing<String> {
    const PRIVATE_USE: u32 = 0xe000;
    let mut tried = Vec::with_capacity(SIGNS_TRIED_MAX);
    let mut estimable = Zeroizing::new(String::with_capacity(ESTIMATED_CHARACTERS_MAX * 4));
    for character in password.chars().take(ESTIMATED_CHARACTERS_MAX) {
        let sign = SIGNS.contains(character);
        if sign && tried.len() < SIGNS_TRIED_MAX && !tried.contains(&character) {
            tried.push(character);
        }
        let other = char::from_u32(PRIVATE_USE + u32::from(character))
            .filter(|_| sign && !tried.contains(&character));
        estimable.push(other.unwrap_or(character));
    }
    estimable
}

/// Whether the cheapest way to guess it is to take it from the list of common passwords.
fn is_common(estimate: &zxcvbn::Entropy) -> bool {
    match estimate.sequence() {
        [whole] => match &whole.pattern {
            MatchPattern::Dictionary(word) => format!("{:?}", word.dictionary_name) == COMMON_PASSWORDS,
            MatchPattern::Spatial(_)
            | MatchPattern::Repeat(_)
            | MatchPattern::Sequence(_)
            | MatchPattern::Regex(_)
            | MatchPattern::Date(_)
            | MatchPattern::BruteForce => false,
        },
        [] | [_, ..] => false,
    }
}

fn holds_name(password: &str, about: &[&str]) -> bool {
    let password = Zeroizing::new(password.to_lowercase());
    about
        .iter()
        .map(|name| name.trim().nfc().collect::<String>().to_lowercase())
        .any(|name| name.chars().count() >= HELD_NAME_CHARACTERS_MIN && password.contains(&name))
}

#[cfg(test)]
mod tests {

    use super::*;

    const TOO_SHORT: PasswordFault = PasswordFault::TooShort { length_min: 12 };
    const TOO_LONG: PasswordFault = PasswordFault::TooLong { length_max: 128 };

    fn faults(password: &str, about: &[&str]) -> Vec<PasswordFault> {
        PasswordPolicy::default().faults(password, about)
    }

    #[test]
    fn words_that_have_nothing_to_do_with_each_other_may_be_chosen() {
        for good in [
            "correct horse battery staple",
            "brouette violon 14 marmotte",
            "Z7kq!vN2xw@tRm",
            "東京の夜は静かに雨が降る猫",
        ] {
            assert_eq!(faults(good, &["marie", "marie@example.org"]), [], "{good}");
        }
    }

    #[test]
    fn a_common_password_is_named_as_one_and_so_is_one_written_with_signs_or_backwards() {
        for common in [
            "password",
            "Passw0rd",
            "p@ssw0rd",
            "PASSWORD",
            "drowssap",
            "qwertyuiop",
        ] {
            assert_eq!(
                faults(common, &[]),
                [TOO_SHORT, PasswordFault::Common],
                "{common}"
            );
        }
        // Twelve characters or more, and still in the list.
        for common in [
            "leavemealone",
            "1qaz2wsx3edc",
            "qwerty123456",
            "L3avem3alon3",
            "enolaemevael",
        ] {
            assert_eq!(faults(common, &[]), [PasswordFault::Common], "{common}");
        }
    }

    #[test]
    fn an_ordinary_word_or_a_common_password_with_something_behind_it_is_weak() {
        for weak in [
            "Password123!",
            "aaaaaaaaaaaaaaaa",
            "abcdefghijklmnop",
            "passwordpassword",
            "responsibilities",
        ] {
            assert_eq!(faults(weak, &[]), [PasswordFault::Weak], "{weak}");
        }
        assert_eq!(faults("", &[]), [TOO_SHORT, PasswordFault::Weak]);
    }

    #[test]
    fn a_password_must_not_hold_a_name_of_its_owner_in_whatever_case() {
        let good = "brouette Marie-Claude violon 14";
        assert_eq!(faults(good, &["paul"]), []);
        for name in ["marie-claude", "MARIE", " Claude "] {
            assert_eq!(
                faults(good, &["paul", name]),
                [PasswordFault::HoldsName],
                "{name}"
            );
        }
        // The accent composed in one and not in the other.
        assert_eq!(
            faults("brouette re\u{301}gine violon", &["R\u{c9}GINE"]),
            [PasswordFault::HoldsName]
        );
        // Three characters are part of too many words.
        assert_eq!(faults("brouette violon ananas 14", &["ana", ""]), []);
    }

    #[test]
    fn words_about_the_owner_count_for_little() {
        assert_eq!(faults("quimperlois83", &[]), []);
        assert_eq!(
            faults("quimperlois83", &["x.quimperlois@y.org"]),
            [PasswordFault::Weak]
        );
    }

    #[test]
    fn length_is_counted_in_characters_of_nfc() {
        // 12 characters; 23 scalar values decomposed.
        let composed: String = "e\u{301}".repeat(11) + "z";
        assert!(!faults(&composed, &[]).contains(&TOO_SHORT));
        assert!(faults(&"e\u{301}".repeat(11), &[]).contains(&TOO_SHORT));
        let longest = "brouette violon ".repeat(8);
        assert_eq!(longest.chars().count(), 128);
        assert!(!faults(&longest, &[]).contains(&TOO_LONG));
        assert_eq!(faults(&format!("{longest}!"), &["brouette"]), [TOO_LONG]);
    }

    #[test]
    fn of_a_text_that_is_too_long_only_that_is_said() {
        assert_eq!(faults(&"4@8({[<369&#1!|7$5%+2".repeat(100_000), &[]), [TOO_LONG]);
    }

    #[test]
    fn a_password_made_to_take_long_is_judged_like_any_other() {
        // Seconds without the limits on length and signs, which the next test holds.
        let hostile = &"1!|i7+t4@a3e0o5$s8({[<69%2".repeat(6)[..128];
        assert_eq!(faults(hostile, &[]), []);
    }

    #[test]
    fn of_many_different_signs_eight_are_tried_as_letters() {
        assert_eq!(*estimable("p4$$w0rd 4$0"), "p4$$w0rd 4$0");
        assert_eq!(*estimable("4@8({[<36914"), "4@8({[<3\u{e036}\u{e039}\u{e031}4");
        assert_eq!(estimable(&"a".repeat(100)).len(), ESTIMATED_CHARACTERS_MAX);
    }

    #[test]
    fn every_fault_has_a_code_and_a_text_of_one_line() {
        let faults = [
            TOO_SHORT,
            TOO_LONG,
            PasswordFault::Common,
            PasswordFault::Weak,
            PasswordFault::HoldsName,
        ];
        assert_eq!(
            faults.map(|fault| fault.code()),
            [
                "password-too-short",
                "password-too-long",
                "password-common",
                "password-weak",
                "password-holds-name"
            ]
        );
        assert_eq!(
            TOO_SHORT.to_string(),
            "the password must have at least 12 characters"
        );
        assert!(faults.iter().all(|fault| !fault.to_string().contains('\n')));
    }

    #[test]
    fn a_policy_outside_of_its_limits_is_told_all_of_it() {
        let policy = |length_min, length_max, strength_min| PasswordPolicy {
            length_min,
            length_max,
            strength_min,
        };
        assert_eq!(PasswordPolicy::default().errors(), []);
        assert_eq!(policy(8, 64, 0).errors(), []);
        assert_eq!(policy(512, 512, 4).errors(), []);
        assert_eq!(
            policy(7, 63, 5).errors(),
            [
                PolicyError::LengthMin(7),
                PolicyError::LengthMax(63),
                PolicyError::StrengthMin(5)
            ]
        );
        assert_eq!(policy(65, 64, 3).errors(), [PolicyError::LengthMin(65)]);
        assert_eq!(policy(12, 513, 3).errors(), [PolicyError::LengthMax(513)]);
    }
}
