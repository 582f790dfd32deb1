//! Proof of work (seed 002, F72): after too many failed tries, the next one costs the client a few seconds of its
//! processor. It needs no picture, no third party and no cookie, and whoever cannot see can pass it.
//!
//! The server remembers nothing of a challenge that it made: the token carries all of it under a MAC. What it must
//! remember is what was spent, until that has expired, so that one solution opens one door once.
//!
//! # The token
//!
//! base64url without padding (RFC 4648 §5) of 58 bytes, 78 characters; integers big-endian:
//!
//! | bytes | what |
//! |---|---|
//! | 1 | the form, 1 |
//! | 1 | bits asked for |
//! | 8 | until when it holds, seconds since 1970 |
//! | 16 | nonce, random |
//! | 32 | HMAC-SHA256(key, `"guichet/challenge/1"` ‖ the 26 bytes before ‖ subject) |
//!
//! *subject* is what the challenge is for, in bytes of the caller's choosing (an address with a user name): a challenge
//! made for one is refused for another, so work cannot be done in advance for whoever is attacked next.
//!
//! # The solution
//!
//! 1 to 32 printable ASCII characters, such that SHA-256(token ‖ `":"` ‖ solution) begins with as many zero bits as were
//! asked for. That takes 2^bits hashes on average. A client counts up from 0 in decimal.

use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// How long a challenge holds, seconds.
pub const CHALLENGE_S: i64 = 5 * 60;
/// The easiest challenge, in bits: 256 hashes.
pub const BITS_MIN: u8 = 8;
/// The hardest challenge, in bits: 268 million hashes, minutes of a phone. More than that and people give up first.
pub const BITS_MAX: u8 = 28;
/// How long a solution may be, in characters.
pub const SOLUTION_CHARACTERS_MAX: usize = 32;

const FORM: u8 = 1;
const DOMAIN: &[u8] = b"guichet/challenge/1";
const HEAD_BYTES: usize = 26;
const TOKEN_BYTES: usize = HEAD_BYTES + 32;

/// How hard a challenge is: the leading zero bits asked for, [`BITS_MIN`] to [`BITS_MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bits(u8);

/// The number is no difficulty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a challenge asks for {BITS_MIN} to {BITS_MAX} bits, not for {0}")]
pub struct BitsError(pub u8);

impl Bits {
    /// Takes a number of bits.
    ///
    /// # Errors
    /// [`BitsError`] outside of [`BITS_MIN`] to [`BITS_MAX`].
    pub fn new(bits: u8) -> Result<Bits, BitsError> {
        if (BITS_MIN..=BITS_MAX).contains(&bits) {
            Ok(Bits(bits))
        } else {
            Err(BitsError(bits))
        }
    }

    /// The number.
    #[must_use]
    pub fn get(self) -> u8 {
        self.0
    }
}

/// What a client is asked to solve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    /// What to hash, as described at the [module](self).
    pub token: String,
    /// How many leading zero bits the hash must have.
    pub bits: u8,
    /// Until when the solution is taken: [`CHALLENGE_S`] after it was made, in whole seconds.
    pub expires_at: DateTime<Utc>,
}

/// Why a solution is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChallengeError {
    /// The token was not made with this key for this subject, or it was changed.
    #[error("the challenge is not one of ours for this subject")]
    Forged,
    /// The time is over.
    #[error("the challenge has expired")]
    Expired,
    /// It was made when less was asked for.
    #[error("the challenge is easier than what is asked for now")]
    TooEasy,
    /// The solution is not [1 to 32](SOLUTION_CHARACTERS_MAX) printable ASCII characters.
    #[error("a solution is 1 to {SOLUTION_CHARACTERS_MAX} printable ASCII characters")]
    Shape,
    /// The hash has too few leading zero bits.
    #[error("the solution does not solve the challenge")]
    Wrong,
}

/// Makes challenges and checks solutions. Two servers with one key take each other's.
pub struct Challenges {
    /// The key as HMAC takes it: padded with zeros to a block of SHA-256 (RFC 2104 §2).
    block: Zeroizing<[u8; 64]>,
}

impl std::fmt::Debug for Challenges {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Challenges").finish_non_exhaustive()
    }
}

