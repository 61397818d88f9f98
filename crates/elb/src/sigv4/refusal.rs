//! The refusals, in AWS's words. None repeats a signature or a token.

use clingfish_model::UnixMillis;

use super::{SKEW_MAX, TERMINATOR};
use crate::{Code, Error, time::compact};

pub(super) fn missing() -> Error {
    Error::new(Code::MissingAuthenticationToken, "Request is missing Authentication Token")
}

pub(super) fn incomplete(message: &str) -> Error {
    Error::new(Code::IncompleteSignature, message)
}

/// The same whether the key or the token is unknown.
pub(super) fn unknown() -> Error {
    let message = "The security token included in the request is invalid.";
    Error::new(Code::InvalidClientTokenId, message)
}

pub(super) fn mismatch() -> Error {
    does_not_match(
        "The request signature we calculated does not match the signature you provided. Check your \
         AWS Secret Access Key and signing method. Consult the service documentation for details.",
    )
}

pub(super) fn host() -> Error {
    does_not_match("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
}

pub(super) fn terminator(given: &str) -> Error {
    does_not_match(format!(
        "Credential should be scoped with a valid terminator: '{TERMINATOR}', not '{given}'."
    ))
}

pub(super) fn service(wanted: &str) -> Error {
    does_not_match(format!("Credential should be scoped to correct service: '{wanted}'."))
}

pub(super) fn region(given: &str) -> Error {
    does_not_match(format!("Credential should be scoped to a valid region, not '{given}'."))
}

pub(super) fn date(scope: &str, time: &str) -> Error {
    does_not_match(format!(
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: \
         '{scope}' != '{}', from '{time}'.",
        time.get(..8).unwrap_or(time)
    ))
}

pub(super) fn too_late(time: UnixMillis, now: UnixMillis) -> Error {
    let least = UnixMillis(now.0.saturating_sub(skew_millis()));
    expired_because(format!(
        "Signature expired: {} is now earlier than {} ({} - 15 min.)",
        compact(time),
        compact(least),
        compact(now)
    ))
}

pub(super) fn too_early(time: UnixMillis, now: UnixMillis) -> Error {
    expired_because(format!(
        "Signature not yet current: {} is still later than {} ({} + 15 min.)",
        compact(time),
        compact(now + SKEW_MAX),
        compact(now)
    ))
}

/// Of a presigned URL.
pub(super) fn expired(end: UnixMillis, now: UnixMillis) -> Error {
    let (end, now) = (compact(end), compact(now));
    expired_because(format!("Signature expired: {end} is now earlier than {now}"))
}

fn skew_millis() -> u64 {
    SKEW_MAX.as_secs() * 1000
}

fn does_not_match(message: impl Into<String>) -> Error {
    Error::new(Code::SignatureDoesNotMatch, message)
}

fn expired_because(message: String) -> Error {
    Error::new(Code::RequestExpired, message)
}
