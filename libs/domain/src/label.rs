//! Texts in the two languages that the product speaks.

use serde::{Deserialize, Serialize};

use crate::named::named;

/// A language of the product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// French, as the seeds are written.
    #[default]
    Fr,
    /// English.
    En,
}

named!(Language {
    Fr = "fr",
    En = "en",
});

/// A text in both languages; labels are data, never code (seed 002, F150).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Label {
    /// The French text.
    pub fr: String,
    /// The English text.
    pub en: String,
}

impl Label {
    /// The text in one language.
    #[must_use]
    pub fn text(&self, language: Language) -> &str {
        match language {
            Language::Fr => &self.fr,
            Language::En => &self.en,
        }
    }
}
