//! What operations are refused with, said once for the contract.

use api_types::Problem;
use utoipa::IntoResponses;

/// How a question is refused.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "these stand in the contract, and nobody makes one")]
pub(crate) enum OfQuestion {
    /// No token that holds.
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthenticated(Problem),
    /// The API key does not open this, or the profile is not the caller's.
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(Problem),
    /// No such thing for this caller.
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(Problem),
    /// Parameters at fault.
    #[response(status = 422, content_type = "application/problem+json")]
    Invalid(Problem),
}

/// How a command of somebody signed in is refused.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "these stand in the contract, and nobody makes one")]
pub(crate) enum OfCommand {
    /// No token that holds.
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthenticated(Problem),
    /// Not permitted to this caller.
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(Problem),
    /// No such thing for this caller.
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(Problem),
    /// It has changed since the version of `If-Match`.
    #[response(status = 412, content_type = "application/problem+json")]
    Stale(Problem),
    /// Fields at fault.
    #[response(status = 422, content_type = "application/problem+json")]
    Invalid(Problem),
    /// No commands are taken now.
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(Problem),
}

/// How somebody is refused who need not be signed in.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "these stand in the contract, and nobody makes one")]
pub(crate) enum OfStranger {
    /// There is no such thing on this server.
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(Problem),
    /// Fields at fault.
    #[response(status = 422, content_type = "application/problem+json")]
    Invalid(Problem),
    /// Too many requests from this address; `Retry-After` says when to come back.
    #[response(status = 429, content_type = "application/problem+json")]
    TooMany(Problem),
    /// No commands are taken now.
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(Problem),
}