impl Challenges {
    /// The key is 32 random bytes, used for nothing else.
    #[must_use]
    pub fn new(key: [u8; 32]) -> Challenges {
        let key = Zeroizing::new(key);
        let mut block = Zeroizing::new([0; 64]);
        block[..32].copy_from_slice(key.as_ref());
        Challenges { block }
    }

    /// Makes a challenge for a subject.
    #[must_use]
    pub fn make(&self, subject: &[u8], bits: Bits, at: DateTime<Utc>) -> Challenge {
        let expires_at = at
            .checked_add_signed(TimeDelta::seconds(CHALLENGE_S))
            .unwrap_or(DateTime::<Utc>::MAX_UTC)
            .trunc_subsecs(0);
        let mut token = Vec::with_capacity(TOKEN_BYTES);
        token.extend([FORM, bits.0]);
        token.extend(expires_at.timestamp().to_be_bytes());
        token.extend(rand::random::<[u8; 16]>());
        let mac = self.mac(&token, subject).finalize().into_bytes();
        token.extend(mac);
        Challenge {
            token: URL_SAFE_NO_PAD.encode(token),
            bits: bits.0,
            expires_at,
        }
    }

    /// Checks a solution. What it returns is the same for every solution of one challenge: the caller spends it (remembers
    /// it for [`CHALLENGE_S`], refuses it from then on), so that the challenge serves once.
    ///
    /// # Errors
    /// [`ChallengeError`]. The MAC comes first, so nothing else is said about what is not ours.
    pub fn check(
        &self,
        token: &str,
        solution: &str,
        subject: &[u8],
        bits_min: Bits,
        at: DateTime<Utc>,
    ) -> Result<[u8; 32], ChallengeError> {
        let mut bytes = [0; TOKEN_BYTES];
        // A longer text does not fit; a text with another writing of the same bytes is refused by the decoder.
        match URL_SAFE_NO_PAD.decode_slice(token, &mut bytes) {
            Ok(TOKEN_BYTES) => {}
            Ok(_) | Err(_) => return Err(ChallengeError::Forged),
        }
        let (head, mac) = bytes.split_at(HEAD_BYTES);
        if self.mac(head, subject).verify_slice(mac).is_err() {
            return Err(ChallengeError::Forged);
        }
        let [form, bits, rest @ ..] = &bytes;
        let (expires_at, _) = rest.split_first_chunk().ok_or(ChallengeError::Forged)?;
        if *form != FORM {
            return Err(ChallengeError::Forged);
        }
        if at.timestamp() >= i64::from_be_bytes(*expires_at) {
            return Err(ChallengeError::Expired);
        }
        if *bits < bits_min.0 {
            return Err(ChallengeError::TooEasy);
        }
        let printable = solution.bytes().all(|byte| byte.is_ascii_graphic());
        if solution.is_empty() || solution.len() > SOLUTION_CHARACTERS_MAX || !printable {
            return Err(ChallengeError::Shape);
        }
        if leading_zero_bits(&work(token, solution)) < u32::from(*bits) {
            return Err(ChallengeError::Wrong);
        }
        Ok(Sha256::digest(bytes).into())
    }

    fn mac(&self, head: &[u8], subject: &[u8]) -> Hmac<Sha256> {
        // Everything before the subject has a fixed length, so no two inputs are the same bytes.
        Hmac::<Sha256>::new(&(*self.block).into())
            .chain_update(DOMAIN)
            .chain_update(head)
            .chain_update(subject)
    }
}

/// Solves a challenge as a client does: 2^bits hashes on average, one after the other.
#[must_use]
pub fn solve(token: &str, bits: Bits) -> String {
    let mut counter = 0_u64;
    loop {
        let solution = counter.to_string();
        if leading_zero_bits(&work(token, &solution)) >= u32::from(bits.0) {
            return solution;
        }
        // At 28 bits no challenge is without a solution this far.
        counter = counter.wrapping_add(1);
    }
}

fn work(token: &str, solution: &str) -> [u8; 32] {
    Sha256::new()
        .chain_update(token)
        .chain_update(":")
        .chain_update(solution)
        .finalize()
        .into()
}

fn leading_zero_bits(hash: &[u8; 32]) -> u32 {
    let zero_bytes = hash.iter().take_while(|byte| **byte == 0).count();
    let next = hash.get(zero_bytes).map_or(0, |byte| byte.leading_zeros());
    8 * zero_bytes as u32 + next
}

#[cfg(test)]
mod tests;
