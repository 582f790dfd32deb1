//! Ways to sign in.

use std::fmt;
use std::str::FromStr;

use rusqlite::Row;
use rusqlite::types::Type;

/// How somebody proved who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SignInMethod {
    /// By password alone.
    Password,
    /// By password and a second factor's code.
    PasswordAndCode,
    /// By what another identity provider said of them (OpenID Connect).
    Federated,
}

/// A text that names no [`SignInMethod`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no way to sign in")]
pub struct UnknownMethod(String);

impl SignInMethod {
    /// Its name: `password`, `password_and_code`, `federated`. It is on disk, and stays.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            SignInMethod::Password => "password",
            SignInMethod::PasswordAndCode => "password_and_code",
            SignInMethod::Federated => "federated",
        }
    }
}

impl fmt::Display for SignInMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for SignInMethod {
    type Err = UnknownMethod;

    fn from_str(text: &str) -> Result<SignInMethod, UnknownMethod> {
        match text {
            "password" => Ok(SignInMethod::Password),
            "password_and_code" => Ok(SignInMethod::PasswordAndCode),
            "federated" => Ok(SignInMethod::Federated),
            unknown => Err(UnknownMethod(unknown.to_owned())),
        }
    }
}

/// The method in a column.
pub(crate) fn method_in(row: &Row<'_>, column: usize) -> rusqlite::Result<SignInMethod> {
    row.get::<_, String>(column)?
        .parse()
        .map_err(|error: UnknownMethod| {
            rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
        })
}
