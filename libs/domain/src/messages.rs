//! Why callers are refused, in the two languages of the product: one row for each text, with its parameters. Elsewhere stand the
//! titles of problems (beside their status, in the REST door), the words of histories (`views`), letters (`application`), and labels
//! of desks, which are data.
//!
//! [`FaultText`] says what is wrong with one field, [`Detail`] why a whole request is refused. A text belongs to a code that is for
//! programs; the words may be bettered at any time.

mod details;
mod faults;

use std::fmt::Display;

pub use details::Detail;
pub use faults::FaultText;

impl FaultText {
    /// Not one of these names.
    pub fn one_of(names: impl IntoIterator<Item = impl Display>) -> FaultText {
        let names: Vec<String> = names.into_iter().map(|name| name.to_string()).collect();
        FaultText::NotOneOf {
            values: names.join(", "),
        }
    }
}

/// Rows of texts, in groups that have one code: a variant, its parameters, French, English. `samples` has each of them once, for the
/// test of the catalogue.
macro_rules! texts {
    (
        $(#[$meta:meta])*
        $name:ident: $codes:ty {
            $($code:expr => {
                $($variant:ident $({ $($parameter:ident: $type:ty),+ })? = $fr:literal, $en:literal;)*
            })*
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum $name {
            $($(
                #[doc = $en]
                $variant $({ $(#[doc = stringify!($parameter)] $parameter: $type),+ })?,
            )*)*
        }

        impl $name {
            /// The code for programs.
            #[must_use]
            pub fn code(&self) -> $codes {
                match self {
                    $($($name::$variant { .. } => $code,)*)*
                }
            }

            /// The text in one language.
            #[must_use]
            pub fn text(&self, language: $crate::Language) -> String {
                match (self, language) {
                    $($(
                        ($name::$variant $({ $($parameter),+ })?, $crate::Language::Fr) => {
                            // Of a label, each language takes its own text.
                            $($(let _ = $parameter;)+)?
                            format!($fr)
                        }
                        ($name::$variant $({ $($parameter),+ })?, $crate::Language::En) => {
                            $($(let _ = $parameter;)+)?
                            format!($en)
                        }
                    )*)*
                }
            }

            /// Each text once, with the name of its row.
            #[must_use]
            pub fn samples() -> Vec<(&'static str, $name)> {
                vec![$($((
                    stringify!($variant),
                    $name::$variant $({ $($parameter: Default::default()),+ })?,
                )),*),*]
            }
        }
    };
}
use texts;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::Language;

    fn all() -> Vec<(&'static str, String, String)> {
        let faults = FaultText::samples()
            .into_iter()
            .map(|(name, text)| (name, text.text(Language::Fr), text.text(Language::En)));
        let details = Detail::samples()
            .into_iter()
            .map(|(name, text)| (name, text.text(Language::Fr), text.text(Language::En)));
        faults.chain(details).collect()
    }

    #[test]
    fn each_text_is_there_in_both_languages_and_they_differ() {
        for (name, fr, en) in all() {
            assert!(!fr.trim().is_empty() && !en.trim().is_empty(), "{name}");
            assert_ne!(fr, en, "{name}");
        }
    }

    /// Two rows that say the same are one row.
    #[test]
    fn no_text_stands_twice() {
        let mut seen = BTreeSet::new();
        for (name, fr, en) in all() {
            assert!(seen.insert(fr.clone()), "{name}: {fr}");
            assert!(seen.insert(en.clone()), "{name}: {en}");
        }
    }

    /// Words that stand in English texts and in no French one.
    #[test]
    fn no_french_text_speaks_english() {
        let english = [
            "the", "is", "of", "and", "not", "names", "holds", "must", "with", "this", "at",
        ];
        for (name, fr, _) in all() {
            let mut words = fr.split(|c: char| !c.is_alphanumeric());
            assert_eq!(words.find(|word| english.contains(word)), None, "{name}: {fr}");
        }
    }
}
